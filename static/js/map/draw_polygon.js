/**
 * Drawing one polygon by mouse, touch, keyboard or a coordinate form.
 *
 * The drawing is kept in this browser until `clear` is called after a successful save, so a refused check, a
 * closed tab or a lost connection takes nothing away. It snaps to the boundaries the server knows
 * (GET /api/areas/boundaries?bbox=west,south,east,north, a GeoJSON FeatureCollection). Every change is told by
 * the event "drawing-changed" on the document.
 */
import { get } from "../api.js";
import { el, icon } from "../dom.js";
import { t } from "../i18n.js";
import { mapButton, mapControl } from "./control.js";
import * as drawing from "./drawing.js";
import { drawSketch } from "./draw_sketch.js";
import { mountCrosshair } from "./pick.js";

/** @typedef {import("./drawing.js").Position} Position */

/**
 * @typedef {object} Drawer
 * @property {() => any} geometry GeoJSON Polygon of the finished drawing, or null
 * @property {(geometry: any) => void} load start from this polygon
 * @property {() => void} start
 * @property {() => void} clear forget the drawing, also in the browser's store
 * @property {(findings: any) => void} showFindings FeatureCollection of what was refused and where; null for none
 * @property {() => void} undo takes the tool off the map; the drawing stays kept
 */

/**
 * @param {L.Map} map
 * @param {{storageKey: string, boundariesUrl?: string, position?: L.ControlPosition}} options storageKey names
 *   the person and the task: another person at the same browser sees nothing of it and overwrites nothing
 * @returns {Drawer}
 */
export function mountPolygonDrawer(map, { storageKey, boundariesUrl = "/api/areas/boundaries", position = "topright" }) {
  const store = storeFor(`gridpatrol.drawing.${storageKey}`);
  let history = drawing.startHistory(drawing.parseKept(store.read()));
  let active = false;
  /** @type {Position[][]} */
  let lines = [];
  const sketch = drawSketch(map, { change: (next) => set(drawing.keep(history, next)), meant: (at) => meant(at) });
  const bar = toolBar({
    start: () => setActive(true),
    finish: () => finish(),
    undo: () => set(drawing.undo(history)),
    redo: () => set(drawing.redo(history)),
    clear: () => set(drawing.keep(history, drawing.EMPTY)),
    type: (ring) => set(drawing.keep(history, { ring, closed: ring.length >= 3 })),
  });
  const control = mapControl([bar.element], { position, name: "draw" }).addTo(map);

  /** @param {import("./drawing.js").History} next */
  function set(next) {
    history = next;
    store.write(history.present);
    if (active && history.present.closed) setActive(false);
    else show();
    tell(history.present);
  }
  function show() {
    const { present, past, future } = history;
    sketch.show(present);
    bar.show({ present, active, canUndo: past.length > 0, canRedo: future.length > 0 });
  }
  /** @param {boolean} wanted */
  function setActive(wanted) {
    active = wanted;
    map.getContainer().classList.toggle("folium-map--drawing", active);
    if (active) map.doubleClickZoom.disable();
    else map.doubleClickZoom.enable();
    map.fire(active ? "drawing-started" : "drawing-stopped");
    if (active) void loadLines();
    else sketch.aim(null);
    show();
  }
  /** @param {L.LatLng} at */
  function meant(at) {
    const result = drawing.snap([at.lng, at.lat], lines, { project: ([lon, lat]) => map.latLngToContainerPoint([lat, lon]) });
    map.getContainer().classList.toggle("folium-map--snapped", result.on !== null);
    return result;
  }
  /** @param {L.LatLng} at */
  function place(at) {
    if (!active) return;
    set(drawing.keep(history, drawing.addVertex(history.present, meant(at).position)));
  }
  function finish() {
    set(drawing.keep(history, drawing.closeRing(history.present)));
  }
  async function loadLines() {
    const box = map.getBounds().pad(0.1);
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((degree) => degree.toFixed(6));
    try {
      lines = drawing.linesOf(await get(`${boundariesUrl}?bbox=${bbox.join(",")}`));
      bar.note("");
    } catch {
      lines = [];
      bar.note(t("Boundaries nearby could not be loaded: vertices do not snap to them now."));
    }
  }
  const onClick = (/** @type {L.LeafletMouseEvent} */ event) => place(event.latlng);
  const onMove = (/** @type {L.LeafletMouseEvent} */ event) => active && sketch.aim(meant(event.latlng));
  const onMoved = () => active && void loadLines();
  const onKey = keysOf({ isActive: () => active, finish, stop: () => setActive(false), undo: () => set(drawing.undo(history)), redo: () => set(drawing.redo(history)) });
  map.on("click", onClick);
  map.on("mousemove", onMove);
  map.on("moveend", onMoved);
  const onDouble = () => active && finish();
  map.on("dblclick", onDouble);
  map.getContainer().addEventListener("keydown", onKey);
  const stopCross = mountCrosshair(map, { onEnter: () => place(map.getCenter()), isActive: () => active });
  show();
  tell(history.present);

  return {
    geometry: () => drawing.toGeometry(history.present),
    load: (geometry) => set(drawing.keep(history, drawing.fromGeometry(geometry))),
    start: () => setActive(true),
    clear: () => {
      setActive(false);
      set(drawing.startHistory());
      sketch.showFindings(null);
      store.forget();
    },
    showFindings: (findings) => sketch.showFindings(findings),
    undo: () => {
      setActive(false);
      map.off("click", onClick);
      map.off("mousemove", onMove);
      map.off("moveend", onMoved);
      map.off("dblclick", onDouble);
      map.getContainer().removeEventListener("keydown", onKey);
      stopCross();
      sketch.remove();
      control.remove();
    },
  };
}

/**
 * @param {{isActive: () => boolean, finish: () => void, stop: () => void, undo: () => void, redo: () => void}} tools
 * @returns {(event: KeyboardEvent) => void}
 */
function keysOf({ isActive, finish, stop, undo, redo }) {
  return (event) => {
    if (!isActive() || /** @type {Element} */ (event.target).closest("textarea, input")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && (event.ctrlKey || event.metaKey)) (event.shiftKey ? redo : undo)();
    else if (key === "backspace") undo();
    else if (key === "f") finish();
    else if (key === "escape") stop();
    else return;
    event.preventDefault();
  };
}

/** @param {import("./drawing.js").Drawing} present */
function tell(present) {
  const detail = {
    geometry: drawing.toGeometry(present),
    vertexCount: present.ring.length,
    closed: present.closed,
    crossings: drawing.crossings(present),
    area_m2: present.closed ? drawing.ringArea_m2(present.ring) : 0,
  };
  document.dispatchEvent(new CustomEvent("drawing-changed", { detail }));
}

/** @param {string} key */
function storeFor(key) {
  const attempt = (/** @type {() => any} */ run) => {
    try {
      return run();
    } catch {
      return null; // Storage may be switched off or full: drawing goes on without being kept.
    }
  };
  return {
    read: () => attempt(() => localStorage.getItem(key)),
    write: (/** @type {import("./drawing.js").Drawing} */ present) => attempt(() => localStorage.setItem(key, JSON.stringify(present))),
    forget: () => attempt(() => localStorage.removeItem(key)),
  };
}

/**
 * @param {{start: () => void, finish: () => void, undo: () => void, redo: () => void, clear: () => void, type: (ring: Position[]) => void}} tools
 */
function toolBar({ start, finish, undo, redo, clear, type }) {
  const hint = el("p", { class: "field__hint", role: "status" });
  const warn = el("p", { class: "field__hint" });
  const text = el("textarea", { class: "textarea", rows: 6, spellcheck: "false", id: "draw-coordinates" });
  const wrong = el("p", { class: "field__error", role: "alert" });
  const take = el("button", { class: "btn btn--wide", type: "submit" }, t("Use these coordinates"));
  const form = el("form", { class: "draw-form stack-s", hidden: true },
    el("label", { class: "field__label", for: "draw-coordinates" }, t("One vertex a line: longitude, latitude")), text, wrong, take);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { ring, problems } = drawing.parseCoordinates(text.value);
    wrong.textContent = problems.length > 0 ? problemText(problems[0]) : ring.length < 3 ? t("A polygon needs at least three vertices.") : "";
    if (!wrong.textContent) type(ring);
  });
  const buttons = {
    start: mapButton({ id: "draw", label: t("Draw"), icon: icon("draw"), onPress: start }),
    finish: mapButton({ id: "finish", label: t("Finish"), icon: icon("check"), onPress: finish }),
    undo: mapButton({ id: "undo", label: t("Undo"), icon: icon("undo"), onPress: undo, bare: true }),
    redo: mapButton({ id: "redo", label: t("Redo"), icon: icon("redo"), onPress: redo, bare: true }),
    clear: mapButton({ id: "clear", label: t("Clear the drawing"), icon: icon("trash"), onPress: clear, bare: true }),
    form: mapButton({ id: "coordinates", label: t("Coordinates"), icon: icon("table"), expands: form, bare: true }),
  };
  const words = el("div", { class: "draw-form" }, hint, warn);
  const element = el("div", {},
    el("div", { class: "draw-bar", role: "toolbar", "aria-label": t("Drawing tools") }, Object.values(buttons)),
    words, form);
  /** @param {{present: import("./drawing.js").Drawing, active: boolean, canUndo: boolean, canRedo: boolean}} state */
  const show = ({ present, active, canUndo, canRedo }) => {
    buttons.start.setAttribute("aria-pressed", String(active));
    buttons.start.disabled = present.closed;
    buttons.finish.disabled = present.closed || present.ring.length < 3;
    buttons.undo.disabled = !canUndo;
    buttons.redo.disabled = !canRedo;
    buttons.clear.disabled = present.ring.length === 0;
    if (document.activeElement !== text) text.value = drawing.formatCoordinates(present.ring);
    hint.textContent = hintFor(present, active);
    // On phones the map needs the room unless there is something to do.
    const idle = present.closed ? drawing.crossings(present).length === 0 : !active && present.ring.length === 0;
    words.classList.toggle("draw-form--idle", idle);
  };
  return { element, show, note: (/** @type {string} */ words) => void (warn.textContent = words) };
}

/**
 * @param {import("./drawing.js").Drawing} present
 * @param {boolean} active
 * @returns {string}
 */
function hintFor(present, active) {
  if (drawing.crossings(present).length > 0) return t("The line crosses itself. Move a vertex or undo.");
  if (present.closed) return t("{hectares} ha. Drag a vertex to move it; Delete removes it.", { hectares: (drawing.ringArea_m2(present.ring) / 10_000).toFixed(2) });
  if (!active) return present.ring.length > 0 ? t("Your drawing is kept here. Press Draw to go on.") : t("Press Draw, then set the corners one by one.");
  if (present.ring.length < 3) return t("Press on the map, or Enter at the cross, to set a vertex.");
  return t("Press the first vertex, Finish or the key F to close the line.");
}

/**
 * @param {{line: number, reason: string}} problem
 * @returns {string}
 */
function problemText({ line, reason }) {
  if (reason === "swapped") return t("Line {line}: write the longitude first, then the latitude.", { line });
  if (reason === "outside") return t("Line {line}: there is no such place on earth.", { line });
  return t("Line {line}: two numbers are needed.", { line });
}
