/** Findings on the map: hatched places with numbered pins, the same numbers as in the list. */
import { svg } from "../dom.js";
import { paletteOf } from "../map/palette.js";
import { fit } from "../map/registry.js";
import { theme } from "../theme.js";

/** @typedef {import("./boundaries_words.js").Finding} Finding */

const HATCH = "finding-hatch";

/**
 * @param {L.Map} map
 * @param {{onPress: (index: number) => void}} options
 */
export function mountFindings(map, { onPress }) {
  const layer = L.layerGroup().addTo(map);
  // Hatching is a pattern of SVG: the canvas of the other layers has none.
  const renderer = L.svg({ padding: 0.3 });
  const pattern = hatchPattern();
  document.body.append(pattern);
  /** @type {(Finding | null)[]} */
  let shown = [];

  /** @param {(Finding | null)[]} findings null: not shown now, but its number is kept */
  const show = (findings) => {
    shown = findings;
    layer.clearLayers();
    pattern.style.color = paletteOf(theme()).finding;
    findings.forEach((finding, index) => {
      if (!finding) return;
      placeOf(finding, renderer).addTo(layer);
      pinOf(finding, index).on("click", () => onPress(index)).addTo(layer);
    });
  };
  const repaint = () => show(shown);
  document.addEventListener("theme-changed", repaint);
  return {
    show,
    /** @param {number} index */
    zoomTo: (index) => {
      const finding = shown[index];
      if (finding) fit(map, boxOf(finding));
    },
    undo: () => {
      document.removeEventListener("theme-changed", repaint);
      layer.remove();
      pattern.remove();
    },
  };
}

/** @param {Finding} finding @returns {[number, number, number, number]} with room around, so that its surroundings are seen */
function boxOf({ place, at }) {
  const box = L.geoJSON(place).getBounds();
  if (!box.isValid()) return [at[0], at[1], at[0], at[1]];
  const wide = box.pad(0.4);
  return [wide.getWest(), wide.getSouth(), wide.getEast(), wide.getNorth()];
}

/** @param {Finding} finding @param {L.Renderer} renderer @returns {L.Layer} */
function placeOf({ place, look }, renderer) {
  const palette = paletteOf(theme());
  const grave = look === "overlap";
  const mild = look === "note" ? palette.due : palette.draft;
  const style = /** @type {L.PathOptions} */ ({
    renderer, interactive: false, color: grave ? palette.finding : mild, weight: grave ? 3 : 2, dashArray: grave ? "" : "6 5",
    fillColor: grave ? `url(#${HATCH})` : mild, fillOpacity: grave ? 1 : 0.1,
  });
  return L.geoJSON(place, { style: () => style, pointToLayer: (_, at) => L.circleMarker(at, { ...style, radius: 14 }), interactive: false });
}

/** @param {Finding} finding @param {number} index @returns {L.Marker} */
function pinOf({ at, title, look }, index) {
  const marker = L.marker([at[1], at[0]], {
    icon: L.divIcon({ className: `finding-pin finding-pin--${look}`, iconSize: [32, 32], html: String(index + 1) }),
    title: `${index + 1}. ${title}`, alt: `${index + 1}. ${title}`, keyboard: true, zIndexOffset: 1000,
  });
  if (look === "free") marker.on("add", () => marker.getElement()?.style.setProperty("--pin", paletteOf(theme()).draft));
  return marker;
}

/** @returns {SVGElement} */
function hatchPattern() {
  const drawing = svg("svg", { width: 0, height: 0, "aria-hidden": "true" },
    svg("defs", {}, svg("pattern", { id: HATCH, patternUnits: "userSpaceOnUse", width: 8, height: 8, patternTransform: "rotate(45)" },
      svg("rect", { width: 8, height: 8, fill: "currentColor", "fill-opacity": 0.16 }),
      svg("rect", { width: 3, height: 8, fill: "currentColor", "fill-opacity": 0.85 }))));
  drawing.style.position = "absolute";
  return drawing;
}
