/**
 * Noticing that the data of a layer changed: the versions are asked for now and then and whenever a job that the page
 * followed has ended, and a layer whose version is new is drawn again.
 *
 * GET /api/layers answers {"layers": {name: version, …}}.
 */
import { get } from "../api.js";

const EVERY_MS = 30_000;

/**
 * @param {Record<string, string | number>} known
 * @param {Record<string, string | number>} found
 * @returns {string[]} layers whose version differs; one seen for the first time has not changed
 */
export function changedLayers(known, found) {
  return Object.keys(found).filter((name) => name in known && known[name] !== found[name]);
}

/** @returns {() => void} stops asking */
export function followVersions() {
  /** @type {Record<string, string | number>} */
  let known = {};
  const ask = async () => {
    if (document.hidden) return;
    try {
      const found = (await get("/api/layers")).layers ?? {};
      const changed = changedLayers(known, found);
      known = found;
      for (const layer of changed) {
        document.dispatchEvent(new CustomEvent("layer-changed", { detail: { layer, version: found[layer] } }));
      }
    } catch {
      // The next turn asks again; a map that is half a minute old is still a map.
    }
  };
  const timer = setInterval(ask, EVERY_MS);
  document.addEventListener("job-ended", ask);
  void ask();
  return () => {
    clearInterval(timer);
    document.removeEventListener("job-ended", ask);
  };
}
