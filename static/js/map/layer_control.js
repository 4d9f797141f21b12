/** The layer control: a button that opens the list of layers; the choice is kept in the address. */
import { el, icon } from "../dom.js";
import { t } from "../i18n.js";
import { keepState, onStateBack } from "../url_state.js";
import { mapButton, mapControl } from "./control.js";
import { layerEntry } from "./layer_catalogue.js";

/**
 * @param {L.Map} map
 * @param {{layers: import("./vector_tiles.js").TileLayer[], position?: L.ControlPosition, open?: boolean}} options
 * @returns {{undo: () => void}}
 */
export function mountLayerControl(map, { layers, position = "topleft", open = false }) {
  const choosable = layers.filter((layer) => !layerEntry(layer.name).fixed);
  const startedWith = choosable.filter((layer) => layer.isVisible()).map((layer) => layer.name);
  const checks = new Map(choosable.map((layer) => [layer.name, checkFor(layer)]));
  const sheet = el("div", { class: "map-sheet", id: "map-layers", hidden: !open },
    el("p", { class: "map-sheet__title" }, t("Layers")),
    choosable.map((layer) => el("label", { class: "check" }, /** @type {Node} */ (checks.get(layer.name)), layerEntry(layer.name).label())));
  const button = mapButton({ label: t("Layers"), icon: icon("layers"), expands: sheet });
  const control = mapControl([button, sheet], { position, name: "layers" }).addTo(map);

  /** @param {import("./vector_tiles.js").TileLayer} layer */
  function checkFor(layer) {
    const check = el("input", { type: "checkbox", name: "layer", value: layer.name });
    check.checked = layer.isVisible();
    check.addEventListener("change", () => {
      layer.setVisible(check.checked);
      keepState({ layers: choosable.filter((one) => one.isVisible()).map((one) => one.name) }, { step: true });
    });
    return check;
  }
  const stop = onStateBack(({ layers: names }) => {
    const wanted = names ?? startedWith;
    for (const layer of choosable) layer.setVisible(wanted.includes(layer.name));
  });
  const follow = () => {
    for (const layer of choosable) /** @type {HTMLInputElement} */ (checks.get(layer.name)).checked = layer.isVisible();
  };
  map.on("layers-changed", follow);
  return { undo: () => (stop(), map.off("layers-changed", follow), void control.remove()) };
}
