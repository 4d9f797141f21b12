/** The page that confirms a file: what is in it, where it lies, what it would change; every guess can be put right. */
import { el, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { DATUMS, countWords, datumDetail, datumReason, encodingName, encodingReason, isAgainstStreets, shiftOf, sizeText, systemReason } from "./file_words.js";

/**
 * @typedef {object} Choices what the person put right; empty: as the file shows
 * @property {string} [layer]
 * @property {string} [encoding]
 * @property {string} [crs]
 * @property {boolean} [northing_first]
 * @property {number[]} [shift]
 * @property {string} [datum]
 * @property {Record<string, string>} [fields]
 */

/**
 * @param {any} look answer of the server
 * @param {{place: string, choose: (change: Choices) => void, take: () => void, putAway: () => void, showOnMap: () => void}} page
 * @returns {HTMLElement}
 */
export function lookCard(look, page) {
  return el("section", { class: "card stack studio-look", "data-look": look.id, "aria-label": t("Look at the file") },
    headOf(look, page),
    look.notices.length ? el("div", { class: "notice" }, icon("info"), el("div", {}, look.notices.map((/** @type {string} */ words) => el("p", {}, words)))) : null,
    placeOf(look, page), textOf(look, page), columnsOf(look, page), changeOf(look), stepsOf(look, page));
}

/** @param {any} look @param {{choose: (change: Choices) => void, showOnMap: () => void}} page */
function headOf(look, { choose, showOnMap }) {
  const layer = el("select", { class: "select", id: "look-layer", "data-focus": "layer" }, look.layers.map((/** @type {any} */ one) => el("option", { value: one.name, selected: one.name === look.layer }, `${one.name} (${one.count})`)));
  layer.addEventListener("change", () => choose({ layer: layer.value, encoding: undefined, crs: undefined, datum: undefined, fields: undefined, northing_first: undefined, shift: undefined }));
  return el("header", { class: "stack-s" },
    el("h3", {}, look.name),
    el("p", { class: "muted small" }, `${sizeText(look.size_bytes)} · ${tn("{count} record", "{count} records", look.count)}`),
    look.layers.length > 1 ? el("div", { class: "field" }, el("label", { class: "field__label", for: layer.id }, t("Layer")), layer) : null,
    look.drawn.length ? el("button", { class: "btn btn--wide", type: "button", "data-focus": "map", "data-show-file": "", onClick: showOnMap }, icon("eye"), t("Show it on the map")) : null);
}

/** @param {any} look @param {{place: string, choose: (change: Choices) => void}} page */
function placeOf(look, { place, choose }) {
  const { system, datum, open } = look;
  return el("section", { class: "stack-s" }, el("h4", {}, t("Where it lies")),
    el("p", { class: open.includes("crs") ? "notice notice--attend" : "small", "data-system": "" }, open.includes("crs") ? icon("attend") : null, el("span", {}, systemReason(system, place))),
    systemField(look, choose),
    open.includes("shift") ? shiftField(system, choose) : null,
    datum ? el("fieldset", { class: "studio-choices" }, el("legend", { class: "field__label" }, t("Datum of the coordinates")),
      el("p", { class: open.includes("datum") || isAgainstStreets(datum) ? "notice notice--attend" : "small", "data-datum-reason": "" }, open.includes("datum") || isAgainstStreets(datum) ? icon("attend") : null, el("span", {}, datumReason(datum))),
      DATUMS.map(([value, name]) => radio({ name: "look-datum", value, checked: datum.taken === value, title: name, detail: datumDetail(value, datum), choose: () => choose({ datum: value }) }))) : null);
}

/** @param {any} look @param {(change: Choices) => void} choose */
function systemField({ system, open }, choose) {
  const chosen = system.guesses.some((/** @type {any} */ one) => one.crs === system.taken);
  const known = system.guesses.map((/** @type {any} */ one) => [one.crs, one.northing_first, [one.name, `(${one.crs})`, one.northing_first ? t("latitude first") : "", one.exact ? "" : t("some 100 m off without parameters")].filter(Boolean).join(" ")]);
  const list = el("select", { class: "select", id: "look-crs", "data-focus": "crs" },
    el("option", { value: "", selected: !chosen }, system.taken && !open.includes("crs") ? t("As told above") : t("Choose")),
    known.map((/** @type {any} */ [crs, first, words]) => el("option", { value: `${crs}|${first ? 1 : 0}`, selected: crs === system.taken && first === system.northing_first }, words)));
  list.addEventListener("change", () => {
    const [crs, first] = list.value.split("|");
    choose({ crs: crs || undefined, northing_first: first === "1", datum: undefined, shift: undefined });
  });
  const code = el("input", { class: "input", id: "look-epsg", inputmode: "numeric", placeholder: "4549", "data-focus": "epsg", maxlength: 10 });
  code.addEventListener("change", () => code.value.trim() && choose({ crs: code.value.trim(), northing_first: false, datum: undefined, shift: undefined }));
  return el("details", { open: open.includes("crs") }, el("summary", {}, t("Another coordinate system")),
    known.length ? el("div", { class: "field" }, el("label", { class: "field__label", for: list.id }, t("Systems that lead here")), list) : null,
    el("div", { class: "field" }, el("label", { class: "field__label", for: code.id }, t("EPSG code")), code));
}

/** @param {any} system @param {(change: Choices) => void} choose */
function shiftField(system, choose) {
  const numbers = el("input", { class: "input", id: "look-shift", placeholder: "dx, dy, dz", "data-focus": "shift" });
  const wrong = el("p", { class: "field__error", role: "alert" });
  numbers.addEventListener("change", () => {
    const shift = shiftOf(numbers.value);
    if (shift) choose({ shift });
    else wrong.replaceChildren(t("Three or seven numbers are needed."));
  });
  return el("div", { class: "stack-s" },
    el("p", { class: "notice notice--attend" }, icon("attend"), el("span", {}, t("{datum} lies some 100 m from CGCS2000. Enter the parameters of your survey office.", { datum: system.old_datum }))),
    el("div", { class: "field" }, el("label", { class: "field__label", for: numbers.id }, t("Three or seven parameters")), numbers, wrong),
    el("button", { class: "btn btn--wide", type: "button", onClick: () => choose({ shift: [0, 0, 0] }) }, t("Go on without, some 100 m off")));
}

/** @param {{name: string, value: string, checked: boolean, title: string, detail: string, choose: () => void}} one */
function radio({ name, value, checked, title, detail, choose }) {
  const box = el("input", { type: "radio", name, value, checked, "data-focus": `${name}-${value}` });
  box.addEventListener("change", choose);
  return el("label", { class: "check studio-choice" }, box, el("span", {}, el("span", {}, title), detail ? el("small", { class: "muted" }, detail) : null));
}

/** @param {any} look @param {{choose: (change: Choices) => void}} page how the texts are read, with samples to compare */
function textOf({ encoding }, { choose }) {
  if (encoding.candidates.length === 0) return null;
  const unsure = ["none_fits", "cpg_contradicted", "language_contradicted"].includes(encoding.why);
  return el("section", { class: "stack-s" }, el("h4", {}, t("Text")),
    el("p", { class: unsure ? "notice notice--attend" : "small", "data-encoding": encoding.taken }, unsure ? icon("attend") : null, el("span", {}, encodingReason(encoding))),
    el("details", { open: unsure || encoding.why === "chosen" }, el("summary", {}, t("Compare the encodings")),
      el("fieldset", { class: "studio-choices" }, el("legend", { class: "field__label" }, t("Encoding of the texts")),
        encoding.candidates.map((/** @type {any} */ one) => radio({
          name: "look-encoding", value: one.encoding, checked: one.encoding === encoding.taken, title: encodingName(one.encoding),
          detail: [one.texts.slice(0, 3).join(t(", ")), one.misfits ? tn("{count} text does not fit", "{count} texts do not fit", one.misfits) : ""].filter(Boolean).join(" · "),
          choose: () => choose({ encoding: one.encoding, fields: undefined }),
        })))));
}

/** @param {any} look @param {{choose: (change: Choices) => void}} page which column says what, and the first rows */
function columnsOf({ columns, rows, fields, open }, { choose }) {
  const names = { key: t("Key (gp_key)"), code: t("Code"), name: t("Name") };
  const field = (/** @type {"key" | "code" | "name"} */ name) => {
    const list = el("select", { class: "select", id: `look-${name}`, "data-focus": name, "data-field": name },
      el("option", { value: "", selected: !fields[name] }, t("None")), columns.map((/** @type {string} */ column) => el("option", { value: column, selected: fields[name] === column }, column)));
    list.addEventListener("change", () => choose({ fields: { ...fields, [name]: list.value } }));
    return el("div", { class: "field" }, el("label", { class: "field__label", for: list.id }, names[name]), list);
  };
  return el("section", { class: "stack-s" }, el("h4", {}, t("Columns")),
    el("div", { class: "studio-fields" }, field("key"), field("code"), field("name")),
    open.includes("columns") ? el("p", { class: "notice notice--attend" }, icon("attend"), el("span", {}, t("No grid of the file is known here: choose the column of its keys or codes."))) : null,
    fields.key ? null : el("p", { class: "muted small" }, t("Without keys, grids are known by their code.")),
    el("div", { class: "table-wrap", tabindex: 0, role: "region", "aria-label": t("First records") }, el("table", { class: "table studio-rows" },
      el("thead", {}, el("tr", {}, columns.map((/** @type {string} */ column) => el("th", { scope: "col" }, column)))),
      el("tbody", {}, rows.map((/** @type {string[]} */ row) => el("tr", {}, row.map((cell) => el("td", {}, cell))))))));
}

/** @param {any} look what would become of the draft */
function changeOf({ change }) {
  if (!change) return null;
  const { counts, grids, ended, renamed, unknown_codes, outside } = change;
  const words = { moved: t("moves"), new: t("new"), corner: t("only a corner") };
  const line = (/** @type {string} */ title, /** @type {string} */ detail) => el("li", { class: "list__item" }, el("div", { class: "list__link" }, el("span", { class: "list__text" }, el("span", { class: "list__title" }, title), el("span", { class: "list__detail" }, detail))));
  const gridLine = (/** @type {any} */ grid) => line(grid.name || grid.code || t("Record {line}", { line: grid.line }),
    [grid.code, words[/** @type {keyof typeof words} */ (grid.touch)], grid.moved_m ? t("up to {metres} m", { metres: grid.moved_m.toFixed(1) }) : ""].filter(Boolean).join(" · "));
  const lines = [
    ...grids.filter((/** @type {any} */ one) => one.touch !== "corner").map(gridLine),
    ...ended.map((/** @type {any} */ one) => line(one.name, [one.code, t("ends")].join(" · "))),
    ...renamed.map((/** @type {any} */ one) => line(`${one.from[0]} → ${one.to[0]}`, one.from[1] === one.to[1] ? t("renamed") : `${one.from[1]} → ${one.to[1]}`)),
    ...grids.filter((/** @type {any} */ one) => one.touch === "corner").map(gridLine),
  ];
  return el("section", { class: "stack-s", "data-change": "" }, el("h4", {}, t("What would change")),
    el("p", {}, lines.length ? countWords(counts) : t("The file changes nothing.")),
    counts.ended ? el("p", { class: "notice notice--attend" }, icon("attend"), el("span", {}, t("Grids that the file does not hold end: {count}.", { count: counts.ended }))) : null,
    unknown_codes.length ? el("p", { class: "notice" }, icon("info"), el("span", {}, t("Codes that no grid has: {codes}. They become new grids.", { codes: unknown_codes.join(t(", ")) }))) : null,
    outside ? el("p", { class: "muted small" }, tn("{count} grid of another community is left out.", "{count} grids of other communities are left out.", outside)) : null,
    lines.length ? el("details", { open: lines.length <= 6 }, el("summary", {}, t("Grid by grid")), el("ul", { class: "list" }, lines)) : null);
}

/** @param {any} look @param {{take: () => void, putAway: () => void}} page */
function stepsOf({ open, change }, { take, putAway }) {
  const waits = { crs: t("First choose the coordinate system."), shift: t("First enter the parameters."), datum: t("First choose the datum."), columns: t("No grid of the file is known here: choose the column of its keys or codes.") };
  const nothing = change && change.grids.length + change.ended.length + change.renamed.length === 0;
  return el("footer", { class: "stack-s" },
    open.map((/** @type {keyof typeof waits} */ what) => el("p", { class: "field__error", "data-open-choice": what }, icon("attend"), waits[what])),
    el("button", { class: "btn btn--primary btn--wide", type: "button", "data-take-file": "", "data-focus": "take", disabled: open.length > 0 || nothing, onClick: take }, icon("check"), t("Read into the draft")),
    el("button", { class: "btn btn--quiet btn--wide", type: "button", "data-put-away": "", "data-focus": "away", onClick: putAway }, icon("trash"), t("Put the file away")));
}
