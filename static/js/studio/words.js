/** What the studio calls things: states, edits, kinds of rows, findings. Words only. */
import { t, tn } from "../i18n.js";
import { areaText } from "../pages/boundaries_words.js";

/** @typedef {{state: string, returned?: {by: string, words: string} | null, effective_on?: string | null}} Standing where a change set stands */

/** @param {Standing} set @returns {string} */
export function stateWord({ state, returned, effective_on }) {
  if (returned) return t("Returned, to be mended");
  if (state === "approved") return t("Approved for {day}", { day: effective_on ?? "" });
  const words = { draft: t("Being drafted"), review: t("Waits for review"), published: t("Published"), discarded: t("Discarded") };
  return words[/** @type {keyof typeof words} */ (state)] ?? state;
}

/** @param {Standing} set @returns {string} what a print says of its boundaries: of which day they are, and that a draft is none */
export function printNote(set) {
  if (set.state === "published") return t("in force since {day}", { day: set.effective_on ?? "" });
  return t("{state} · not in force", { state: stateWord(set) });
}

/** @param {{by: string, words: string}} returned @returns {string} who returned a change set, and what is to be mended */
export function returnedWords({ by, words }) {
  return t("{who}: {words}", { who: by, words });
}

/** @param {Standing} set @returns {string} the look of the badge */
export function stateLook({ state, returned }) {
  if (returned) return "badge--attend";
  return { review: "badge--attend", approved: "badge--action", published: "badge--done" }[state] ?? "";
}

/** @param {string} state of a grid in an impact @returns {string} "" where it only changes */
export function gridStateWord(state) {
  return { new: t("new"), restored: t("comes back"), ended: t("ends") }[state] ?? "";
}

/** @param {string} state of a grid in an impact @returns {boolean} whether it has no ground today */
export function isNowhere(state) {
  return state === "new" || state === "restored";
}

/**
 * @param {string | null} before null where there was nothing before
 * @param {string} after
 * @returns {string} both figures, or one where nothing changes
 */
export function beforeAfter(before, after) {
  return before === null || before === after ? after : `${before} → ${after}`;
}

/** @param {string} kind @returns {string} what somebody did */
export function editWord(kind) {
  const words = {
    draw: t("drew a grid"), split: t("split a grid"), merge: t("merged grids"), move_vertex: t("moved a corner"), insert_vertex: t("added a corner"),
    delete_vertex: t("deleted a corner"), reshape: t("redrew a boundary"), follow: t("let a boundary follow"), give_strip: t("gave a strip"),
    cut_hole: t("cut out a grid"), simplify: t("simplified boundaries"), rename: t("renamed a grid"), renumber: t("numbered the grids anew"), undo: t("took an edit back"), redo: t("did an edit again"),
    repair: t("repaired boundaries"), proposal: t("took over a proposal"), import: t("imported grids"),
  };
  return words[/** @type {keyof typeof words} */ (kind)] ?? kind;
}

/** @param {string} kind @returns {string} what has just been done, said to whoever did it */
export function doneWord(kind) {
  const words = {
    draw: t("Grid drawn"), split: t("Grid split"), merge: t("Grids merged"), move_vertex: t("Corner moved"), insert_vertex: t("Corner added"), delete_vertex: t("Corner deleted"),
    reshape: t("Boundary redrawn"), follow: t("Boundary laid along the line"), give_strip: t("Strip given"), cut_hole: t("Grid cut out"), simplify: t("Boundaries simplified"),
    rename: t("Grid renamed"), renumber: t("Grids numbered anew"), undo: t("Taken back"), redo: t("Done again"), repair: t("Boundaries repaired"),
  };
  return words[/** @type {keyof typeof words} */ (kind)] ?? kind;
}

/** @param {string} kind name of a table @param {number} count @returns {string} how many of its rows */
export function rowsWords(kind, count) {
  const words = {
    household: tn("{count} household", "{count} households", count), dwelling: tn("{count} dwelling", "{count} dwellings", count),
    camera: tn("{count} camera", "{count} cameras", count), incident: tn("{count} reported incident", "{count} reported incidents", count),
    place: tn("{count} key place", "{count} key places", count), team: tn("{count} team station", "{count} team stations", count),
    patrol_stop: tn("{count} planned stop", "{count} planned stops", count),
    open_case: tn("{count} open case", "{count} open cases", count), post: tn("{count} post held", "{count} posts held", count),
  };
  return words[/** @type {keyof typeof words} */ (kind)] ?? `${count} ${kind}`;
}

/** @param {string} kind @returns {string} */
export function findingWord(kind) {
  const words = {
    gap: t("Ground of no grid"), overlap: t("Two grids overlap"), unmatched: t("Corners do not meet"), outside_parent: t("Leaves the community"),
    disconnected: t("A grid in several parts"), area_small: t("A small grid"), area_large: t("A large grid"), narrow: t("A narrow grid"), households_few: t("Few households"),
    households_many: t("Many households"), building_cut: t("A boundary runs through a building"),
  };
  return words[/** @type {keyof typeof words} */ (kind)] ?? kind;
}

/**
 * The figure of a broken rule, beside the limit that it passes: 43 m², at least 500 m².
 * @param {string} kind of the rule
 * @param {number} size in the unit of the kind
 * @param {number | null} limit
 * @returns {string}
 */
export function figureWords(kind, size, limit) {
  const homes = (/** @type {number} */ count) => tn("{count} household", "{count} households", count);
  const metres = (/** @type {number} */ count) => t("{count} m", { count });
  const parts = (/** @type {number} */ count) => tn("{count} part", "{count} parts", count);
  const buildings = (/** @type {number} */ count) => tn("{count} building", "{count} buildings", count);
  const write = { building_cut: buildings, disconnected: parts, narrow: metres, households_few: homes, households_many: homes }[kind] ?? areaText;
  if (limit === null) return write(size);
  const bound = { limit: write(limit) };
  return t("{figure}, {limit}", { figure: write(size), limit: ["area_large", "households_many"].includes(kind) ? t("at most {limit}", bound) : t("at least {limit}", bound) });
}

/** @param {string} kind @returns {string} */
export function postWord(kind) {
  const words = { captain: t("grid captain"), worker: t("grid worker"), police: t("police officer"), mediator: t("mediator"), informant: t("informant"), building_head: t("building head"), volunteer: t("volunteer"), partner: t("partner") };
  return words[/** @type {keyof typeof words} */ (kind)] ?? kind;
}

/** @param {string} kind @returns {string} */
export function lineageWord(kind) {
  const words = { split_from: t("split from"), merged_into: t("took over"), took_from: t("took ground from") };
  return words[/** @type {keyof typeof words} */ (kind)] ?? kind;
}
