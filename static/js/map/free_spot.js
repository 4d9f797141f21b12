/** Where a small square can stand without covering what is written. Pure: boxes in pixels. */

/** @typedef {{x: number, y: number}} Spot */
/** @typedef {{min?: Spot, max?: Spot}} Box as Leaflet's bounds, which may be empty */

/** Of a piece that is smaller than this there is nothing left to see below a mark, in px. */
const SMALL_PX = 64;
/** Air between a small piece and the mark beside it, in px. */
const AIR_PX = 10;
/** How far above, below and beside its place a mark may stand, in px: a label of two lines is 32 high and up to 160 wide. */
const STEPS_PX = [[0, -34], [0, 34], [-60, 0], [60, 0], [0, -64], [0, 64], [-94, 0], [94, 0]];

/**
 * @param {Spot} at where the square would stand best: its middle
 * @param {{half: number, size: Spot, taken: Box[]}} room half the side of the square, with its air; width and height of what it
 *   marks; the boxes that must stay readable
 * @returns {Spot} the first place that is free; where none is, the best place
 */
export function freeSpot(at, { half, size, taken }) {
  const [right, down] = [size.x / 2 + half + AIR_PX, size.y / 2 + half + AIR_PX];
  const outside = [[right, 0], [-right, 0], [0, -down], [0, down]];
  const isSmall = Math.max(size.x, size.y) < SMALL_PX;
  const ways = isSmall ? [...outside, ...STEPS_PX] : [[0, 0], ...STEPS_PX];
  const spots = ways.map(([x, y]) => ({ x: at.x + x, y: at.y + y }));
  return spots.find((spot) => !taken.some((box) => meets(spot, half, box))) ?? at;
}

/** @param {Spot} spot @param {number} half @param {Box} box */
function meets({ x, y }, half, { min, max }) {
  return min !== undefined && max !== undefined && x - half < max.x && x + half > min.x && y - half < max.y && y + half > min.y;
}
