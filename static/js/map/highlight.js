/** The one thing that is chosen, marked on the map; a new one takes the place of the old one. */
import { theme } from "../theme.js";
import { paletteOf } from "./palette.js";

/** @type {WeakMap<L.Map, L.Layer>} */
const shown = new WeakMap();

/**
 * Mark a geometry.
 * @param {L.Map} map
 * @param {any} geometry GeoJSON geometry in EPSG:4326, or null to mark nothing
 * @returns {() => void} takes the mark away
 */
export function highlight(map, geometry) {
  shown.get(map)?.remove();
  if (!geometry) return () => {};
  const colour = paletteOf(theme()).chosen;
  const layer = L.geoJSON(geometry, {
    interactive: false,
    style: { color: colour, weight: 4, fillOpacity: 0.08 },
    pointToLayer: (_, at) => L.circleMarker(at, { radius: 13, color: colour, weight: 4, fillOpacity: 0.12, interactive: false }),
  }).addTo(map);
  shown.set(map, layer);
  return () => layer.remove();
}
