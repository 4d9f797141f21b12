/** Placing by hand: press a thing on the map, give it to a grid with a reason, see the mark, take it back. */
import { ProblemError, get, post } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { sheet } from "../frame.js";
import { formatInstant, t } from "../i18n.js";
import { toast, toastProblem } from "../toast.js";

const PLACED = ["dwelling", "camera", "place", "incident"];

/** @param {string} kind @returns {string} */
function kindWord(kind) {
  const words = { dwelling: t("Dwelling"), camera: t("Camera"), place: t("Key place"), incident: t("Incident") };
  return words[/** @type {keyof typeof words} */ (kind)] ?? kind;
}

/**
 * @param {HTMLElement} root the room's panel
 * @param {{mayPlace: boolean, onPlaced: () => void}} page `onPlaced`: the map's layers are drawn anew
 */
export function mountPlaced(root, { mayPlace, onPlaced }) {
  const box = el("section", { class: "card stack-s", "data-placing": "", "aria-live": "polite", hidden: true });
  root.prepend(box);
  let asked = new AbortController();
  const close = () => {
    asked.abort();
    box.hidden = true;
    fillWith(box);
  };

  /** @param {any[]} features what lies under the finger, nearest first */
  function showThings(features) {
    fillWith(box, headOf(t("What is here"), close), el("ul", { class: "list" }, features.map((one) => el("li", { class: "list__item" },
      el("button", { class: "list__link", type: "button", "data-place-thing": `${one.kind}:${one.id}`, onClick: () => void open(one.kind, one.id) },
        el("span", { class: "list__text" }, el("span", { class: "list__title" }, one.label || kindWord(one.kind)), el("span", { class: "list__detail" }, [kindWord(one.kind), one.detail].filter(Boolean).join(" · "))), icon("right"))))));
    box.hidden = false;
    if (sheet?.height() === "peek") sheet.setHeight("half");
  }

  /** @param {string} kind @param {number} id */
  async function open(kind, id) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      showCard(await get(`/api/placements/${kind}/${id}`, { signal }));
    } catch (error) {
      if (!signal.aborted) toastProblem(error);
    }
  }

  /** @param {any} thing */
  function showCard(thing) {
    const { placement } = thing;
    const facts = [[t("Belongs to"), thing.owner.name], [t("Lies in"), thing.by_ground ? thing.by_ground.name : t("no grid")]];
    fillWith(box, headOf(thing.label || kindWord(thing.kind), close),
      el("dl", { class: "facts" }, facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      placement ? el("p", { class: "notice", "data-held": placement.id }, icon("attend"), el("span", {}, t("Placed by hand by {who}, {time}: {reason}", { who: placement.by, time: formatInstant(placement.at), reason: placement.reason }))) : null,
      placement ? el("button", { class: "btn btn--wide", type: "button", "data-take-back": "", onClick: () => void takeBack(placement.id) }, icon("undo"), t("Take back: belongs where it lies")) : null,
      placingForm(thing));
    box.hidden = false;
  }

  /** @param {any} thing */
  function placingForm(thing) {
    const grid = el("select", { class: "select", id: "placing-grid", "data-placing-grid": "" }, thing.grids.map((/** @type {any} */ one) => el("option", { value: one.id, selected: one.id === (thing.placement ? null : thing.owner.id) }, `${one.name} · ${one.community}`)));
    const reason = el("input", { class: "input", id: "placing-reason", maxlength: 200, autocomplete: "off", "data-placing-reason": "", placeholder: t("One sentence, for the record") });
    const refusal = el("p", { class: "field__error", role: "alert", hidden: true });
    const send = async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        const answer = await post("/api/placements", { kind: thing.kind, id: thing.id, grid: Number(grid.value), reason: reason.value });
        toast(t("{label} belongs to {grid} from now on.", { label: answer.label || kindWord(answer.kind), grid: answer.owner.name }));
        showCard(answer);
        onPlaced();
      } catch (error) {
        refusal.hidden = false;
        fillWith(refusal, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong."));
      }
    };
    return el("form", { class: "stack-s", onSubmit: (/** @type {Event} */ event) => void send(event) },
      el("div", { class: "field" }, el("label", { class: "field__label", for: grid.id }, t("Belongs to a grid by hand")), grid),
      el("div", { class: "field" }, el("label", { class: "field__label", for: reason.id }, t("Why")), reason), refusal,
      el("button", { class: "btn btn--primary btn--wide", "data-place": "" }, icon("check"), t("Place by hand")));
  }

  /** @param {number} id */
  async function takeBack(id) {
    try {
      const answer = await post(`/api/placements/${id}/undo`);
      toast(t("{label} belongs to {grid} again.", { label: answer.label || kindWord(answer.kind), grid: answer.owner.name }));
      showCard(answer);
      onPlaced();
    } catch (error) {
      toastProblem(error);
    }
  }

  const stopPicks = listen(document, "place-picked", (event) => {
    const things = event.detail.features.filter((/** @type {any} */ one) => PLACED.includes(one.kind));
    if (!mayPlace || things.length === 0) close();
    else if (things.length === 1) void open(things[0].kind, things[0].id);
    else showThings(things);
  });
  return () => {
    stopPicks();
    close();
    box.remove();
  };
}

/** @param {string} title @param {() => void} close */
function headOf(title, close) {
  return el("div", { class: "studio-form__head" }, el("h2", {}, title), el("button", { class: "btn btn--quiet btn--icon", type: "button", "aria-label": t("Close"), onClick: close }, icon("close")));
}
