/**
 * Labels of all layers of a map share its room: data win, names yield.
 *
 * Every layer of ours is a drawing of its own and settles collisions among its own labels only. Here each layer says
 * which boxes its labels take, in pixels of the world at a zoom, and asks whether a box is taken by a layer that ranks
 * higher. Tiles come in any order: a label that stands where data claim room later is taken away again, and only the
 * tiles it was drawn on are painted anew.
 */

/** @typedef {{minX: number, minY: number, maxX: number, maxY: number}} Box */
/** @typedef {{symbolizer: any}} Rule */

/**
 * @typedef {object} Member
 * @property {number} rank the higher wins; equal ones do not look at each other
 * @property {(zoom: number) => any} index the layer's own index of placed labels, undefined before the first
 * @property {(tiles: Set<string>) => void} repaint paint these screen tiles again, named x:y:z
 * @property {() => void} relayout place all labels again
 */

/** Names of the ground, names of places, numbers of things counted, numbers of hotspots. */
const RANKS = /** @type {Record<string, number>} */ ({ base: 0, areas: 1, drafts: 1, places: 2, hotspots: 4 });
const COUNTS = 3;
/** A screen tile, in px. */
const TILE = 256;
/** Claims kept for a layer and zoom: some screens full; the oldest go first. */
const MOST = 3000;

/**
 * @param {string} layer
 * @returns {number}
 */
export function labelRank(layer) {
  return Object.hasOwn(RANKS, layer) ? RANKS[layer] : COUNTS;
}

/** @param {Box} a @param {Box} b */
function meet(a, b) {
  return a.minX < b.maxX && b.minX < a.maxX && a.minY < b.maxY && b.minY < a.maxY;
}

/**
 * @param {Box} box
 * @param {number} zoom
 * @returns {string[]} the screen tiles a box lies on
 */
export function tilesOf(box, zoom) {
  const found = [];
  for (let x = Math.floor(box.minX / TILE); x <= Math.floor(box.maxX / TILE); x++) {
    for (let y = Math.floor(box.minY / TILE); y <= Math.floor(box.maxY / TILE); y++) found.push(`${x}:${y}:${zoom}`);
  }
  return found;
}

/** @returns {{join: (member: Member) => Seat}} */
export function makeLabelRoom() {
  /** @type {Map<Member, Map<number, Map<string, Box>>>} claims of each member by zoom */
  const claims = new Map();

  /** @param {Member} member @param {number} zoom */
  function ofZoom(member, zoom) {
    const zooms = claims.get(member) ?? new Map();
    claims.set(member, zooms);
    const boxes = zooms.get(zoom) ?? new Map();
    zooms.set(zoom, boxes);
    return boxes;
  }
  /** @param {Member} member @param {number} zoom @param {Box} box */
  function taken(member, zoom, box) {
    for (const [other, zooms] of claims) {
      if (other.rank <= member.rank) continue;
      for (const claim of zooms.get(zoom)?.values() ?? []) if (meet(claim, box)) return true;
    }
    return false;
  }
  /** @param {Member} member @param {number} zoom @param {Box} box */
  function claim(member, zoom, box) {
    const boxes = ofZoom(member, zoom);
    const key = [box.minX, box.minY, box.maxX].map(Math.round).join(":");
    if (boxes.has(key)) return;
    boxes.set(key, box);
    if (boxes.size > MOST) boxes.delete(boxes.keys().next().value);
    for (const other of claims.keys()) if (other.rank < member.rank) makeRoom(other, zoom, box);
  }
  /** @param {Member} member @param {number} zoom @param {Box} box */
  function makeRoom(member, zoom, box) {
    const index = member.index(zoom);
    if (!index) return;
    /** @type {Set<string>} */
    const tiles = new Set();
    for (const label of index.searchLabel({ bboxes: [box] }, Infinity)) {
      index.removeLabel(label);
      for (const part of label.bboxes) for (const tile of tilesOf(part, zoom)) tiles.add(tile);
    }
    if (tiles.size) member.repaint(tiles);
  }
  return {
    join(member) {
      claims.set(member, new Map());
      const settle = (/** @type {number} */ zoom, /** @type {any[] | undefined} */ labels) => {
        const free = labels?.filter((label) => !label.bboxes.some((/** @type {Box} */ box) => taken(member, zoom, box)));
        for (const label of free ?? []) for (const box of label.bboxes) claim(member, zoom, box);
        return free?.length ? free : undefined;
      };
      const settled = (/** @type {any} */ symbolizer) => ({
        place: (/** @type {any} */ layout, /** @type {any} */ geom, /** @type {any} */ feature) => settle(layout.zoom, symbolizer.place(layout, geom, feature)),
      });
      const forget = () => void claims.set(member, new Map());
      const below = () => [...claims.keys()].filter((other) => other.rank < member.rank);
      return {
        rules: (rules) => rules.map((rule) => ({ ...rule, symbolizer: settled(rule.symbolizer) })),
        forget,
        giveWay: () => {
          forget();
          for (const other of below()) other.relayout();
        },
        leave: () => void claims.delete(member),
      };
    },
  };
}

/**
 * @typedef {object} Seat
 * @property {<R extends Rule>(rules: R[]) => R[]} rules label rules that mind the other layers
 * @property {() => void} forget drop what was claimed: it is claimed anew when the labels are placed again
 * @property {() => void} giveWay the layer is hidden: what yielded to it comes back
 * @property {() => void} leave
 */

/** @type {WeakMap<object, ReturnType<typeof makeLabelRoom>>} */
const rooms = new WeakMap();

/**
 * @param {object} map
 * @returns {ReturnType<typeof makeLabelRoom>} the room of this map
 */
export function labelRoomOf(map) {
  const room = rooms.get(map) ?? makeLabelRoom();
  rooms.set(map, room);
  return room;
}
