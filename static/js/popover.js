/** A box that opens below its button and closes by Escape, by the button or by a press elsewhere. */
import { listen } from "./dom.js";

/**
 * @param {HTMLElement} button its aria-controls names the box
 * @param {{onOpen?: () => void}} [options]
 * @returns {{undo: () => void, open: () => void, close: () => void}}
 */
export function mountPopover(button, { onOpen } = {}) {
  const box = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (!box) throw new Error("a popover button needs aria-controls");
  const isOpen = () => !box.hidden;
  const close = () => {
    box.hidden = true;
    button.setAttribute("aria-expanded", "false");
  };
  const open = () => {
    box.hidden = false;
    button.setAttribute("aria-expanded", "true");
    onOpen?.();
  };
  const stops = [
    listen(button, "click", () => (isOpen() ? close() : open())),
    listen(document, "pointerdown", (event) => {
      if (isOpen() && !box.contains(event.target) && !button.contains(event.target)) close();
    }),
    listen(document, "keydown", (event) => {
      if (event.key !== "Escape" || !isOpen()) return;
      close();
      button.focus();
    }),
  ];
  close();
  return { open, close, undo: () => stops.forEach((stop) => stop()) };
}
