/** The teams' time line: one row a team, stops as blocks, ways as thin lines. */
import { el, fillWith, icon } from "../dom.js";
import { t } from "../i18n.js";
import { teamColour, wantsDarkText } from "../map/palette.js";
import { clock } from "./dispatch_words.js";

const HOUR_MS = 3_600_000;

/**
 * Where an instant lies on the shift's line.
 * @param {string} instant
 * @param {{shift_from: string, shift_to: string}} shift
 * @returns {number} 0..1, clamped
 */
export function along(instant, { shift_from, shift_to }) {
  const from = Date.parse(shift_from);
  return Math.min(1, Math.max(0, (Date.parse(instant) - from) / (Date.parse(shift_to) - from)));
}

/**
 * The full hours of a shift with both its ends.
 * @param {{shift_from: string, shift_to: string}} shift
 * @returns {string[]}
 */
export function marks({ shift_from, shift_to }) {
  const from = Date.parse(shift_from);
  const to = Date.parse(shift_to);
  const every = Math.max(1, Math.ceil((to - from) / HOUR_MS / 8)) * HOUR_MS;
  const inner = [];
  for (let at = Math.ceil((from + 1) / HOUR_MS) * HOUR_MS; at < to - every / 2; at += every) inner.push(new Date(at).toISOString());
  return [shift_from, ...inner, shift_to];
}

/**
 * @param {HTMLElement} box
 * @param {any} plan
 * @param {{teamId: number | null, stopId: number | null}} chosen
 * @param {{onTeam: (teamId: number) => void, onStop: (stop: any, route: any) => void}} answers
 */
export function showGantt(box, plan, chosen, { onTeam, onStop }) {
  box.hidden = false;
  fillWith(box, axis(plan), plan.routes.map((/** @type {any} */ route) => row(plan, route, chosen, { onTeam, onStop })),
    plan.off_road_teams.map(offRoadRow));
}

/** @param {any} left a team that could not start: its line tells why */
function offRoadRow(left) {
  return el("div", { class: "gantt__row gantt__row--off" }, el("span", { class: "gantt__name" }, icon("attend"), el("span", { class: "truncate" }, left.team)),
    el("span", { class: "gantt__why", title: `${left.reason} ${left.advice}` }, left.reason));
}

/** @param {any} plan */
function axis(plan) {
  return el("div", { class: "gantt__row gantt__axis", "aria-hidden": "true" }, el("span", {}),
    el("div", { class: "gantt__line" }, marks(plan).map((at) => at_(el("span", { class: "gantt__hour" }, clock(at)), along(at, plan)))));
}

/**
 * @param {any} plan
 * @param {any} route
 * @param {{teamId: number | null, stopId: number | null}} chosen
 * @param {{onTeam: (teamId: number) => void, onStop: (stop: any, route: any) => void}} answers
 */
function row(plan, route, chosen, { onTeam, onStop }) {
  const colour = teamColour(route.ordinal);
  const swatch = el("span", { class: "gantt__swatch" });
  swatch.style.background = colour;
  const drive = at_(el("span", { class: "gantt__drive" }), along(route.start_at, plan), along(route.end_at, plan));
  drive.style.background = colour;
  return el("div", { class: "gantt__row", "aria-current": chosen.teamId === route.team_id ? "true" : null },
    el("button", { class: "gantt__name", type: "button", onClick: () => onTeam(route.team_id) }, swatch, el("span", { class: "truncate" }, route.team)),
    el("div", { class: "gantt__line" }, drive, route.stops.map((/** @type {any} */ stop) => {
      const label = t("Stop {n}: {name}, {from} to {to}", { n: stop.sequence, name: stop.name, from: clock(stop.arrive_at), to: clock(stop.leave_at) });
      const block = at_(el("button", {
        class: `gantt__stop${wantsDarkText(colour) ? " gantt__stop--dark-text" : ""}`, type: "button", title: label, "aria-label": label,
        "aria-pressed": String(chosen.stopId === stop.id), onClick: () => onStop(stop, route),
      }, stop.sequence), along(stop.arrive_at, plan), along(stop.leave_at, plan));
      block.style.background = colour;
      return block;
    })));
}

/**
 * @template {HTMLElement} E
 * @param {E} element
 * @param {number} from 0..1
 * @param {number} [to]
 * @returns {E}
 */
function at_(element, from, to) {
  element.style.left = `${(from * 100).toFixed(3)}%`;
  if (to !== undefined) element.style.width = `${((to - from) * 100).toFixed(3)}%`;
  return element;
}
