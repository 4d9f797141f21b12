import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fill, formatInstant, t, useCatalogue } from "../../static/js/i18n.js";

const SOURCES = join(import.meta.dirname, "../../static/js");
const zh = JSON.parse(readFileSync(join(import.meta.dirname, "../../static/i18n/zh.json"), "utf8"));

/** Every string given to t() in static/js, pages included. */
function messages() {
  const found = new Set();
  for (const name of readdirSync(SOURCES, { recursive: true })) {
    if (!name.endsWith(".js")) continue;
    const text = readFileSync(join(SOURCES, name), "utf8");
    for (const [, message] of text.matchAll(/\bt\(\s*("(?:[^"\\]|\\.)*")/g)) found.add(JSON.parse(message));
  }
  return found;
}

const places = (message) => [...message.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("every string of the scripts has a Chinese translation", () => {
  const all = messages();
  assert.ok(all.size > 50, "the search for strings finds them");
  assert.deepEqual([...all].filter((message) => !zh[message]), []);
});

test("t is called with literal strings only, so that none escapes the search", () => {
  for (const name of readdirSync(SOURCES, { recursive: true })) {
    if (!name.endsWith(".js") || name === "i18n.js") continue;
    const text = readFileSync(join(SOURCES, name), "utf8");
    assert.deepEqual([...text.matchAll(/(?<![\w.])t\((?!\s*")[^)]{0,30}/g)].map((match) => match[0]), [], name);
  }
});

test("a translation has the same places as its source", () => {
  for (const [source, translation] of Object.entries(zh)) assert.deepEqual(places(translation), places(source), source);
});

test("fields fill their places; a missing field stays visible", () => {
  assert.equal(fill("{a} and {b}", { a: 1 }), "1 and {b}");
});

test("a field's text is never read as a place", () => {
  assert.equal(fill("{a}{b}", { a: "{b}", b: "x" }), "{b}x");
});

test("a string without translation stays English", () => {
  useCatalogue({ Close: "关闭" });
  assert.equal(t("Close"), "关闭");
  assert.equal(t("Open {n}", { n: 3 }), "Open 3");
  useCatalogue({});
});

test("instants are written as 2026-11-22 21:40 in the wanted zone", () => {
  assert.equal(formatInstant("2026-11-22T13:40:00Z", "Asia/Shanghai"), "2026-11-22 21:40");
  assert.equal(formatInstant("2026-11-22T16:05:00Z", "Asia/Shanghai"), "2026-11-23 00:05");
});
