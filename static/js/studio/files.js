/** A draft as a file: out in any format, edited elsewhere, read back after a look at what it would change. */
import { post } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { t } from "../i18n.js";
import { toast, toastProblem } from "../toast.js";

/** @typedef {import("./studio.js").Studio} Studio */

const FORMATS = [["gpkg", "GeoPackage"], ["zip", "Shapefile"], ["geojson", "GeoJSON"], ["kml", "KML"], ["kmz", "KMZ"], ["dxf", "DXF"]];
const DATUMS = [["wgs84", "WGS-84 / CGCS2000"], ["gcj02", "GCJ-02"], ["bd09", "BD-09"]];

/**
 * @param {HTMLElement} root
 * @param {{studio: () => Studio, show: (answer: {grids: any[]} | null) => void}} page `show` draws what a file would change
 */
export function mountFiles(root, { studio, show }) {
  const form = el("select", { class: "select", id: "file-format" }, FORMATS.map(([value, name]) => el("option", { value }, name)));
  const file = el("input", { class: "input", type: "file", id: "file-back", accept: ".gpkg,.zip,.shp,.geojson,.json,.kml,.kmz,.dxf", "data-file": "" });
  const datum = el("select", { class: "select", id: "file-datum" }, el("option", { value: "" }, t("Found by the fit to the streets")), DATUMS.map(([value, name]) => el("option", { value }, name)));
  const answer = el("div", { class: "stack-s", "aria-live": "polite" });
  const save = el("button", { class: "btn", type: "button", onClick: () => location.assign(`${studio().address}/export?format=${form.value}`) }, icon("download"), t("Save as a file"));
  file.addEventListener("change", () => void send(true));
  datum.addEventListener("change", () => file.files?.length && void send(true));
  fillWith(root,
    el("div", { class: "row" }, el("div", { class: "field grow" }, el("label", { class: "field__label", for: form.id }, t("Format")), form), save),
    el("p", { class: "muted small" }, t("Edit the file in QGIS and read it back: grids are known by the column gp_key.")),
    el("div", { class: "field" }, el("label", { class: "field__label", for: file.id }, t("Read an edited file back")), file),
    el("div", { class: "field" }, el("label", { class: "field__label", for: datum.id }, t("Datum of the file")), datum), answer);

  /** @param {boolean} preview */
  async function send(preview) {
    const chosen = file.files?.[0];
    if (!chosen) return;
    const body = new FormData();
    body.append("file", chosen);
    if (datum.value) body.append("datum", datum.value);
    if (preview) body.append("preview", "1");
    try {
      const found = await post(`${studio().address}/import`, body, { timeoutMs: 60_000 });
      if (preview) return showPreview(found);
      show(null);
      file.value = "";
      fillWith(answer);
      await studio().reload();
      toast(t("The file is read in. Undo takes it back."));
    } catch (error) {
      fillWith(answer);
      toastProblem(error);
    }
  }

  /** @param {any} found */
  function showPreview(found) {
    show(found);
    const { origin } = found;
    const facts = [[t("Grids that change"), found.grids.length], [t("Grids that end"), found.ended.length], [t("Names that change"), found.renamed], [t("Datum"), DATUMS.find(([value]) => value === origin.datum)?.[1] ?? origin.datum ?? "–"]];
    fillWith(answer, el("dl", { class: "facts" }, facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))])),
      found.grids.length + found.ended.length + found.renamed === 0 ? el("p", { class: "muted" }, t("The file changes nothing."))
        : el("button", { class: "btn btn--primary btn--wide", type: "button", "data-take-file": "", onClick: () => void send(false) }, icon("check"), t("Read it in")));
  }
}
