/** Beside the check: by which rules, since when, where they are changed; and the grids' codes by the scheme. */
import { get, post } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { formatInstant, t, tn } from "../i18n.js";
import { shortName } from "../map/grid_editor.js";
import { toast, toastProblem } from "../toast.js";

/** @typedef {import("./studio.js").Studio} Studio */

/**
 * @param {HTMLElement} check the panel of the findings: the line stands before it and is seen with it
 * @param {{studio: () => Studio | null}} page
 */
export function mountRules(check, { studio }) {
  const line = el("div", { class: "stack-s studio-rules", "data-rules-line": "", hidden: true });
  check.before(line);
  const show = () => {
    line.hidden = check.hidden;
    if (!check.hidden) void load();
  };
  const watching = new MutationObserver(show);
  watching.observe(check, { attributes: true, attributeFilter: ["hidden"] });

  async function load() {
    try {
      const answer = await get("/api/grid-rules");
      const open = studio()?.state.set;
      fillWith(line,
        el("p", { class: "small" }, answer.number ? t("Rules of {day}, set by {who}.", { day: formatInstant(answer.since).slice(0, 10), who: answer.by || t("the system") }) : t("The rules are as shipped."), " ",
          el("a", { href: "/boundaries/rules" }, answer.may_change ? t("Change the rules") : t("Look at the rules"))),
        open?.can.edit && open.state === "draft" ? el("button", { class: "btn", type: "button", "data-renumber": "", onClick: () => void preview() }, icon("table"), t("Number the grids anew")) : null);
    } catch (error) {
      toastProblem(error);
    }
  }

  /** The codes as they would be: seen before they are given. */
  async function preview() {
    const open = studio();
    if (!open) return;
    try {
      const { codes } = await get(`${open.address}/codes`);
      const changed = codes.filter((/** @type {any} */ one) => one.before !== one.after);
      if (changed.length === 0) return void toast(t("Every grid has its code already."));
      const give = async () => {
        try {
          await post(`${open.address}/edits`, { kind: "renumber" });
          await open.reload();
          toast(t("Numbered anew. Undo takes it back."));
          await load();
        } catch (error) {
          toastProblem(error);
        }
      };
      fillWith(line, el("section", { class: "card stack-s", "data-new-codes": "" },
        el("h2", {}, tn("{count} grid gets another code", "{count} grids get another code", changed.length)),
        el("div", { class: "table-wrap" }, el("table", { class: "table studio-table" },
          el("thead", {}, el("tr", {}, el("th", {}, t("Grid"), el("br"), t("Code today")), el("th", { class: "number" }, t("New code")))),
          el("tbody", {}, changed.map((/** @type {any} */ one) => el("tr", {}, el("th", { scope: "row" }, shortName(one.name, open.state.set.community), el("br"), el("small", { class: "muted" }, one.before)), el("td", { class: "number" }, one.after)))))),
        el("div", { class: "row" }, el("button", { class: "btn btn--primary grow", type: "button", "data-give-codes": "", onClick: () => void give() }, icon("check"), t("Give these codes")),
          el("button", { class: "btn", type: "button", onClick: () => void load() }, t("Cancel")))));
    } catch (error) {
      toastProblem(error);
    }
  }
  return () => {
    watching.disconnect();
    line.remove();
  };
}
