/** A draft as a file: out in any format, edited elsewhere, kept aside, looked at and read back. */
import { ProblemError, get, post } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { formatInstant, t } from "../i18n.js";
import { toast, toastProblem } from "../toast.js";
import { lookCard } from "./file_look.js";
import { DATUMS, FORMATS, sizeText, systemsFor } from "./file_words.js";

/** @typedef {import("./studio.js").Studio} Studio */
/** @typedef {import("./file_look.js").Choices} Choices */

const ACCEPTED = ".gpkg,.zip,.shp,.shx,.dbf,.prj,.cpg,.geojson,.json,.kml,.kmz,.gml,.dxf";
/** A file of the largest size over a slow line; a look at one takes seconds. */
const SEND_MS = 600_000;
const LOOK_MS = 120_000;

/**
 * @param {HTMLElement} root
 * @param {{studio: () => Studio, show: (answer: {grids: any[]} | null) => void, zoomTo: (place: any) => void, limitMb: number}} page
 *   `show` draws what a file would bring
 */
export function mountFiles(root, { studio, show, zoomTo, limitMb }) {
  const out = el("div", { class: "stack-s" });
  const file = el("input", { class: "input", type: "file", multiple: true, id: "file-back", accept: ACCEPTED, "data-file": "" });
  const said = el("div", { "aria-live": "polite" });
  const list = el("div", { "data-waiting": "" });
  const answer = el("div", { class: "stack-s" });
  const intake = el("section", { class: "stack-s" },
    el("h3", {}, t("Read a file in")),
    el("p", { class: "muted small" }, t("Edit the file in QGIS and read it back: grids are known by the column gp_key.")),
    el("div", { class: "field" }, el("label", { class: "field__label", for: file.id }, t("Choose a file, or the parts of a Shapefile together")), file),
    said, list, answer);
  fillWith(root, out, intake);
  file.addEventListener("change", () => void keep());
  /** @type {{id: number, choices: Choices, look: any} | null} the file that is looked at */
  let shown = null;
  let asking = new AbortController();

  /** A change set was opened: what waits for it, what can be done with it. */
  function open() {
    forget();
    const { set } = studio().state;
    intake.hidden = !set.can.edit;
    fillWith(out, exportParts(studio));
    if (set.can.edit) void waiting();
  }
  function forget() {
    asking.abort();
    shown = null;
    file.value = "";
    for (const part of [said, list, answer]) fillWith(part);
    show(null);
  }
  async function waiting() {
    try {
      const { files } = await get(`${studio().address}/files`);
      fillWith(list, files.length && !shown ? el("ul", { class: "list" }, files.map(waitingRow)) : null);
    } catch (error) {
      toastProblem(error);
    }
  }
  /** @param {any} one */
  function waitingRow(one) {
    return el("li", { class: "list__item" }, el("button", { class: "list__link", type: "button", "data-waits": one.id, onClick: () => void look(one.id, {}) },
      el("span", { class: "list__text" }, el("span", { class: "list__title" }, one.name), el("span", { class: "list__detail" }, t("sent {at}, waits to be read in", { at: formatInstant(one.at) }))), icon("right")));
  }
  async function keep() {
    const files = [...(file.files ?? [])];
    if (files.length === 0) return;
    const bytes = files.reduce((sum, one) => sum + one.size, 0);
    fillWith(answer);
    show(null);
    if (bytes > limitMb * 1024 * 1024) return refuse(t("{name} holds {size}; at most {most} MB can be sent. Split it by towns, or ask your administrator.", { name: files[0].name, size: sizeText(bytes), most: limitMb }));
    const body = new FormData();
    for (const one of files) body.append("file", one);
    fillWith(said, el("p", { class: "muted", role: "status" }, t("Sending {name} …", { name: files[0].name })), el("span", { class: "skeleton" }));
    file.disabled = true;
    try {
      const kept = await post(`${studio().address}/files`, body, { timeoutMs: SEND_MS });
      await look(kept.id, {});
    } catch (error) {
      refuse(error instanceof ProblemError ? error.text : t("Something went wrong."));
    } finally {
      file.disabled = false;
      file.value = "";
    }
  }
  /** @param {string} words @param {number} [id] of the waiting file they are about */
  function refuse(words, id) {
    fillWith(said, el("p", { class: "field__error", role: "alert", "data-refused": "" }, icon("attend"), words),
      id === undefined ? null : el("button", { class: "btn btn--wide", type: "button", "data-put-away": "", onClick: () => void putAway(id) }, icon("trash"), t("Put the file away")));
  }
  /** @param {number} id @param {Choices} choices */
  async function look(id, choices) {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    answer.setAttribute("aria-busy", "true");
    if (!shown) fillWith(said, el("p", { class: "muted", role: "status" }, t("Looking at the file …")), el("span", { class: "skeleton skeleton--tall" }));
    try {
      const found = await post(`${studio().address}/files/${id}/look`, choices, { timeoutMs: LOOK_MS, signal });
      const first = shown?.id !== id;
      shown = { id, choices, look: found };
      fillWith(said);
      fillWith(list);
      draw();
      if (first) {
        showOnMap();
        answer.scrollIntoView({ block: "start" });
      }
    } catch (error) {
      if (signal.aborted) return;
      // What was looked at before stays, with the choices that led there.
      draw();
      refuse(error instanceof ProblemError ? error.text : t("Something went wrong."), shown ? undefined : id);
    } finally {
      if (!signal.aborted) answer.removeAttribute("aria-busy");
    }
  }
  function draw() {
    if (!shown) return;
    const { id, choices, look: found } = shown;
    const held = answer.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.focus : undefined;
    const opened = new Set([...answer.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
    fillWith(answer, lookCard(found, {
      place: studio().state.set.community, showOnMap, putAway: () => void putAway(id), take: () => void take(),
      choose: (change) => void look(id, { ...choices, ...change }),
    }));
    answer.querySelectorAll("details").forEach((one) => (one.open ||= opened.has(one.querySelector("summary")?.textContent ?? "")));
    if (held) /** @type {HTMLElement | null} */ (answer.querySelector(`[data-focus="${held}"]`))?.focus();
    show({ grids: found.drawn.map((/** @type {any} */ geometry) => ({ geometry })) });
  }
  function showOnMap() {
    if (!shown || shown.look.drawn.length === 0) return;
    zoomTo({ type: "GeometryCollection", geometries: [studio().state.set.frame, ...shown.look.drawn] });
  }
  async function take() {
    if (!shown) return;
    const { id, choices, look: found } = shown;
    // What is on the page is what is read in; the encoding follows from the bytes, which are the same.
    const { system } = found;
    const told = ["roads", "only_one"].includes(system.why) ? { crs: system.taken, northing_first: system.northing_first } : {};
    const confirmed = { ...told, ...choices, layer: found.layer, fields: found.fields, datum: found.datum.taken, seen: found.seen };
    const button = /** @type {HTMLButtonElement | null} */ (answer.querySelector("[data-take-file]"));
    button?.setAttribute("aria-busy", "true");
    try {
      await post(`${studio().address}/files/${id}/take`, confirmed, { timeoutMs: LOOK_MS });
      forget();
      await studio().reload();
      toast(t("The file is read in. Undo takes it back."));
      void waiting();
    } catch (error) {
      if (error instanceof ProblemError && error.code === "file_look_old") {
        await studio().reload();
        await look(id, choices);
      }
      refuse(error instanceof ProblemError ? error.text : t("Something went wrong."));
      said.scrollIntoView({ block: "nearest" });
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }
  /** @param {number} id */
  async function putAway(id) {
    try {
      await post(`${studio().address}/files/${id}/discard`);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== "upload_gone") return void toastProblem(error);
    }
    forget();
    void waiting();
  }
  return { open, forget };
}

/** @param {() => Studio} studio */
function exportParts(studio) {
  const { set } = studio().state;
  const lon = ((/** @type {number[]} */ (set.bbox))[0] + (/** @type {number[]} */ (set.bbox))[2]) / 2;
  const select = (/** @type {string} */ id, /** @type {string[][]} */ options) => el("select", { class: "select", id }, options.map(([value, name]) => el("option", { value }, name)));
  const form = select("file-format", FORMATS);
  const crs = select("file-crs", systemsFor("gpkg", lon));
  const encoding = select("file-encoding", [["utf-8", "UTF-8"], ["gb18030", "GB18030"], ["gbk", "GBK"]]);
  const datum = select("file-datum-out", DATUMS);
  const encodingField = el("div", { class: "field" }, el("label", { class: "field__label", for: encoding.id }, t("Encoding of the texts")), encoding);
  const shifted = el("p", { class: "notice notice--attend", hidden: true }, icon("attend"), el("span", {}, t("Shifted coordinates are for web maps that need them. The file is marked, in degrees.")));
  const follow = () => {
    const offered = systemsFor(form.value, lon);
    const kept = offered.some(([code]) => code === crs.value) ? crs.value : offered[0][0];
    fillWith(crs, offered.map(([value, name]) => el("option", { value, selected: value === kept }, name)));
    encodingField.hidden = form.value !== "zip";
    crs.disabled = datum.value !== "wgs84";
    shifted.hidden = datum.value === "wgs84";
  };
  form.addEventListener("change", follow);
  datum.addEventListener("change", follow);
  follow();
  const save = () => {
    const wish = new URLSearchParams({ format: form.value, encoding: form.value === "zip" ? encoding.value : "utf-8", datum: datum.value });
    if (datum.value === "wgs84") wish.set("crs", crs.value);
    location.assign(`${studio().address}/export?${wish}`);
  };
  return [
    el("h3", {}, t("Save as a file")),
    el("div", { class: "row" }, el("div", { class: "field grow" }, el("label", { class: "field__label", for: form.id }, t("Format")), form), el("button", { class: "btn", type: "button", "data-save-file": "", onClick: save }, icon("download"), t("Save"))),
    el("details", {}, el("summary", {}, t("Coordinate system, encoding, datum")), el("div", { class: "stack-s" },
      el("div", { class: "field" }, el("label", { class: "field__label", for: crs.id }, t("Coordinate system")), crs), encodingField,
      el("div", { class: "field" }, el("label", { class: "field__label", for: datum.id }, t("Datum of the coordinates")), datum), shifted)),
  ];
}
