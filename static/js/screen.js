/** How large the screen is, where a script must know what the style sheets know by themselves. */

/** @returns {boolean} the panel is a sheet over the map, as in static/css/frame.css */
export function isPhone() {
  return matchMedia("(max-width: 767px)").matches;
}
