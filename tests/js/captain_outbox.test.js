import assert from "node:assert/strict";
import test from "node:test";
import { isGone, makeOutbox, mayPass } from "../../static/js/pages/captain_outbox.js";

const memory = () => {
  const kept = new Map();
  return { read: (key) => kept.get(key) ?? null, write: (key, text) => void (text === null ? kept.delete(key) : kept.set(key, text)) };
};
const entry = (ref, dwelling_id) => ({ ref, dwelling_id, label: "1号", outcome: "met", note: "水管漏水", at_ms: 1 });

test("words that cannot be stored stay readable and do not stop the others", () => {
  const store = memory();
  const outbox = makeOutbox("7", store);
  outbox.add(entry("a", 1));
  outbox.add(entry("b", 2));
  outbox.hold("a", "现属东网格。");

  assert.deepEqual(outbox.unsent().map(({ ref }) => ref), ["b"]);
  const [held] = makeOutbox("7", store).held();
  assert.deepEqual([held.ref, held.note, held.why], ["a", "水管漏水", "现属东网格。"]);
  assert.deepEqual(outbox.of(1), []);
  outbox.remove("a");
  assert.deepEqual(outbox.entries().map(({ ref }) => ref), ["b"]);
});

test("a dwelling out of reach is told from a slip of the pen and from a bad network", () => {
  assert.ok(isGone({ status: 404, code: "dwelling_unknown" }));
  assert.ok(isGone({ status: 409, code: "dwelling_gone" }));
  assert.ok(!isGone({ status: 422, code: "note_too_long" }));
  assert.ok(!isGone({ status: 409, code: "data_conflict" }));
  assert.ok(!mayPass({ status: 404 }) && !mayPass({ status: 409 }));
});
