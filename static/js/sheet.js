/**
 * The panel: a column on the desk, on phones a bottom sheet of three heights, moved by a drag or by buttons.
 */
import { el, icon, listen } from "./dom.js";
import { t } from "./i18n.js";

/** @typedef {"peek" | "half" | "full"} Height */

const HEIGHTS = /** @type {const} */ (["peek", "half", "full"]);
/** The lowest height shows the grip (44 px) and one line: the sheet can be found again with a thumb. */
const PEEK_PX = 104;
/** Enough for the head, the filters and the first whole row of a list on a phone of 740 px. */
const HALF_SHARE = 0.54;

/**
 * @param {number} room_px height the sheet may take
 * @param {number} [half] share of it that the middle height takes
 * @returns {Record<Height, number>} heights in px, rising
 */
export function sheetHeights(room_px, half = HALF_SHARE) {
  return { peek: Math.min(PEEK_PX, room_px), half: Math.round(room_px * half), full: room_px };
}

/**
 * Where a drag comes to rest: the nearest height, a fast flick goes one further in its direction.
 * @param {number} height_px
 * @param {number} speed_pxms upwards positive, px per ms
 * @param {Record<Height, number>} heights
 * @returns {Height}
 */
export function restingHeight(height_px, speed_pxms, heights) {
  const aimed = height_px + speed_pxms * 180;
  return [...HEIGHTS].sort((a, b) => Math.abs(heights[a] - aimed) - Math.abs(heights[b] - aimed))[0];
}

/**
 * @param {HTMLElement} panel
 * @param {{height?: Height, half?: number, onHeight?: (height: Height) => void}} [options] half: share of the middle height
 * @returns {{undo: () => void, setHeight: (height: Height) => void, height: () => Height}}
 */
export function mountSheet(panel, { height = "half", half = HALF_SHARE, onHeight } = {}) {
  let current = height;
  const room = () => panel.parentElement?.querySelector(".stage")?.clientHeight || innerHeight;
  const heights = () => sheetHeights(room(), half);
  const handle = el("button", { class: "panel__grip-handle", type: "button" });
  const turn = el("button", { class: "btn btn--quiet btn--icon", type: "button" });
  const grip = el("div", { class: "panel__grip" }, handle, turn);

  /** @param {number} px */
  const show = (px) => {
    panel.style.setProperty("--sheet-height", `${px}px`);
    // The map's controls and its centre stay above the sheet, but never leave what its middle height frees.
    const cover = Math.min(px, room() * half);
    document.documentElement.style.setProperty("--sheet-cover", `${cover}px`);
  };
  /** @param {Height} next */
  const setHeight = (next) => {
    current = next;
    panel.dataset.height = next;
    show(heights()[next]);
    const lower = next === "full";
    turn.replaceChildren(icon(lower ? "down" : "up"));
    turn.setAttribute("aria-label", lower ? t("Make the panel smaller") : t("Make the panel larger"));
    handle.setAttribute("aria-label", lower ? t("Make the panel smaller") : t("Make the panel larger"));
    onHeight?.(next);
  };
  const stepUp = () => setHeight(current === "full" ? "peek" : HEIGHTS[HEIGHTS.indexOf(current) + 1]);

  panel.prepend(grip);
  const stops = [
    listen(turn, "click", stepUp),
    listen(handle, "keydown", (event) => stepByKey(event, current, setHeight)),
    listen(window, "resize", () => setHeight(current)),
    dragHandle(handle, panel, { heights, show, setHeight, stepUp }),
  ];
  setHeight(current);
  return { setHeight, height: () => current, undo: () => (stops.forEach((stop) => stop()), grip.remove()) };
}

/**
 * @param {KeyboardEvent} event
 * @param {Height} current
 * @param {(height: Height) => void} setHeight
 */
function stepByKey(event, current, setHeight) {
  const step = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
  const next = HEIGHTS[HEIGHTS.indexOf(current) + step];
  if (step === 0 || !next) return;
  event.preventDefault();
  setHeight(next);
}

/**
 * @param {HTMLElement} handle
 * @param {HTMLElement} panel
 * @param {{heights: () => Record<Height, number>, show: (px: number) => void, setHeight: (height: Height) => void, stepUp: () => void}} sheet
 * @returns {() => void}
 */
function dragHandle(handle, panel, { heights, show, setHeight, stepUp }) {
  /** @type {{y: number, height: number, last: number, at: number, speed: number, moved: boolean} | null} */
  let drag = null;
  /** @param {PointerEvent} event */
  const start = (event) => {
    handle.setPointerCapture(event.pointerId);
    const y = event.clientY;
    drag = { y, height: panel.offsetHeight, last: y, at: event.timeStamp, speed: 0, moved: false };
    panel.classList.add("panel--dragging");
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!drag) return;
    drag.speed = (drag.last - event.clientY) / Math.max(1, event.timeStamp - drag.at);
    drag.moved ||= Math.abs(event.clientY - drag.y) > 6;
    [drag.last, drag.at] = [event.clientY, event.timeStamp];
    show(Math.max(PEEK_PX, Math.min(heights().full, drag.height + drag.y - event.clientY)));
  };
  const end = () => {
    if (!drag) return;
    panel.classList.remove("panel--dragging");
    const { moved, height, y, last, speed } = drag;
    drag = null;
    if (moved) setHeight(restingHeight(height + y - last, speed, heights()));
  };
  // A press without a drag arrives as a click, also from the keyboard and from screen readers.
  const click = listen(handle, "click", (event) => {
    if (event.detail === 0 || !wasDragged) stepUp();
    wasDragged = false;
  });
  let wasDragged = false;
  const stops = [
    listen(handle, "pointerdown", start),
    listen(handle, "pointermove", move),
    listen(handle, "pointerup", () => {
      wasDragged = drag?.moved ?? false;
      end();
    }),
    listen(handle, "pointercancel", end),
    click,
  ];
  return () => stops.forEach((stop) => stop());
}
