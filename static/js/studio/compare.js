/** What a change set changes, seen two ways: one map with a divider, or two maps that move together. */
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { mountSwipe } from "./swipe.js";

/** @typedef {"swipe" | "beside"} Way */
/** @typedef {ReturnType<typeof import("../map/grid_editor.js").mountGridEditor>} Editor */
/** @typedef {import("../map/grid_editor.js").Scene} Scene */

/** Leaflet rounds the middle of a map to a pixel. */
const SAME_PX = 2;

/**
 * @param {string} state of a change set
 * @returns {{left: string, right: string, both: string}} what the two sides are called
 */
export function sideWords(state) {
  if (state === "published") return { left: t("Before"), right: t("After"), both: t("Before on the left, after on the right") };
  return { left: t("Published"), right: t("Draft"), both: t("Published on the left, draft on the right") };
}

/**
 * Let two maps of one size show the same ground: what moves one moves the other.
 * @param {L.Map} one
 * @param {L.Map} two follows at once
 * @returns {() => void} undo
 */
export function keepTogether(one, two) {
  let following = false;
  const follow = (/** @type {L.Map} */ from, /** @type {L.Map} */ to) => () => {
    if (following) return;
    following = true;
    to.setView(from.getCenter(), from.getZoom(), { animate: false });
    following = false;
  };
  const [toTwo, toOne] = [follow(one, two), follow(two, one)];
  one.on("move zoomend", toTwo);
  two.on("move zoomend", toOne);
  toTwo();
  return () => {
    one.off("move zoomend", toTwo);
    two.off("move zoomend", toOne);
  };
}

/**
 * Show on each map where the pointer stands on the other: the eye finds the same place again.
 * @param {L.Map} one @param {L.Map} two @returns {() => void} undo
 */
function mountTwinPointer(one, two) {
  const marks = [one, two].map(() => L.marker([0, 0], { interactive: false, keyboard: false, icon: L.divIcon({ className: "twin-pointer", iconSize: [22, 22] }) }));
  const stops = [[one, two, marks[1]], [two, one, marks[0]]].map(([from, to, mark]) => {
    const [source, target, sign] = [/** @type {L.Map} */ (from), /** @type {L.Map} */ (to), /** @type {L.Marker} */ (mark)];
    const move = (/** @type {L.LeafletMouseEvent} */ event) => sign.setLatLng(event.latlng).addTo(target);
    const leave = () => sign.remove();
    source.on("mousemove", move);
    source.on("mouseout", leave);
    return () => (source.off("mousemove", move), source.off("mouseout", leave), leave());
  });
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {HTMLElement} stage holds both maps
 * @param {{map: L.Map, editor: Editor, twin: L.Map, twinEditor: Editor, scene: (signal: AbortSignal) => Promise<Scene>,
 *   state: () => string, onWay: (way: Way | null) => void}} page `scene` answers the grids before the change set, `state` its state
 */
export function mountCompare(stage, { map, editor, twin, twinEditor, scene, state, onWay }) {
  /** @type {Way | null} */
  let way = null;
  /** @type {Scene | null} */
  let before = null;
  let asking = new AbortController();
  /** @type {(() => void)[]} */
  let stops = [];

  function swipe() {
    if (before) stops = [mountSwipe(map, editor.compare(before), sideWords(state())), () => void editor.compare(null)];
  }
  function beside() {
    const words = sideWords(state());
    // What was seen whole shall be seen whole on half the width too; a place that was looked at stays in the middle.
    const frame = before && L.geoJSON(before.frame).getBounds();
    const whole = frame && map.getBounds().contains(frame);
    const [centre, zoom] = [map.getCenter(), map.getZoom()];
    const names = [[twin, words.left], [map, words.right]].map(([one, name]) => {
      const sign = el("span", { class: "beside__name" }, /** @type {string} */ (name));
      /** @type {L.Map} */ (one).getContainer().append(sign);
      return sign;
    });
    twin.getContainer().setAttribute("aria-label", `${words.left}. ${t("Moves together with the other map.")}`);
    stage.classList.add("stage--beside");
    const measure = () => [map, twin].forEach((one) => one.invalidateSize({ pan: false }));
    measure();
    if (whole) map.fitBounds(frame, { padding: [16, 16], animate: false });
    else map.setView(centre, zoom, { animate: false });
    const began = { middle: map.getCenter(), zoom: map.getZoom() };
    twinEditor.show(before);
    stops = [keepTogether(map, twin), mountTwinPointer(map, twin), () => {
      const middle = map.getCenter();
      // Whoever looked around stays where that led to; else the view is what it was before.
      const isSame = map.getZoom() === began.zoom && map.project(middle).distanceTo(map.project(began.middle)) < SAME_PX;
      names.forEach((name) => name.remove());
      twinEditor.show(null);
      stage.classList.remove("stage--beside");
      measure();
      if (isSame) map.setView(centre, zoom, { animate: false });
      else map.setView(middle, map.getZoom(), { animate: false });
    }];
  }
  function leave() {
    stops.forEach((stop) => stop());
    stops = [];
    way = null;
  }
  /** @param {Way | null} next */
  async function go(next) {
    if (next === way) return;
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    if (next && !before) before = await scene(signal);
    if (signal.aborted) return;
    leave();
    way = next;
    if (next === "swipe") swipe();
    else if (next === "beside") beside();
    onWay(way);
  }
  return {
    get way() { return way; },
    /** @param {Way} wanted the same one again ends comparing @returns {Promise<void>} rejected when the grids cannot be had */
    toggle: (wanted) => go(wanted === way ? null : wanted),
    /** Show the chosen grid on both maps. @param {number | null} id of the published grid */
    choose: (id) => {
      if (!before) return;
      before = { ...before, chosen: new Set(id === null ? [] : [id]) };
      if (way === "beside") twinEditor.show(before);
    },
    /** End comparing; the grids before are asked for anew the next time. */
    close: () => {
      asking.abort();
      leave();
      before = null;
      onWay(null);
    },
  };
}
