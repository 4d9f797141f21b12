import assert from "node:assert/strict";
import test from "node:test";
import { shiftWords, spanWords, valueWords } from "../../static/js/pages/dispatch_words.js";

const LONGEST_H = 14;

test("a shift past midnight is told as one and has its true length", () => {
  assert.deepEqual(shiftWords("2026-11-22T22:00", "2026-11-23T02:30", LONGEST_H), { words: "4.5 hours, past midnight", usable: true, nextDay: null });
  assert.deepEqual(shiftWords("2026-11-22T19:00", "2026-11-22T23:00", LONGEST_H), { words: "4 hours", usable: true, nextDay: null });
});

test("one hour is one", () => {
  assert.equal(shiftWords("2026-11-22T22:00", "2026-11-22T23:01", LONGEST_H).words, "1 hour");
});

test("an end typed on the day of the beginning is offered for the next day", () => {
  const { usable, nextDay } = shiftWords("2026-12-31T22:00", "2026-12-31T02:00", LONGEST_H);
  assert.equal(usable, false);
  assert.equal(nextDay, "2027-01-01T02:00");
});

test("no end is offered that makes no shift", () => {
  for (const [from, to] of [
    ["2026-11-22T22:00", "2026-11-22T22:00"],
    ["2026-11-22T08:00", "2026-11-21T23:00"],
    ["2026-11-22T04:00", "2026-11-22T03:00"],
    ["2026-11-22T04:00", "2026-11-23T04:00"],
    ["", "2026-11-22T04:00"],
  ]) assert.deepEqual([shiftWords(from, to, LONGEST_H).usable, shiftWords(from, to, LONGEST_H).nextDay], [false, null], `${from} ${to}`);
});

test("the end of a plan carries its day only when it is another one", () => {
  assert.equal(spanWords({ shift_from: "2026-11-22T19:00", shift_to: "2026-11-22T23:00" }), "2026-11-22 19:00 – 23:00");
  assert.equal(spanWords({ shift_from: "2026-11-22T22:00", shift_to: "2026-11-23T02:00" }), "2026-11-22 22:00 – 11-23 02:00");
});

test("the parts of a value add up to it whatever the weights' sum", () => {
  const stop = { prize: 66.6, why: { risk: 0.5, thin: 0.5, stale: 1 } };
  const words = valueWords(/** @type {any} */ (stop), { risk: 3, thin: 1, stale: 2 });
  assert.equal(words, "value 66.6 = risk 25.0 + thin prevention 8.3 + not visited 33.3");
});
