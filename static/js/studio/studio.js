/**
 * One change set being edited: holds the state, talks to the server, and lets the views follow.
 *
 * Views subscribe with `onChange`; every change of the state is one call of `set`. Edits go out one after the other,
 * so an answer is always about the newest state.
 */
import { ProblemError, get, post } from "../api.js";
import { listen } from "../dom.js";
import { readChangeSet, ringsOf, turnable, versionsOf, withAnswer, withTalk } from "./model.js";
import { storeFor } from "./store.js";
import { NO_INPUT, afterEdit, editOf, isDrawn, legOf, missing, toolOf, wantsGrid, withGrid, withPoint, withoutGrids } from "./tools.js";

/** @typedef {import("./model.js").ChangeSet & Record<string, any>} ChangeSet */
/** @typedef {import("./tools.js").Input} Input */

/**
 * @typedef {object} State
 * @property {ChangeSet} set
 * @property {string | null} tool kind of the chosen tool
 * @property {Input} input
 * @property {any | null} preview what the server says the edit would do
 * @property {ProblemError | null} refusal why the edit was not done; the sketch stays
 * @property {boolean} tentative the refusal is only of the preview: the person is still drawing
 * @property {boolean} barred what is drawn cannot be applied as it is: the refusal says why
 * @property {boolean} busy an edit is on its way
 * @property {number | null} selected key of the grid looked at
 * @property {Set<number>} flashing grids somebody else has just changed
 * @property {any[]} news lines of others since the page was opened
 * @property {Said | null} said what has just happened, shown beside the tools until the next press
 */

/**
 * @typedef {object} Said
 * @property {"done" | "kept" | "aside" | "back"} what an edit is done, a sketch of an earlier visit is here, a sketch was put away,
 *   the server answers again
 * @property {string} [kind] of the edit
 * @property {string} [turned] kind of the edit that an undo or redo turned
 * @property {string[]} [names] of the grids it left
 */

const POLL_MS = 3000;
const PREVIEW_AFTER_MS = 350;
const FLASH_MS = 2500;
/** Refusals that say nothing of the drawing: they go when the server answers again. */
const AWAY = ["offline", "timeout", "signed_out"];
/** The status of refusals of what is drawn; others (somebody was faster) may be gone at the next press. */
const UNPROCESSABLE = 422;

/**
 * @param {any} answer GET /api/change-sets/<id>
 * @param {{storageKey: string, onChange: (state: State) => void}} options
 */
export function openStudio(answer, { storageKey, onChange }) {
  const address = `/api/change-sets/${answer.id}`;
  const store = storeFor(`gridpatrol.${storageKey}.${answer.id}`);
  const kept = store.read();
  /** @type {State} */
  let state = {
    set: readChangeSet(answer), tool: answer.can.edit && kept ? kept.tool : null, input: kept?.input ?? NO_INPUT, preview: null,
    refusal: null, tentative: false, barred: false, busy: false, selected: null, flashing: new Set(), news: [],
    said: kept && answer.can.edit && isDrawn(kept.input) ? { what: "kept" } : null,
  };
  /** @type {{tool: string | null, input: Input} | null} the sketch that was put away last */
  let aside = null;
  let previewing = new AbortController();
  let timer = 0;
  let polling = 0;
  const closed = new AbortController();

  /** @param {Partial<State>} change */
  function set(change) {
    state = { ...state, ...change };
    onChange(state);
  }
  /** @param {Partial<State>} change the tool or what was given to it */
  function setInput(change) {
    set({ preview: null, refusal: null, barred: false, said: null, ...change });
    if (state.tool) store.write({ tool: state.tool, input: state.input });
    else store.forget();
    askPreview();
  }
  function ready() {
    const tool = state.tool ? toolOf(state.tool) : null;
    return tool && tool.kind !== "measure" && missing(tool, state.input) === null ? tool : null;
  }
  function askPreview() {
    previewing.abort();
    clearTimeout(timer);
    if (ready()) timer = setTimeout(() => void preview(), PREVIEW_AFTER_MS);
  }
  async function preview() {
    const tool = ready();
    if (!tool || state.busy) return;
    previewing = new AbortController();
    const { signal } = previewing;
    try {
      const found = await post(`${address}/preview`, editOf(tool, state.input), { signal });
      // That somebody else was faster is to be read; the newest grids and the preview on them stand beside it.
      if (!signal.aborted) set({ preview: found, barred: false, refusal: state.refusal?.code === "grid_changed" ? state.refusal : null });
    } catch (error) {
      if (signal.aborted) return;
      // A network that is away is told when the edit is sent, not at every corner.
      if (error instanceof ProblemError && error.status >= 400) set({ preview: null, refusal: error, tentative: true, barred: error.status === UNPROCESSABLE });
    }
  }
  /** @param {any} answer of an edit @returns {Said} names only grids whose ground has changed, not those that got a corner */
  function saidOf({ edit, grids }) {
    const felt = grids.filter((/** @type {any} */ grid) => Math.abs((state.set.grids.get(grid.key)?.area_m2 ?? 0) - grid.area_m2) >= 1);
    const turned = state.set.edits.find((line) => line.number === edit.of)?.kind;
    return { what: "done", kind: edit.kind, turned, names: (felt.length ? felt : grids).map((/** @type {any} */ grid) => grid.name) };
  }
  /** @param {string} path @param {any} body @returns {Promise<boolean>} whether it was done */
  async function send(path, body) {
    previewing.abort();
    clearTimeout(timer);
    set({ busy: true, refusal: null });
    try {
      const done = await post(address + path, body);
      const said = saidOf(done);
      set({ set: withAnswer(state.set, done), busy: false, said });
      askPreview();
      return true;
    } catch (error) {
      const refusal = error instanceof ProblemError ? error : new ProblemError({});
      set({ busy: false, refusal, tentative: false });
      if (["grid_changed", "change_set_closed"].includes(refusal.code)) await poll();
      return false;
    }
  }
  async function apply() {
    const tool = ready();
    if (!tool || state.busy) return;
    // Said aloud once more: the press was meant, and the reason stands beside the button.
    if (state.barred) return set({ tentative: false });
    const sent = state.input;
    const body = { ...editOf(tool, sent), versions: versionsOf(state.set) };
    if (await send("/edits", body)) setInput({ input: state.tool === tool.kind ? afterEdit(sent, state.input) : state.input, said: state.said });
    else set({ barred: state.refusal?.status === UNPROCESSABLE });
  }
  async function poll() {
    clearTimeout(polling);
    try {
      if (!document.hidden || state.refusal) {
        const found = await get(`${address}/since/${state.set.last_edit}?said=${state.set.last_said}`, { signal: closed.signal });
        if (AWAY.includes(state.refusal?.code ?? "")) set({ refusal: null, said: { what: "back" } });
        // What the reader may do hangs on the state: a set that was returned can be edited again.
        if (found.state !== state.set.state) await reload();
        else heard(found);
      }
    } catch {
      // The next round asks again; what is drawn is not touched.
    }
    clearTimeout(polling);
    if (!closed.signal.aborted) polling = setTimeout(() => void poll(), POLL_MS);
  }
  async function reload() {
    const next = readChangeSet(await get(address, { signal: closed.signal }));
    const gone = state.input.grids.filter((key) => !next.grids.has(key));
    set({ set: next, input: withoutGrids(state.input, gone), selected: next.grids.has(state.selected ?? 0) ? state.selected : null });
  }
  /** @param {any} found an answer of /since */
  function heard(found) {
    if (found.comments && found.last_said > state.set.last_said) set({ set: withTalk(state.set, found) });
    if (found.last_edit <= state.set.last_edit) return;
    const others = found.edits.filter((/** @type {any} */ line) => !line.own);
    const keys = new Set(others.flatMap((/** @type {any} */ line) => line.grids));
    set({
      set: withAnswer(state.set, found), flashing: /** @type {Set<number>} */ (keys), news: [...state.news, ...others],
      input: withoutGrids(state.input, found.ended), selected: found.ended.includes(state.selected) ? null : state.selected,
    });
    if (keys.size) setTimeout(() => !closed.signal.aborted && set({ flashing: new Set() }), FLASH_MS);
    askPreview();
  }

  // Back from the tab in which one has signed in again: nobody waits for the next round.
  const stopLooking = listen(document, "visibilitychange", () => !document.hidden && void poll());
  polling = setTimeout(() => void poll(), POLL_MS);
  askPreview();
  return {
    get state() { return state; },
    address,
    /** @param {string | null} kind the same one again puts the tool away */
    choose: (kind) => {
      aside = isDrawn(state.input) ? { tool: state.tool, input: state.input } : null;
      const tool = kind === state.tool ? null : kind;
      setInput({ tool, input: { ...NO_INPUT, along: state.input.along, grids: presetGrids(tool, state.selected) }, said: aside ? { what: "aside" } : null });
    },
    /** Take the sketch up again that was put away last. */
    takeUp: () => aside && setInput(aside),
    /** @param {[number, number]} position @param {number | null} key the grid there */
    press: (position, key) => {
      const tool = state.tool ? toolOf(state.tool) : null;
      if (!tool) return set({ selected: key });
      if (!wantsGrid(tool, state.input)) return setInput({ input: withPoint(tool, state.input, position) });
      if (key !== null) setInput({ input: withGrid(tool, state.input, key) });
    },
    /** @param {Partial<Input>} change */
    give: (change) => setInput({ input: { ...state.input, ...change } }),
    /** A further line of the same split. */
    nextLine: () => setInput({ input: { ...state.input, lines: [...state.input.lines, state.input.points], points: [] } }),
    /** Take the last corner back, before anything was sent. */
    dropPoint: () => setInput({ input: { ...state.input, points: state.input.points.slice(0, -1) } }),
    empty: () => setInput({ input: { ...NO_INPUT, along: state.input.along } }),
    /** @param {number | null} key */
    select: (key) => set({ selected: key }),
    apply,
    undo: () => turnable(state.set).undo && void send("/undo", {}),
    redo: () => turnable(state.set).redo && void send("/redo", {}),
    /** @param {number} grid @param {string} name @param {string} code @param {number} seen version of the grid whose name was looked at */
    rename: (grid, name, code, seen) => send("/edits", { kind: "rename", grid, name, code, versions: { [grid]: seen } }),
    rings: () => ringsOf(state.set.grids.values()),
    reload,
    /** @param {{last_said: number, comments: any[]}} talk */
    hear: (talk) => set({ set: withTalk(state.set, talk) }),
    close: () => {
      stopLooking();
      closed.abort();
      previewing.abort();
      clearTimeout(timer);
      clearTimeout(polling);
    },
  };
}

/** @param {string | null} kind @param {number | null} selected the grid looked at is the one meant */
function presetGrids(kind, selected) {
  return kind && selected !== null && toolOf(kind).grids !== 0 ? [selected] : [];
}

/**
 * What a measuring line says.
 * @param {[number, number][]} points
 * @returns {{legs: import("./tools.js").Leg[], total_m: number}}
 */
export function measured(points) {
  const legs = points.slice(1).map((to, i) => legOf(points[i], to));
  return { legs, total_m: legs.reduce((sum, leg) => sum + leg.distance_m, 0) };
}

/** @typedef {ReturnType<typeof openStudio>} Studio */
