/** One layer of our vector tiles on the map, drawn by protomaps-leaflet on canvas in our style. */
import { theme } from "../theme.js";
import { t } from "../i18n.js";
import { toast } from "../toast.js";
import { currentState } from "../url_state.js";
import { baseStyle } from "./base_style.js";
import { dataStyle } from "./data_style.js";
import { labelRank, labelRoomOf } from "./label_room.js";
import { layerEntry, pileOf } from "./layer_catalogue.js";
import { paletteOf } from "./palette.js";

/** One data tile serves four screen tiles: a quarter of the requests, and points appear one zoom later. */
const LEVEL_DIFF = 1;

/**
 * @typedef {object} Options
 * @property {string} layer
 * @property {string} url with {z}, {x}, {y}
 * @property {boolean} [visible] when the address says nothing else
 * @property {string | number} [version] of the layer's data: part of the address, so that caches may keep tiles
 * @property {number} [maxDataZoom]
 * @property {string} [attribution] plain text
 */

/**
 * @typedef {object} TileLayer
 * @property {string} name
 * @property {() => boolean} isVisible
 * @property {(visible: boolean) => void} setVisible
 * @property {(version?: string | number) => void} refresh draw again, with new data when the version is new
 * @property {() => void} undo
 */

/**
 * The address of a layer's tiles at a version of its data.
 * @param {string} url
 * @param {string | number | undefined} version
 * @returns {string}
 */
export function tileAddress(url, version) {
  if (version === undefined || version === "") return url;
  return `${url}${url.includes("?") ? "&" : "?"}v=${encodeURIComponent(version)}`;
}

/**
 * @param {string} text
 * @returns {string} the text as Leaflet's attribution wants it: it takes markup
 */
export function escapeMarkup(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * Mount a tile layer.
 * @param {L.Map} map
 * @param {Options} options
 * @returns {TileLayer}
 */
export function mountVectorTiles(map, { layer, url, visible = true, version, maxDataZoom = 18, attribution = "" }) {
  const entry = layerEntry(layer);
  let paper = false;
  const seat = labelRoomOf(map).join({
    rank: labelRank(layer),
    index: (zoom) => tiles?.labelers.getIndex(zoom),
    repaint: (screenTiles) => map.hasLayer(tiles) && screenTiles.forEach((key) => tiles.rerenderTile(key)),
    relayout: () => placeAnew(),
  });
  /** @type {any} */
  let tiles;
  tiles = makeTiles(version);
  const chosen = currentState().layers;
  if (entry.fixed || (chosen ? chosen.includes(layer) : visible)) tiles.addTo(map);

  /** @param {string | number | undefined} atVersion */
  function makeTiles(atVersion) {
    return /** @type {any} */ (protomapsL.leafletLayer(/** @type {any} */ ({
      url: tileSource(tileAddress(url, atVersion), layer), levelDiff: LEVEL_DIFF, maxDataZoom, minZoom: entry.minZoom, maxZoom: 22,
      zIndex: pileOf(entry, map.getZoom()), attribution: escapeMarkup(attribution), updateWhenZooming: false, ...style(),
    })));
  }
  function style() {
    const palette = paletteOf(paper ? "print" : theme());
    const { paintRules, labelRules } = layer === "base" ? baseStyle(palette) : dataStyle(layer, palette);
    return { paintRules, labelRules: seat.rules(labelRules) };
  }
  function placeAnew() {
    tiles.clearLayout();
    if (map.hasLayer(tiles)) tiles.rerenderTiles();
  }
  const restyle = () => {
    Object.assign(tiles, style());
    seat.forget();
    placeAnew();
  };
  const refresh = (/** @type {string | number | undefined} */ next = Date.now()) => {
    const old = tiles;
    seat.forget();
    tiles = makeTiles(next);
    if (!map.hasLayer(old)) return;
    // The old drawing stays until the new one stands: the map never blinks.
    tiles.once("load", () => old.remove());
    tiles.addTo(map);
  };
  const setVisible = (/** @type {boolean} */ wanted) => {
    if (wanted) {
      // What was placed before was placed without regard to what is shown now, and has claimed nothing.
      tiles.clearLayout();
      tiles.addTo(map);
    } else {
      tiles.remove();
      seat.giveWay();
    }
    map.fire("layers-changed");
  };
  const changed = (/** @type {any} */ event) => event.detail.layer === layer && refresh(event.detail.version);
  const beforePrint = () => ((paper = true), restyle());
  const afterPrint = () => ((paper = false), restyle());
  const repile = () => tiles.setZIndex(pileOf(entry, map.getZoom()));
  map.on("zoomend", repile);
  document.addEventListener("theme-changed", restyle);
  document.addEventListener("layer-changed", changed);
  addEventListener("beforeprint", beforePrint);
  addEventListener("afterprint", afterPrint);
  const undo = () => {
    map.off("zoomend", repile);
    document.removeEventListener("theme-changed", restyle);
    document.removeEventListener("layer-changed", changed);
    removeEventListener("beforeprint", beforePrint);
    removeEventListener("afterprint", afterPrint);
    tiles.remove();
    seat.giveWay();
    seat.leave();
  };
  return { name: layer, isVisible: () => map.hasLayer(tiles), setVisible, refresh, undo };
}

/**
 * A source of tiles in the shape the renderer asks of an archive (getZxy). Its own address reader would parse
 * whatever arrives; an error page must neither be parsed nor be silent.
 * @param {string} address with {z}, {x}, {y}
 * @param {string} layer
 */
function tileSource(address, layer) {
  return {
    /** @type {(z: number, x: number, y: number, signal?: AbortSignal) => Promise<{data: ArrayBuffer} | undefined>} */
    async getZxy(z, x, y, signal) {
      const url = address.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y));
      try {
        const answer = await fetch(url, { signal, credentials: "same-origin", redirect: "error" });
        if (!answer.ok) throw new Error(`tile ${url}: ${answer.status}`);
        const data = await answer.arrayBuffer();
        return data.byteLength ? { data } : undefined;
      } catch (error) {
        if (/** @type {Error} */ (error).name !== "AbortError") tellOnce(layer);
        throw error;
      }
    },
  };
}

let told = false;

/** @param {string} layer */
function tellOnce(layer) {
  if (told) return;
  told = true;
  toast(t("Part of the map could not be loaded ({layer}).", { layer: layerEntry(layer).label() }), {
    kind: "alarm",
    action: {
      label: t("Try again"),
      run: () => {
        told = false;
        document.dispatchEvent(new CustomEvent("layer-changed", { detail: { layer } }));
      },
    },
  });
}
