/** A small bar chart that is also a table for those who cannot see it. */
import { el, svg } from "../dom.js";
import { t } from "../i18n.js";

const WIDTH = 340;
const HEIGHT = 96;
const FOOT = 16;

/**
 * @typedef {object} Bar
 * @property {string} name what the bar stands for, in full
 * @property {string} [mark] what is written below it; most bars have none
 * @property {number} value
 * @property {boolean} [strong] drawn in the colour of what matters
 */

/**
 * @param {{title: string, bars: Bar[], inWords: (value: number) => string}} chart
 * @returns {HTMLElement}
 */
export function barChart({ title, bars, inWords }) {
  const top = Math.max(1, ...bars.map((bar) => bar.value));
  const step = WIDTH / Math.max(1, bars.length);
  const room = HEIGHT - FOOT - 12;
  const drawn = bars.map((bar, index) => {
    const height = (bar.value / top) * room;
    return svg("rect", {
      class: bar.strong ? "chart__bar chart__bar--strong" : "chart__bar",
      x: (index * step + step * 0.12).toFixed(2), width: (step * 0.76).toFixed(2),
      y: (HEIGHT - FOOT - height).toFixed(2), height: Math.max(height, bar.value ? 1 : 0).toFixed(2),
    }, svg("title", {}, `${bar.name}: ${inWords(bar.value)}`));
  });
  const marks = bars.flatMap((bar, index) => (bar.mark ? [svg("text", { class: "chart__mark", y: HEIGHT - 3, ...seat(index, bars.length) }, bar.mark)] : []));
  return el("figure", { class: "chart" },
    el("figcaption", { class: "chart__title" }, title, el("span", { class: "muted small" }, t("most: {count}", { count: top }))),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", class: "chart__picture" },
      svg("line", { class: "chart__ground", x1: 0, x2: WIDTH, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT }), ...drawn, ...marks),
    el("table", { class: "sr-only" }, el("caption", {}, title), el("tbody", {},
      bars.map((bar) => el("tr", {}, el("th", { scope: "row" }, bar.name), el("td", {}, inWords(bar.value)))))));
}

/**
 * Where the mark of a bar stands; those at the ends keep inside the picture.
 * @param {number} index
 * @param {number} count of bars
 * @returns {Record<string, string>}
 */
function seat(index, count) {
  if (index === count - 1) return { x: String(WIDTH), "text-anchor": "end" };
  if (index === 0) return { x: "0", "text-anchor": "start" };
  return { x: (((index + 0.5) * WIDTH) / count).toFixed(2), "text-anchor": "middle" };
}

/**
 * Shares as lying bars, each with its name and number.
 * @param {{title: string, bars: Bar[]}} chart
 * @returns {HTMLElement}
 */
export function shareList({ title, bars }) {
  const top = Math.max(1, ...bars.map((bar) => bar.value));
  return el("figure", { class: "chart" }, el("figcaption", { class: "chart__title" }, title),
    el("ul", { class: "shares" }, bars.map((bar) => el("li", { class: "shares__row" },
      el("span", { class: "shares__name" }, bar.name),
      svg("svg", { class: "shares__bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { class: "chart__bar chart__bar--strong", width: ((100 * bar.value) / top).toFixed(1), height: 8 })),
      el("span", { class: "shares__value" }, bar.value)))));
}
