/** The legend: the signs of the layers that are shown and can be seen at this zoom. */
import { el, fillWith, icon, svg } from "../dom.js";
import { t } from "../i18n.js";
import { theme } from "../theme.js";
import { mapButton, mapControl } from "./control.js";
import { layerEntry } from "./layer_catalogue.js";
import { paletteOf } from "./palette.js";

/**
 * @param {L.Map} map
 * @param {{layers: import("./vector_tiles.js").TileLayer[], position?: L.ControlPosition, open?: boolean}} options
 * @returns {{undo: () => void}}
 */
export function mountLegend(map, { layers, position = "topleft", open = false }) {
  const rows = el("div");
  const sheet = el("div", { class: "map-sheet", hidden: !open }, el("p", { class: "map-sheet__title" }, t("Legend")), rows);
  const button = mapButton({ label: t("Legend"), icon: icon("legend"), expands: sheet });
  const control = mapControl([button, sheet], { position, name: "legend" }).addTo(map);
  const show = () => fillWith(rows, legendGroups(layers, map.getZoom()));
  map.on("zoomend layers-changed", show);
  document.addEventListener("theme-changed", show);
  show();
  const undo = () => {
    map.off("zoomend layers-changed", show);
    document.removeEventListener("theme-changed", show);
    control.remove();
  };
  return { undo };
}

/**
 * @param {import("./vector_tiles.js").TileLayer[]} layers
 * @param {number} zoom
 * @returns {HTMLElement[]}
 */
function legendGroups(layers, zoom) {
  const palette = paletteOf(theme());
  const shown = layers.filter((layer) => layer.isVisible() && !layerEntry(layer.name).fixed);
  if (shown.length === 0) return [el("p", { class: "legend__note" }, t("No layer is shown. Choose one under Layers."))];
  return shown.map((layer) => {
    const entry = layerEntry(layer.name);
    // Tiles of the nearest whole zoom are drawn.
    const far = Math.round(zoom) < entry.minZoom;
    return el("div", { class: "legend__group" },
      entry.legend(palette).map((row) => el("div", { class: "legend__row" }, sampleOf(row.sample), row.label)),
      far && el("p", { class: "legend__note" }, t("Zoom in to see: {layer}", { layer: entry.label() })));
  });
}

/**
 * @param {import("./layer_catalogue.js").Sample} sample
 * @returns {SVGElement}
 */
function sampleOf(sample) {
  return svg("svg", { class: "legend__sample", viewBox: "0 0 28 18", "aria-hidden": "true" }, ...signs(sample));
}

/**
 * @param {import("./layer_catalogue.js").Sample} sample
 * @returns {SVGElement[]}
 */
function signs({ kind, fill = "none", line = "none", width = 1.5, dash, shape = "circle" }) {
  if (kind === "double") {
    const d = "M1 13 L10 5 L18 11 L27 4";
    return [svg("path", { d, fill: "none", stroke: line, "stroke-width": 5 }), svg("path", { d, fill: "none", stroke: fill, "stroke-width": 2 })];
  }
  if (kind === "area") return [svg("rect", { x: 3, y: 2, width: 22, height: 14, rx: 2, fill, stroke: line, "stroke-width": width, "stroke-dasharray": dash })];
  if (kind === "line") return [svg("path", { d: "M2 9 H26", fill: "none", stroke: line, "stroke-width": width, "stroke-dasharray": dash })];
  if (kind === "cell") return [svg("circle", { cx: 14, cy: 9, r: 8, fill, stroke: line })];
  return [pointSign(shape, fill, line)];
}

/**
 * @param {string} shape
 * @param {string} fill
 * @param {string} line
 * @returns {SVGElement}
 */
function pointSign(shape, fill, line) {
  const look = { fill, stroke: line, "stroke-width": 1 };
  if (shape === "square") return svg("rect", { x: 8.5, y: 3.5, width: 11, height: 11, ...look });
  if (shape === "diamond") return svg("path", { d: "M14 1.5 L21.5 9 L14 16.5 L6.5 9 Z", ...look });
  if (shape === "triangle") return svg("path", { d: "M14 2 L21 15 H7 Z", ...look });
  if (shape === "ring") return svg("circle", { cx: 14, cy: 9, r: 5, fill: "none", stroke: fill, "stroke-width": 2.5 });
  return svg("circle", { cx: 14, cy: 9, r: 6, ...look });
}
