/** The tools and the form of the chosen one: everything a press on the map does can be typed here. */
import { el, fillWith, icon } from "../dom.js";
import { t } from "../i18n.js";
import { shortName as inPlace } from "../map/grid_editor.js";
import { formatCoordinates, parseCoordinates } from "../map/drawing.js";
import { areaText, hectares } from "../pages/boundaries_words.js";
import { isPhone } from "../screen.js";
import { piecesOf, sorted, turnable } from "./model.js";
import { measured } from "./studio.js";
import { alongWays, groundArea_m2, missing, nextWords, parseLegs, toolGroups, toolOf, walked } from "./tools.js";
import { beforeAfter, doneWord, figureWords, findingWord } from "./words.js";

/** @typedef {import("./studio.js").State} State */
/** @typedef {import("./studio.js").Studio} Studio */
/** @typedef {import("./tools.js").Tool} Tool */

/**
 * @param {HTMLElement} root
 * @param {{studio: () => Studio, zoomTo: (place: any) => void}} options
 */
export function mountToolPanel(root, { studio, zoomTo }) {
  const bar = mountBar(studio);
  const said = el("div", { class: "studio-said", role: "status", "data-said": "" });
  const form = el("form", { class: "card stack-s studio-form", novalidate: true, hidden: true, tabindex: -1, "aria-labelledby": "studio-tool" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void apply();
  });
  const apply = async () => {
    const before = studio().state.set.last_edit;
    await studio().apply();
    if (studio().state.set.last_edit <= before || form.hidden || !form.contains(document.activeElement)) return;
    // What was typed is done: it must not come back as a new line when the field is left, Ctrl+Z means the edit from
    // now on, and letters are tools.
    for (const field of [parts?.corners, parts?.legs]) if (field) field.value = "";
    form.focus({ preventScroll: true });
  };
  form.addEventListener("keydown", (event) => {
    const field = /** @type {Element} */ (event.target).closest("input, textarea, select");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    // Out of the field, into the form: there the letters are tools again, and Esc puts this one away.
    else if (event.key === "Escape" && field) form.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.append(bar.element, said, form);
  /** What the form was built for: it is rebuilt only for another tool, so that typing is never disturbed. */
  let shownFor = "";
  /** @type {Parts | null} */
  let parts = null;
  /** On a phone the tools above it leave the form no room: it, or the field for metres, is brought to the head of the sheet. */
  const reveal = (/** @type {"size" | undefined} */ part = undefined) => {
    const field = part === "size" ? parts?.size : null;
    if (isPhone()) (field?.closest(".field") ?? form).scrollIntoView({ block: "start" });
    field?.focus({ preventScroll: true });
  };

  return {
    reveal,
    /** @param {State} state */
    show(state) {
      const open = isOpen(state);
      bar.show(state, open);
      root.hidden = !open;
      form.hidden = state.tool === null || !open;
      showSaid(said, state, studio);
      if (form.hidden) return void (shownFor = "");
      const tool = toolOf(/** @type {string} */ (state.tool));
      if (shownFor !== tool.kind || !parts) {
        parts = buildForm(form, tool, studio);
        shownFor = tool.kind;
      }
      fillForm(parts, tool, state, { studio, zoomTo });
    },
  };
}

/** @param {State} state @returns {boolean} whether this reader may edit now */
export function isOpen({ set }) {
  return set.can.edit && set.state === "draft";
}

/** @param {Tool} tool @returns {string} */
function described(tool) {
  return `${tool.label()} (${tool.key.toUpperCase()}): ${tool.hint()}`;
}

/** @param {() => Studio} studio one short bar: the arrow keys walk through it, one Tab passes it */
function mountBar(studio) {
  const button = (/** @type {string} */ kind, /** @type {string} */ name, /** @type {string} */ sign, /** @type {string} */ hint, /** @type {() => void} */ run) =>
    el("button", { class: "studio-tool", type: "button", "data-tool": kind, title: hint, tabindex: -1, onClick: run }, icon(sign), el("span", {}, name));
  const places = toolGroups().map((tools) => {
    const [first] = tools;
    const made = button(first.group ?? first.kind, first.group ? t("Corners") : first.label(), first.icon, tools.map(described).join("\n"), () => studio().choose(tools.find((tool) => tool.kind === studio().state.tool)?.kind ?? first.kind));
    return { made, tools };
  });
  const undo = button("undo", t("Undo"), "undo", `${t("Undo")} (Ctrl+Z)`, () => studio().undo());
  const redo = button("redo", t("Redo"), "redo", `${t("Redo")} (Ctrl+Shift+Z)`, () => studio().redo());
  const row = el("div", { class: "studio-tools__row" }, places.map(({ made }) => made));
  const element = el("div", { class: "studio-tools", role: "toolbar", "aria-label": t("Drawing tools") }, row, el("div", { class: "studio-tools__turns" }, undo, redo));
  const all = [...places.map(({ made }) => made), undo, redo];
  all[0].tabIndex = 0;
  element.addEventListener("focusin", (event) => all.forEach((one) => (one.tabIndex = one === event.target ? 0 : -1)));
  element.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const usable = all.filter((one) => !one.disabled);
    usable[(usable.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)) + way + usable.length) % usable.length].focus();
  });
  return {
    element,
    /** @param {State} state @param {boolean} open */
    show: (state, open) => {
      element.hidden = !open;
      const turns = turnable(state.set);
      for (const { made, tools } of places) made.setAttribute("aria-pressed", String(tools.some((tool) => tool.kind === state.tool)));
      undo.disabled = !turns.undo || state.busy;
      redo.disabled = !turns.redo || state.busy;
    },
  };
}

/** @param {State} state @returns {string} what has just happened, "" when nothing has */
export function saidWords({ said, set }) {
  if (said?.what === "kept") return t("Your sketch from before is still here.");
  if (said?.what === "aside") return t("The sketch was put away.");
  if (said?.what === "back") return t("The server answers again. Your drawing is still here: apply it.");
  if (said?.what !== "done") return "";
  const names = (said.names ?? []).map((name) => inPlace(name, set.community));
  const few = names.length > 3 ? [...names.slice(0, 3), "…"] : names;
  const turned = toolGroups().flat().find(({ kind }) => kind === said.turned)?.label();
  const did = turned ? t("{did} ({what})", { did: doneWord(said.kind ?? ""), what: turned }) : doneWord(said.kind ?? "");
  return few.length ? t("{did}: {grids}", { did, grids: few.join(t(", ")) }) : did;
}

/** @param {HTMLElement} root @param {State} state @param {() => Studio} studio */
function showSaid(root, state, studio) {
  const words = saidWords(state);
  if (root.dataset.words === words) return;
  root.dataset.words = words;
  root.classList.toggle("studio-said--done", state.said?.what === "done");
  const { said } = state;
  const turn = said?.what === "aside" ? () => studio().takeUp() : said?.what === "done" && said.kind !== "undo" ? () => studio().undo() : null;
  fillWith(root, words ? [icon(said?.what === "done" ? "check" : "info"), el("span", { class: "grow" }, words), turn ? el("button", { class: "btn btn--quiet", type: "button", "data-turn": "", onClick: turn }, said?.what === "aside" ? t("Take it up again") : t("Undo")) : null] : null);
}

/**
 * @typedef {object} Parts
 * @property {HTMLSelectElement[]} grids
 * @property {HTMLElement | null} chips chosen grids of a tool that takes many
 * @property {HTMLTextAreaElement | null} corners
 * @property {HTMLTextAreaElement | null} legs
 * @property {HTMLElement} wrong
 * @property {HTMLInputElement | null} size
 * @property {HTMLElement} result
 * @property {HTMLButtonElement} apply
 * @property {HTMLButtonElement | null} next
 * @property {HTMLButtonElement} drop
 */

/** @param {HTMLElement} form @param {Tool} tool @param {() => Studio} studio @returns {Parts} */
function buildForm(form, tool, studio) {
  const grids = gridFields(tool, studio);
  const drawn = tool.shape === "none" ? null : cornerFields(tool, studio);
  const size = tool.size ? sizeField(tool, studio) : null;
  const along = tool.kind === "follow" ? alongField(studio) : null;
  const result = el("div", { class: "stack-s", "aria-live": "polite", "data-result": "" });
  const apply = el("button", { class: "btn btn--primary grow", "data-apply": "" }, icon("check"), t("Apply"));
  const drop = el("button", { class: "btn btn--icon", type: "button", "data-drop": "", "aria-label": t("Take the last corner back"), title: t("Take the last corner back"), onClick: () => studio().dropPoint() }, icon("undo"));
  const next = tool.shape === "lines" ? el("button", { class: "btn", type: "button", "data-next-line": "", onClick: () => studio().nextLine() }, icon("plus"), t("Next line")) : null;
  const stop = el("button", { class: "btn btn--quiet btn--icon", type: "button", "data-stop": "", "aria-label": t("Put the tool away"), title: `${t("Put the tool away")} (Esc)`, onClick: () => studio().choose(null) }, icon("close"));
  const kin = toolGroups().find((tools) => tools.includes(tool)) ?? [];
  const variants = kin.length < 2 ? null : el("div", { class: "btn-group studio-variants", role: "group", "aria-label": t("Corners") }, kin.map((one) =>
    el("button", { class: "btn", type: "button", "data-tool": one.kind, "aria-pressed": String(one === tool), title: described(one), onClick: () => one !== tool && studio().choose(one.kind) }, one.label())));
  fillWith(form, el("div", { class: "studio-form__head" }, el("h2", { id: "studio-tool" }, tool.group ? t("Corners") : tool.label()), stop), variants, el("p", { class: "field__hint" }, tool.hint()), grids.boxes, along, size?.box, drawn?.box,
    el("div", { class: "stack-s studio-form__end" }, result, el("div", { class: "row" }, tool.kind === "measure" ? null : apply, next, drawn ? drop : null)));
  return { grids: grids.selects, chips: grids.chips, corners: drawn?.text ?? null, legs: drawn?.legs ?? null, wrong: drawn?.wrong ?? el("p"), size: size?.input ?? null, result, apply, next, drop };
}

/** @param {Tool} tool @param {() => Studio} studio */
function gridFields(tool, studio) {
  const names = tool.kind === "give_strip" ? [t("Grid that gives"), t("Grid that takes")] : tool.grids === 2 ? [t("First grid"), t("Second grid")] : [t("Grid")];
  if (tool.grids === 0) return { boxes: [], selects: [], chips: null };
  const many = tool.grids === "many";
  /** @type {HTMLSelectElement[]} */
  const selects = [];
  const fields = (many ? [t("Add a grid")] : names).map((name, place) => {
    const select = el("select", { class: "select", id: `studio-grid-${place}`, "data-grid-field": place });
    const label = el("label", { class: "field__label", for: select.id }, name);
    selects.push(select);
    if (!many) {
      select.addEventListener("change", () => studio().give({ grids: selects.map((one) => Number(one.value)).filter(Boolean) }));
      return el("div", { class: "field" }, label, select);
    }
    // A change alone adds nothing: the arrow keys change a closed list at every step.
    const add = el("button", { class: "btn", type: "button", "data-add-grid": "", onClick: () => addGrid(studio(), select) }, icon("plus"), t("Add"));
    select.addEventListener("keydown", (event) => event.key === "Enter" && !event.ctrlKey && (event.preventDefault(), addGrid(studio(), select)));
    return el("div", { class: "field" }, label, el("div", { class: "studio-add" }, select, add));
  });
  const chips = many ? el("ul", { class: "studio-chips" }) : null;
  // Two side by side: what else the tool asks for stays in sight above the preview.
  const boxes = tool.grids === 2 ? [el("div", { class: "row studio-pair" }, fields)] : fields;
  return { boxes: [...boxes, chips], selects, chips };
}

/** @param {Studio} studio @param {HTMLSelectElement} select */
function addGrid(studio, select) {
  const key = Number(select.value);
  const chosen = studio.state.input.grids;
  if (key && !chosen.includes(key)) studio.give({ grids: [...chosen, key] });
}

/** @param {Tool} tool @param {() => Studio} studio */
function cornerFields(tool, studio) {
  const text = el("textarea", { class: "textarea", rows: 4, spellcheck: "false", id: "studio-corners", "data-corners": "" });
  const wrong = el("p", { class: "field__error", role: "alert", hidden: true });
  const tell = (/** @type {string} */ words) => {
    wrong.textContent = words;
    wrong.hidden = words === "";
  };
  // What can be read is taken at once, so that the preview follows; what cannot is told when the field is left.
  const take = (/** @type {[number, number][]} */ ring) => formatCoordinates(ring) !== formatCoordinates(studio().state.input.points) && studio().give({ points: ring });
  text.addEventListener("input", () => {
    const { ring, problems } = parseCoordinates(text.value);
    if (!problems.length) take(ring);
  });
  text.addEventListener("change", () => {
    const { ring, problems } = parseCoordinates(text.value);
    tell(problems.length ? t("Line {line}: give longitude and latitude, the longitude first.", { line: problems[0].line }) : "");
    if (!problems.length) take(ring);
  });
  const legs = el("textarea", { class: "textarea", rows: 3, spellcheck: "false", id: "studio-legs", "data-legs": "" });
  const walk = el("button", {
    class: "btn", type: "button", "data-walk": "", onClick: () => {
      const start = studio().state.input.points[0];
      const read = parseLegs(legs.value);
      if (!start) return tell(t("Set the first corner before the bearings."));
      if (read.wrong !== null) return tell(t("Line {line}: give a bearing of 0 to 360 degrees and metres.", { line: read.wrong }));
      tell("");
      studio().give({ points: walked(start, read.legs) });
    },
  }, t("Go these bearings"));
  const typed = el("details", {}, el("summary", {}, t("Type coordinates or bearings")),
    el("div", { class: "stack-s" },
      el("label", { class: "field__label", for: text.id }, t("One corner a line: longitude, latitude")), text, wrong,
      tool.shape === "line" || tool.shape === "lines" || tool.shape === "ring"
        ? [el("label", { class: "field__label", for: legs.id }, t("From the first corner, one leg a line: bearing°, metres")), legs, walk] : null));
  return { box: typed, text, legs, wrong };
}

/** @param {Tool} tool @param {() => Studio} studio */
function sizeField(tool, studio) {
  const input = el("input", { class: "input", type: "number", min: 0.1, max: 10_000, step: "any", id: "studio-size", "data-size": "", inputmode: "decimal" });
  input.addEventListener("input", () => studio().give({ size: input.value === "" ? null : Number(input.value) }));
  const label = tool.kind === "simplify" ? t("Take out bends finer than (metres)") : t("Width in metres, instead of a line");
  return { box: el("div", { class: "field" }, el("label", { class: "field__label", for: input.id }, label), input), input };
}

/** @param {() => Studio} studio */
function alongField(studio) {
  const select = el("select", { class: "select", id: "studio-along", "data-along": "" }, alongWays().map(([way, name]) => el("option", { value: way }, name)));
  select.value = studio().state.input.along;
  select.addEventListener("change", () => studio().give({ along: select.value }));
  return el("div", { class: "field" }, el("label", { class: "field__label", for: select.id }, t("Follow")), select);
}

/** @param {Parts} parts @param {Tool} tool @param {State} state @param {{studio: () => Studio, zoomTo: (place: any) => void}} page */
function fillForm(parts, tool, state, { studio, zoomTo }) {
  const { input } = state;
  const grids = sorted(state.set.grids.values(), { by: "code" });
  const listed = grids.map(({ key, name }) => `${key}:${name}`).join();
  parts.grids.forEach((select, place) => {
    // An opened list is not pulled away under the person's hand.
    if (select.dataset.listed !== listed) fillWith(select, el("option", { value: "" }, tool.grids === 1 ? t("Choose on the map or here") : t("Choose…")), grids.map((grid) => el("option", { value: grid.key }, inPlace(grid.name, state.set.community))));
    select.dataset.listed = listed;
    if (tool.grids !== "many") select.value = String(input.grids[place] ?? "");
  });
  if (parts.chips && parts.chips.dataset.listed !== `${listed}|${input.grids}`) {
    parts.chips.dataset.listed = `${listed}|${input.grids}`;
    fillWith(parts.chips, input.grids.map((key) => chip(inPlace(state.set.grids.get(key)?.name ?? "", state.set.community), () => {
      studio().give({ grids: studio().state.input.grids.filter((one) => one !== key) });
      parts.grids[0].focus();
    })));
  }
  if (parts.corners && document.activeElement !== parts.corners) parts.corners.value = formatCoordinates(input.points);
  if (parts.size && document.activeElement !== parts.size) parts.size.value = input.size === null ? "" : String(input.size);
  if (parts.next) parts.next.disabled = input.points.length < 2;
  parts.drop.disabled = input.points.length === 0;
  const lacking = missing(tool, input);
  parts.apply.disabled = lacking !== null || state.busy;
  refuseButton(parts.apply, state);
  if (state.busy) parts.apply.setAttribute("aria-busy", "true");
  else parts.apply.removeAttribute("aria-busy");
  fillWith(parts.result, tool.kind === "measure" ? measureWords(state, tool).filter((one) => one !== null) : resultOf(state, tool, zoomTo));
}

/** @param {HTMLButtonElement} button that applies: it can be reached while what is drawn is refused, and says why @param {State} state */
export function refuseButton(button, state) {
  const reason = state.barred ? state.refusal?.title ?? "" : "";
  button.title = reason;
  if (reason) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}

/** @param {string} name @param {() => void} takeOut */
function chip(name, takeOut) {
  return el("li", {}, el("button", { class: "btn", type: "button", "aria-label": t("Take {name} out", { name }), title: t("Take {name} out", { name }), onClick: takeOut }, name, icon("close")));
}

/** @param {State} state @param {Tool} tool @param {(place: any) => void} zoomTo @returns {Node[]} */
function resultOf({ refusal, tentative, preview, set, input }, tool, zoomTo) {
  const place = refusal?.fields.place;
  const refused = refusal ? el("div", { class: `notice notice--${tentative ? "attend" : "alarm"}`, role: tentative ? "status" : "alert", "data-refusal": refusal.code }, icon("attend"),
    el("div", { class: "stack-s" }, el("p", {}, el("strong", {}, refusal.title)), refusal.detail && refusal.detail !== refusal.title ? el("p", {}, refusal.detail) : null,
      place ? el("button", { class: "btn", type: "button", "data-zoom-refusal": "", onClick: () => zoomTo(place) }, icon("search"), t("Show the place")) : null)) : null;
  const shown = preview ? previewParts(preview, set) : [];
  return refused || shown.length ? [refused, ...shown].filter((one) => one !== null) : [nextStep(nextWords(tool, input) || t("checking…"))];
}

/** @param {any} preview @param {import("./studio.js").ChangeSet} set @returns {(HTMLElement | null)[]} what it makes, and which rules that breaks */
function previewParts(preview, set) {
  const pieces = piecesOf(preview, set);
  if (pieces.length === 0 && preview.ended.length === 0) return [nextStep(cornersOnly(preview, set))];
  return [previewTable(preview, set), brokenNotice(preview, pieces)];
}

/** @param {any} preview without a piece that people notice @param {import("./studio.js").ChangeSet} set @returns {string} */
export function cornersOnly({ grids }, { community, grids: known }) {
  const names = grids.map((/** @type {any} */ grid) => inPlace(known.get(grid.key)?.name ?? grid.name, community));
  return t("Only the corner changes; ground and households stay: {grids}.", { grids: names.join(t(", ")) });
}

/**
 * The rules that an edit would break, each once with the pieces that it is about.
 * @param {{broken?: any[]}} preview
 * @param {{key: number, mark: string}[]} pieces
 * @returns {{words: string, marks: string[], isRefused: boolean}[]}
 */
export function brokenRules({ broken = [] }, pieces) {
  const marks = new Map(pieces.map(({ key, mark }) => [key, mark]));
  /** @type {Map<string, {words: string, marks: string[], isRefused: boolean}>} */
  const told = new Map();
  for (const { rule, gravity, grid, size, limit } of broken) {
    const words = t("{rule}: {figure}", { rule: findingWord(rule), figure: figureWords(rule, size, limit) });
    const one = told.get(words) ?? { words, marks: [], isRefused: gravity === "refuse" };
    told.set(words, { ...one, marks: [...one.marks, marks.get(grid)].filter((mark) => mark !== undefined) });
  }
  return [...told.values()];
}

/** @param {any} preview @param {any[]} pieces @returns {HTMLElement | null} */
function brokenNotice(preview, pieces) {
  const rules = brokenRules(preview, pieces);
  if (rules.length === 0) return null;
  const isRefused = rules.some((one) => one.isRefused);
  const line = (/** @type {{words: string, marks: string[]}} */ { words, marks }) => el("li", {}, marks.map((mark) => [el("span", { class: "piece-mark" }, mark), " "]).flat(), words);
  return el("div", { class: `notice notice--${isRefused ? "alarm" : "attend"}`, "data-broken": "" }, icon("attend"), el("div", { class: "stack-s" },
    el("strong", {}, isRefused ? t("So it cannot be submitted:") : t("Please look at this before you apply:")), el("ul", { class: "studio-broken" }, rules.map(line))));
}

/** @param {string} words */
function nextStep(words) {
  return el("p", { class: "field__hint studio-next" }, words);
}

/** @param {any} preview @param {import("./studio.js").ChangeSet} set */
function previewTable(preview, set) {
  const row = (/** @type {any} */ grid) => {
    const old = set.grids.get(grid.key);
    return el("tr", {}, el("th", { scope: "row" }, el("span", { class: "piece-mark" }, grid.mark), " ", old ? inPlace(old.name, set.community) : el("span", { class: "badge badge--action" }, t("new grid"))),
      el("td", { class: "number" }, beforeAfter(old ? hectares(old.area_m2) : null, hectares(grid.area_m2))),
      el("td", { class: "number" }, beforeAfter(old ? String(old.households) : null, String(grid.households))));
  };
  const gone = preview.ended.map((/** @type {number} */ key) => el("tr", {}, el("th", { scope: "row" }, inPlace(set.grids.get(key)?.name ?? "", set.community)), el("td", { colspan: 2, class: "number" }, el("span", { class: "badge" }, t("ends")))));
  return el("div", { class: "table-wrap", "data-preview": "" }, el("table", { class: "table studio-table" },
    el("thead", {}, el("tr", {}, el("th", {}, t("Grid")), el("th", { class: "number" }, t("Area (ha)")), el("th", { class: "number" }, t("Households")))),
    el("tbody", {}, piecesOf(preview, set).map(row), gone)));
}

/** @param {State} state @param {Tool} tool @returns {(Node | null)[]} a line as a surveyor writes it down, and the area of its ring */
function measureWords({ input }, tool) {
  const { legs, total_m } = measured(input.points);
  if (legs.length === 0) return [nextStep(nextWords(tool, input))];
  const rows = legs.map(({ bearing_deg, distance_m }, i) => el("tr", {}, el("th", { scope: "row", class: "number" }, i + 1), el("td", { class: "number" }, `${bearing_deg.toFixed(1)}°`), el("td", { class: "number" }, distance_m.toFixed(1))));
  const area = input.points.length > 2 ? el("dl", { class: "facts" }, el("dt", {}, t("Area inside")), el("dd", {}, areaText(groundArea_m2(input.points)))) : null;
  return [el("div", { class: "table-wrap studio-legs" }, el("table", { class: "table studio-table", "data-legs-table": "" },
    el("thead", {}, el("tr", {}, el("th", { class: "number" }, t("Leg")), el("th", { class: "number" }, t("Bearing")), el("th", { class: "number" }, t("Metres")))),
    el("tbody", {}, rows), el("tfoot", {}, el("tr", {}, el("th", { scope: "row", colspan: 2 }, t("Distance")), el("td", { class: "number" }, total_m.toFixed(1)))))), area];
}
