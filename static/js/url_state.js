/**
 * The page's state in its address, so that every view can be linked and the back button works.
 *
 * `at=lon,lat,zoom` · `layers=a,b` · `place=code` · `sel=kind:id`; parameters of other rooms stay untouched.
 */

/**
 * @typedef {object} ViewState
 * @property {{lon: number, lat: number, zoom: number} | null} [at]
 * @property {string[] | null} [layers] visible layers; null: the page's own choice
 * @property {string | null} [place] code of an area
 * @property {{kind: string, id: string} | null} [selection]
 */

/**
 * @param {string} search the part of an address from "?" on
 * @returns {ViewState} null for everything absent or malformed
 */
export function readState(search) {
  const query = new URLSearchParams(search);
  return {
    at: parseAt(query.get("at")),
    layers: query.has("layers") ? (query.get("layers") ?? "").split(",").filter(Boolean) : null,
    place: query.get("place") || null,
    selection: parseSelection(query.get("sel")),
  };
}

/**
 * @param {string} search the present search part
 * @param {ViewState} change only what is to change; null removes
 * @returns {string} the new search part, "" or starting with "?"
 */
export function writeState(search, change) {
  const query = new URLSearchParams(search);
  for (const [name, text] of Object.entries(textOf(change))) {
    if (text === null) query.delete(name);
    else query.set(name, text);
  }
  const written = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return written ? `?${written}` : "";
}

/** @returns {ViewState} */
export function currentState() {
  return readState(location.search);
}

/**
 * Keep a change in the address.
 * @param {ViewState} change
 * @param {{step?: boolean}} [options] step: a new entry for the back button (a choice, not a pan)
 */
export function keepState(change, { step = false } = {}) {
  const search = writeState(location.search, change);
  if (search === location.search) return;
  const address = location.pathname + search + location.hash;
  if (step) history.pushState(null, "", address);
  else history.replaceState(history.state, "", address);
}

/**
 * Hear of the back and forward buttons.
 * @param {(state: ViewState) => void} listener
 * @returns {() => void} stops listening
 */
export function onStateBack(listener) {
  const heard = () => listener(currentState());
  addEventListener("popstate", heard);
  return () => removeEventListener("popstate", heard);
}

/**
 * @param {ViewState} change
 * @returns {Record<string, string | null>}
 */
function textOf(change) {
  /** @type {Record<string, string | null>} */
  const texts = {};
  if (change.at !== undefined) texts.at = change.at && atText(change.at);
  if (change.layers !== undefined) texts.layers = change.layers && change.layers.join(",");
  if (change.place !== undefined) texts.place = change.place;
  if (change.selection !== undefined) {
    texts.sel = change.selection && `${change.selection.kind}:${change.selection.id}`;
  }
  return texts;
}

/**
 * Five decimals of a degree are about a metre: as much as a screen position needs.
 * @param {{lon: number, lat: number, zoom: number}} at
 * @returns {string}
 */
function atText({ lon, lat, zoom }) {
  return `${lon.toFixed(5)},${lat.toFixed(5)},${zoom}`;
}

/**
 * @param {string | null} text
 * @returns {{lon: number, lat: number, zoom: number} | null}
 */
function parseAt(text) {
  const numbers = (text ?? "").split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (numbers.length !== 3 || !numbers.every(Number.isFinite)) return null;
  const [lon, lat, zoom] = numbers;
  const inside = Math.abs(lon) <= 180 && Math.abs(lat) <= 85 && zoom >= 0 && zoom <= 22;
  return inside ? { lon, lat, zoom } : null;
}

/**
 * @param {string | null} text
 * @returns {{kind: string, id: string} | null}
 */
function parseSelection(text) {
  const match = /^([a-z_]+):([\w-]+)$/.exec(text ?? "");
  return match ? { kind: match[1], id: match[2] } : null;
}
