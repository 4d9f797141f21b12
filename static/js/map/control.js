/** What our map controls share: a box that keeps its presses to itself, and buttons of one look. */
import { el } from "../dom.js";

/**
 * @param {(Node | string)[]} content
 * @param {{position: L.ControlPosition, name: string}} options
 * @returns {L.Control}
 */
export function mapControl(content, { position, name }) {
  const box = el("div", { class: `map-control map-control--${name}` }, content);
  L.DomEvent.disableClickPropagation(box);
  L.DomEvent.disableScrollPropagation(box);
  const Box = L.Control.extend({ onAdd: () => box });
  return new Box({ position });
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {Node} options.icon
 * @param {HTMLElement} [options.expands] the element the button shows and hides
 * @param {() => void} [options.onPress]
 * @param {boolean} [options.bare] the icon alone; the label is read out and shown on hover
 * @param {string} [options.id]
 * @returns {HTMLButtonElement}
 */
export function mapButton({ label, icon, expands, onPress, bare = false, id }) {
  const button = el("button", {
    class: bare ? "map-button" : "map-button map-button--labelled", type: "button", "aria-label": bare ? label : null,
    title: label, "data-tool": id, "aria-expanded": expands ? String(!expands.hidden) : null,
  }, icon, bare ? null : label);
  button.addEventListener("click", () => {
    if (expands) {
      expands.hidden = !expands.hidden;
      button.setAttribute("aria-expanded", String(!expands.hidden));
    }
    onPress?.();
  });
  return button;
}
