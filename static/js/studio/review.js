/** What a change set would move, and the steps of its review. */
import { ProblemError, get, post } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { formatInstant, t, tn } from "../i18n.js";
import { isoEcho } from "../iso_echo.js";
import { shortName } from "../map/grid_editor.js";
import { hectares } from "../pages/boundaries_words.js";
import { toast, toastProblem } from "../toast.js";
import { followJob, jobCard } from "../tray.js";
import { districtParts, gridStateBadge } from "./districts.js";
import { askToPublish } from "./publish_question.js";
import { openCount } from "./talk.js";
import { beforeAfter, isNowhere, postWord, rowsWords } from "./words.js";

/** @typedef {import("./studio.js").State} State */
/** @typedef {import("./studio.js").Studio} Studio */

/** @param {HTMLElement} root @param {string} address @param {{signal: AbortSignal, community: string}} context */
export async function showImpact(root, address, { signal, community }) {
  try {
    fillWith(root, impactParts(await get(`${address}/impact`, { signal }), community));
  } catch (error) {
    if (!signal.aborted) fillWith(root, el("p", { class: "field__error", role: "alert" }, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong.")));
  }
}

/** @param {any} impact @param {string} community */
function impactParts({ grids, corners, moves, staff, placements, routes, stops, districts }, community) {
  if (grids.length === 0 && corners) return [el("div", { class: "empty", "data-corners-only": "" }, icon("grid"), el("p", { class: "empty__title" }, t("Only corners were added")), el("p", {}, cornersWords(corners)))];
  if (grids.length === 0) return [el("div", { class: "empty" }, icon("grid"), el("p", { class: "empty__title" }, t("Nothing changes yet")), el("p", {}, t("Once a grid is edited, this shows who and what moves from where to where.")))];
  const row = (/** @type {any} */ grid) => el("tr", {}, el("th", { scope: "row" }, shortName(grid.name, community), " ", gridStateBadge(grid.state)),
    [[hectares(grid.area_before_m2), hectares(grid.area_after_m2)], [String(grid.before.household ?? 0), String(grid.after.household ?? 0)]].map(([before, after]) => el("td", { class: "number" }, beforeAfter(isNowhere(grid.state) ? null : before, after))));
  const place = (/** @type {any} */ one) => (one ? shortName(one.name, community) : t("no grid"));
  return [
    el("div", { class: "table-wrap" }, el("table", { class: "table studio-table" },
      el("thead", {}, el("tr", {}, el("th", {}, t("Grid")), el("th", { class: "number" }, t("Area (ha)")), el("th", { class: "number" }, t("Households")))), el("tbody", {}, grids.map(row)))),
    corners ? el("p", { class: "muted small" }, cornersWords(corners)) : null,
    el("h3", {}, t("Who and what moves")),
    moves.length === 0 ? el("p", { class: "muted" }, t("Nothing changes hands.")) : el("ul", { class: "list", "data-moves": "" }, grouped(moves).map(({ from, to, counts }) => el("li", { class: "list__item" }, el("div", { class: "list__link" },
      el("span", { class: "list__text" }, el("span", { class: "list__title" }, `${place(from)} → ${place(to)}`), el("span", { class: "list__detail" }, counts)))))),
    staff.length ? [el("h3", {}, t("Posts on grids that end")), el("ul", { class: "list" }, staff.map((/** @type {any} */ one) => el("li", { class: "list__item" }, el("div", { class: "list__link" }, el("span", { class: "list__text" },
      el("span", { class: "list__title" }, `${postWord(one.post)} ${one.holder || t("(vacant)")}`), el("span", { class: "list__detail" }, succession(one, place)))))))] : null,
    placements?.length ? [el("h3", {}, t("Placed by hand until now")), el("p", { class: "muted small" }, t("Their grid ends: they go where they lie.")), el("ul", { class: "list", "data-placements": "" }, placements.map((/** @type {any} */ one) => el("li", { class: "list__item" }, el("div", { class: "list__link" }, el("span", { class: "list__text" },
      el("span", { class: "list__title" }, one.label || rowsWords(one.kind, 1)), el("span", { class: "list__detail" }, `${place(one.from)} · ${one.author}: ${one.reason}`))))))] : null,
    routes ? el("p", { class: "muted" }, tn("{count} planned route crosses ground that changes hands.", "{count} planned routes cross ground that changes hands.", routes)) : null,
    stops ? el("p", { class: "muted" }, tn("{count} planned stop lies on ground that changes hands.", "{count} planned stops lie on ground that changes hands.", stops)) : null,
    districtParts(districts ?? [], community),
    el("button", { class: "btn", type: "button", "data-print": "", onClick: () => print() }, icon("print"), t("Print map and impact")),
  ].flat();
}

/**
 * @param {{post: string, from: any, to: any, becomes?: string | null}} one `becomes` is missing in what was published before it was told
 * @param {(grid: any) => string} place @returns {string} where whoever holds a post of a grid that ends goes on
 */
function succession({ post, from, to, becomes = post }, place) {
  if (becomes === null) return t("{grid}: the post ends with its grid", { grid: place(from) });
  if (becomes === post) return `${place(from)} → ${place(to)}`;
  return t("{from} → {to}, as {post}", { from: place(from), to: place(to), post: postWord(becomes) });
}

/** @param {number} count */
function cornersWords(count) {
  return tn("{count} grid only gets a corner on its edge: its ground and its households stay.", "{count} grids only get corners on their edges: their ground and their households stay.", count);
}

/** @param {any[]} moves @returns {{from: any, to: any, counts: string}[]} one line for each pair of grids */
function grouped(moves) {
  /** @type {Map<string, {from: any, to: any, counts: string[]}>} */
  const pairs = new Map();
  for (const { kind, from, to, count } of moves) {
    const key = `${from?.code}>${to?.code}`;
    const pair = pairs.get(key) ?? { from, to, counts: [] };
    pair.counts.push(rowsWords(kind, count));
    pairs.set(key, pair);
  }
  return [...pairs.values()].map((pair) => ({ ...pair, counts: pair.counts.join(t(", ")) }));
}

/**
 * @typedef {{studio: () => Studio, today: string, onLeave: () => void, onGround: () => void, onFlaws: (flaws: any[]) => void, hasCompared: () => boolean, onCompare: () => void}} ReviewPage
 *   `onFlaws` shows the places for which a step was refused; `onCompare` opens the maps side by side
 * @typedef {(path: string, body: any, studio?: Studio) => Promise<any>} Step answers null where it was refused, which is told
 */

/** @param {string} name @param {string} sign @param {() => void} run @param {string} look @param {string} mark */
function stepButton(name, sign, run, look, mark) {
  return el("button", { class: `btn ${look}`, type: "button", "data-step": mark, onClick: run }, icon(sign), name);
}

/** @param {HTMLElement} root @param {ReviewPage} page */
export function mountReview(root, page) {
  const note = el("textarea", { class: "textarea", rows: 2, maxlength: 2000, id: "studio-note", "data-note": "" });
  const steps = el("div", { class: "stack-s" });
  const card = root.closest(".review");
  const label = el("label", { class: "field__label", for: note.id });
  const words = el("div", { class: "field" }, label, note);

  let forgetRefusal = () => {};
  /** @type {Step} */
  const step = async (path, body, studio = page.studio()) => {
    forgetRefusal();
    try {
      const answer = await post(studio.address + path, body);
      note.value = "";
      await studio.reload();
      return answer;
    } catch (error) {
      forgetRefusal = toastProblem(error);
      if (error instanceof ProblemError && error.code === "comment_missing") note.focus();
      if (error instanceof ProblemError && error.fields.flaws?.length) page.onFlaws(error.fields.flaws);
      return null;
    }
  };
  const approval = mountApproval(page, { step, words: () => note.value });
  const waits = el("div");
  fillWith(root, waits, words, steps, approval.answers);
  /** @param {string} path @param {string} done what is said when it is */
  const turn = async (path, done) => {
    if (await step(path, { note: note.value })) toast(done);
  };
  const discard = async () => {
    const { address } = page.studio();
    if (!(await step("/discard", {}))) return;
    page.onGround();
    page.onLeave();
    toast(t("The change set is discarded."), { durationMs: 10_000, action: { label: t("Undo"), run: () => void post(`${address}/bring-back`).then(page.onGround, toastProblem) } });
  };

  /** @type {any} */
  let drawn = null;
  /** @param {State} state */
  function show({ set }) {
    if (drawn === set) return;
    if (drawn?.id !== set.id || drawn.state !== set.state) approval.withdraw();
    drawn = set;
    const { can } = set;
    fillWith(waits, set.state === "approved" ? waitsFor(set) : null);
    words.hidden = !can.submit && !can.return && !can.approve;
    const takesBack = can.return && set.own;
    label.textContent = can.return && !set.own ? t("Words to the author; to return, say what to mend") : t("Words to the reviewer (optional)");
    fillWith(steps,
      el("div", { class: "row" }, can.submit ? stepButton(t("Submit for review"), "check", () => void turn("/submit", t("Submitted. A second person finds it in the list of change sets.")), "btn--primary grow", "submit") : null,
        takesBack ? stepButton(t("Take back to edit"), "undo", () => void turn("/return", t("Taken back: it is a draft again.")), "", "take-back") : null,
        can.return && !set.own ? stepButton(t("Return"), "undo", () => void turn("/return", t("Returned. Its author finds it in the list, with your words.")), "", "return") : null),
      can.approve ? approval.field : null,
      set.state === "review" && !can.approve ? el("p", { class: "notice" }, icon("info"), el("span", {}, t("Whoever drafted a change set cannot approve it. A second person sees it in the list."))) : null,
      can.bring_back ? stepButton(t("Bring back as a draft"), "undo", () => void step("/bring-back", {}), "btn--wide", "bring-back") : null,
      can.discard ? stepButton(t("Discard the whole change set"), "trash", () => void discard(), "btn--quiet", "discard") : null);
    // Nothing is left to do for this person, and no publication is shown: no empty card.
    card?.toggleAttribute("hidden", [waits, steps, ...approval.answers].every((one) => one.textContent === ""));
  }
  return {
    show,
    /** Nothing is open any more. */
    forget: () => {
      drawn = null;
      approval.withdraw();
    },
    /** Bring the step that waits for this person into view. */
    reveal: () => {
      root.scrollIntoView({ block: "center" });
      note.focus({ preventScroll: true });
    },
  };
}

/**
 * What an approved change set waits for, who approved it, and who can still stop it.
 * @param {import("./studio.js").ChangeSet} set
 */
function waitsFor({ reviewer, effective_on: day, comments, author }) {
  const at = comments.filter((/** @type {any} */ one) => one.kind === "approved").at(-1)?.at;
  return el("div", { class: "notice", "data-waits": "" }, icon("history"), el("div", { class: "stack-s" },
    el("strong", {}, t("To be published on {day}", { day })),
    el("p", {}, t("{who} approved it on {at}. It is published within the first hour of {day}; until then the boundaries of today hold.", { who: reviewer, at: at ? formatInstant(at) : "–", day })),
    el("p", {}, t("Until then {author} may take it back, and every approver may return it with words. For another day, return it: the day is chosen anew when it is approved again.", { author }))));
}

/**
 * The day from which a change set holds, and the question before it is published.
 * @param {ReviewPage} page
 * @param {{step: Step, words: () => string}} review `words` are those to the author
 */
function mountApproval(page, { step, words }) {
  const day = el("input", { class: "input", type: "date", id: "studio-day", min: page.today, value: page.today, "data-effective": "" });
  const asked = el("div");
  const work = el("div", { "aria-live": "polite" });
  /** @param {Studio} studio @param {string} on */
  const publish = async (studio, on) => {
    const answer = await step("/approve", { effective_on: on, note: words() }, studio);
    if (!answer) return;
    if (!answer.run) return void toast(t("Approved. It is published on {day}.", { day: answer.effective_on }));
    const job = await followJob(String(answer.run), (found) => fillWith(work, jobCard(found)));
    await studio.reload();
    page.onGround();
    if (job.state === "done") toast(t("The new boundaries are published."));
  };
  /** Counts up with every question and every change of what is shown: a late answer asks nothing any more. */
  let question = 0;
  const withdraw = () => (question++, fillWith(asked));
  const approve = async () => {
    const [studio, on, mine] = [page.studio(), day.value, ++question];
    if (!on) return day.focus();
    try {
      const impact = await get(`${studio.address}/impact`);
      if (mine !== question) return;
      askToPublish(asked, { impact, day: on, isLater: on > page.today, community: studio.state.set.community, comments: openCount(studio.state.set.comments), hasCompared: page.hasCompared(), onPublish: () => void publish(studio, on), onCompare: page.onCompare, onClose: () => approving.focus() });
    } catch (error) {
      toastProblem(error);
    }
  };
  const approving = stepButton(t("Approve and publish…"), "check", () => void approve(), "btn--primary btn--wide", "approve");
  listen(day, "input", () => {
    withdraw();
    fillWith(approving, icon("check"), day.value > page.today ? t("Approve for {day}…", { day: day.value }) : t("Approve and publish…"));
  });
  const field = el("div", { class: "field" }, el("label", { class: "field__label", for: day.id }, t("Takes effect on")), day, isoEcho(day), approving);
  return { field, answers: [asked, work], withdraw };
}
