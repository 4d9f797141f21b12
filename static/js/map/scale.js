/** Metric scale bar, zoom buttons and, on paper, a north arrow: every map of ours is drawn north up. */
import { svg } from "../dom.js";
import { t } from "../i18n.js";

/**
 * @param {L.Map} map
 * @param {{position?: L.ControlPosition}} [options]
 * @returns {{undo: () => void}}
 */
export function mountScale(map, { position = "bottomright" } = {}) {
  const scale = L.control.scale({ metric: true, imperial: false, maxWidth: 120, position }).addTo(map);
  const arrow = svg("svg", { class: "north-arrow", viewBox: "0 0 24 32", role: "img", "aria-label": t("North") },
    svg("path", { d: "M12 2 L20 24 L12 19 L4 24 Z", fill: "#000000" }),
    svg("text", { x: 12, y: 31, "text-anchor": "middle", "font-size": 8 }, t("N")));
  map.getContainer().append(arrow);
  return { undo: () => (scale.remove(), arrow.remove()) };
}

/**
 * @param {L.Map} map
 * @param {{position?: L.ControlPosition}} [options]
 * @returns {{undo: () => void}}
 */
export function mountZoom(map, { position = "bottomright" } = {}) {
  const zoom = L.control.zoom({ position, zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out"), zoomInText: "+", zoomOutText: "−" }).addTo(map);
  return { undo: () => void zoom.remove() };
}
