/** The person's own place, asked for by a press, shown with its accuracy, kept nowhere. */
import { icon } from "../dom.js";
import { t } from "../i18n.js";
import { toast } from "../toast.js";
import { mapButton, mapControl } from "./control.js";

/**
 * @param {L.Map} map
 * @param {{position?: L.ControlPosition}} [options]
 * @returns {{undo: () => void, locate: () => void}}
 */
export function mountLocate(map, { position = "bottomright" } = {}) {
  /** @type {L.LayerGroup} */
  const mark = L.layerGroup().addTo(map);
  const locate = () => {
    button.setAttribute("aria-busy", "true");
    map.locate({ enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 });
  };
  const button = mapButton({ label: t("Where am I?"), icon: icon("locate"), onPress: locate, bare: true });
  const control = mapControl([button], { position, name: "locate" }).addTo(map);
  const found = (/** @type {L.LocationEvent} */ event) => {
    button.removeAttribute("aria-busy");
    mark.clearLayers();
    L.circle(event.latlng, { radius: event.accuracy, weight: 1, color: "#0a62c4", fillOpacity: 0.1, interactive: false }).addTo(mark);
    L.marker(event.latlng, { icon: L.divIcon({ className: "here-dot", iconSize: [18, 18] }), interactive: false, keyboard: false }).addTo(mark);
    map.setView(event.latlng, Math.max(map.getZoom(), 17));
  };
  const failed = (/** @type {L.ErrorEvent} */ event) => {
    button.removeAttribute("aria-busy");
    // 1 is GeolocationPositionError.PERMISSION_DENIED.
    toast(event.code === 1
      ? t("Your place is not shared with this page. Allow it in the browser, or search for an address.")
      : t("Your place could not be found. Search for an address instead."));
  };
  map.on("locationfound", found);
  map.on("locationerror", failed);
  const undo = () => {
    map.off("locationfound", found);
    map.off("locationerror", failed);
    mark.remove();
    control.remove();
  };
  return { undo, locate };
}
