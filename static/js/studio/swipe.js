/** Before left, after right: a divider over the map, moved by pointer or arrow keys. */
import { el, listen } from "../dom.js";

const STEP = 0.05;

/**
 * What of the map's pane is left to see when the divider stands at `share` of the map's width.
 * @param {number} share 0 to 1
 * @param {{width: number, height: number}} size of the map
 * @param {{x: number, y: number}} origin of the map's container in the pane's own coordinates
 * @param {"left" | "right"} side of the divider that is kept
 * @returns {string} a CSS clip-path
 */
export function clipOf(share, { width, height }, { x, y }, side = "left") {
  const middle = x + Math.max(0, Math.min(1, share)) * width;
  const [from, to] = side === "left" ? [x, middle] : [middle, x + width];
  return `polygon(${from}px ${y}px, ${to}px ${y}px, ${to}px ${y + height}px, ${from}px ${y + height}px)`;
}

/**
 * @param {L.Map} map
 * @param {{left: HTMLElement[], right: HTMLElement[]}} panes what is shown on either side of the divider
 * @param {{left: string, right: string, both: string}} words names of the sides, and of the divider
 * @returns {() => void} undo
 */
export function mountSwipe(map, { left, right }, words) {
  let share = 0.5;
  const handle = el("div", { class: "swipe", role: "slider", tabindex: 0, "aria-label": words.both, "aria-valuemin": 0, "aria-valuemax": 100 });
  const names = [el("span", { class: "swipe__name swipe__name--left" }, words.left), el("span", { class: "swipe__name swipe__name--right" }, words.right)];
  handle.append(...names);
  map.getContainer().append(handle);
  L.DomEvent.disableClickPropagation(handle);

  const show = () => {
    const { x: width, y: height } = map.getSize();
    const origin = map.containerPointToLayerPoint([0, 0]);
    for (const pane of left) pane.style.clipPath = clipOf(share, { width, height }, origin, "left");
    for (const pane of right) pane.style.clipPath = clipOf(share, { width, height }, origin, "right");
    handle.style.left = `${share * 100}%`;
    handle.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  };
  const place = (/** @type {PointerEvent} */ event) => {
    const box = map.getContainer().getBoundingClientRect();
    share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    show();
  };
  const stops = [
    listen(handle, "pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      map.dragging.disable();
      event.preventDefault();
    }),
    listen(handle, "pointermove", (event) => handle.hasPointerCapture(event.pointerId) && place(event)),
    listen(handle, "pointerup", () => map.dragging.enable()),
    listen(handle, "pointercancel", () => map.dragging.enable()),
    listen(handle, "keydown", (event) => {
      const next = /** @type {Record<string, number>} */ ({ ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: 0, End: 1 })[event.key];
      if (next === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      share = Math.max(0, Math.min(1, next));
      show();
    }),
  ];
  map.on("move zoom viewreset resize zoomend", show);
  show();
  return () => {
    map.off("move zoom viewreset resize zoomend", show);
    map.dragging.enable();
    stops.forEach((stop) => stop());
    for (const pane of [...left, ...right]) pane.style.clipPath = "";
    handle.remove();
  };
}
