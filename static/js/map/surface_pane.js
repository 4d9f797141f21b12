/** Ground colours drawn by a page: they tint the map and leave the outlines and names on it readable. */
import { theme } from "../theme.js";

const NAME = "surface";
/** Above the tiles (200), below what is marked (overlays, 400). */
const Z_INDEX = "350";

/**
 * @param {L.Map} map
 * @returns {L.PathOptions} pane and renderer for the layers that make the surface
 */
export function surfaceOf(map) {
  const pane = map.getPane(NAME) ?? map.createPane(NAME);
  // Dark lines stay dark on a light ground, light ones light on a dark ground.
  Object.assign(pane.style, { zIndex: Z_INDEX, pointerEvents: "none", mixBlendMode: theme() === "dark" ? "screen" : "multiply" });
  return { pane: NAME, renderer: L.svg({ pane: NAME }), interactive: false };
}
