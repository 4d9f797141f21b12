/** The studio's keys: what each does, and the list of them that "?" opens. */
import { el, fillWith, icon, listen } from "../dom.js";
import { t } from "../i18n.js";
import { TOOLS } from "./tools.js";

/** @typedef {import("./studio.js").Studio} Studio */

/**
 * @typedef {object} Acts what keys do besides choosing a tool
 * @property {() => Studio | null} studio
 * @property {() => boolean} mayEdit
 * @property {(way: "swipe" | "beside") => void} compare
 * @property {() => boolean} stopPicking whether a place was being chosen
 */

/** @returns {{title: string, keys: [key: string, does: string, how?: string][]}[]} all keys, grouped, with what they do */
export function keyGroups() {
  return [
    { title: t("Tools"), keys: TOOLS.map((tool) => [tool.key.toUpperCase(), tool.label(), tool.hint()]) },
    {
      title: t("While drawing"), keys: [
        ["Enter", t("set a corner or choose a grid at the cross (the map has the focus); apply")],
        [t("Arrows"), t("move the map below the cross; with Ctrl a step of a corner's width")],
        ["Ctrl+Enter", t("apply, from any field")], ["Backspace", t("take the last corner back")],
        ["Ctrl+Z", t("take back: the last corner, then the last edit")], ["Ctrl+Shift+Z", t("do the edit again")], ["Esc", t("leave a field; put the tool away")],
      ],
    },
    { title: t("Looking"), keys: [["C", t("Divider"), t("One map cut in two: before on the left, after on the right. Drag the divider.")], ["B", t("Side by side"), t("Two maps that move together: before and after.")], ["+ −", t("zoom (the map has the focus)")], ["?", t("this list")]] },
  ];
}

/**
 * @param {HTMLElement} box of the list
 * @param {HTMLElement} button opens it
 * @returns {{toggle: () => void, close: () => boolean}} close: whether it was open
 */
export function mountKeyList(box, button) {
  const done = el("button", { class: "btn btn--quiet btn--icon", type: "button", "aria-label": t("Close") }, icon("close"));
  fillWith(box, el("div", { class: "studio-form__head" }, el("h2", {}, t("Tools and keys")), done),
    keyGroups().map(({ title, keys }) => el("section", {}, el("h3", {}, title),
      el("dl", { class: "studio-keys__list" }, keys.flatMap(([key, does, how]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, how ? [el("strong", {}, does), " ", how] : does)])))));
  const show = (/** @type {boolean} */ open) => {
    box.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) done.focus();
    else if (document.activeElement === document.body || box.contains(document.activeElement)) button.focus();
  };
  const toggle = () => show(box.hidden);
  const close = () => {
    if (box.hidden) return false;
    show(false);
    return true;
  };
  listen(button, "click", toggle);
  listen(done, "click", close);
  return { toggle, close };
}

/**
 * @param {Acts} acts
 * @param {{toggle: () => void, close: () => boolean}} keyList
 * @returns {(event: KeyboardEvent) => void} a listener for the document; fields keep their keys
 */
export function keyListener(acts, keyList) {
  return (event) => {
    const studio = acts.studio();
    const target = /** @type {Element} */ (event.target);
    if (!studio || event.altKey || event.defaultPrevented || target.closest("input, textarea, select")) return;
    const done = event.ctrlKey || event.metaKey ? withControl(event, studio) : plain(event, target, { acts, studio, keyList });
    if (done) event.preventDefault();
  };
}

/** @param {KeyboardEvent} event @param {Studio} studio @returns {boolean} whether the key was one of ours */
function withControl(event, studio) {
  const key = event.key.toLowerCase();
  // While a line is drawn, its last corner is what was done last.
  if (key === "z") (event.shiftKey ? studio.redo : studio.state.input.points.length ? studio.dropPoint : studio.undo)();
  else if (key === "enter") void studio.apply();
  else return false;
  return true;
}

/**
 * @param {KeyboardEvent} event @param {Element} target
 * @param {{acts: Acts, studio: Studio, keyList: {toggle: () => void, close: () => boolean}}} page
 * @returns {boolean} whether the key was one of ours
 */
function plain(event, target, { acts, studio, keyList }) {
  const { tool, preview } = studio.state;
  const key = event.key.toLowerCase();
  if (["?", "？"].includes(key)) keyList.toggle();
  else if (key === "escape") return escape(acts, studio, keyList);
  else if (key === "backspace" && tool) studio.dropPoint();
  else if (key === "enter" && preview && (target === document.body || target.matches(".studio-form"))) void studio.apply();
  else if (key === "c") acts.compare("swipe");
  else if (key === "b") acts.compare("beside");
  else return chooseTool(key, target, acts, studio);
  return true;
}

/** @param {Acts} acts @param {Studio} studio @param {{close: () => boolean}} keyList @returns {boolean} */
function escape(acts, studio, keyList) {
  if (keyList.close() || acts.stopPicking()) return true;
  if (!studio.state.tool) return false;
  studio.choose(null);
  return true;
}

/** @param {string} key @param {Element} target @param {Acts} acts @param {Studio} studio @returns {boolean} */
function chooseTool(key, target, acts, studio) {
  const tool = TOOLS.find((one) => one.key === key);
  if (!tool || !acts.mayEdit()) return false;
  studio.choose(tool.kind);
  // Whoever works at the cross of the map stays there; others go on with Tab inside the tool's form.
  if (studio.state.tool && !target.closest(".folium-map")) /** @type {HTMLElement | null} */ (document.querySelector(".studio-form"))?.focus();
  return true;
}
