import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fill, formatInstant, t, tn, useCatalogue } from "../../static/js/i18n.js";

const SOURCES = join(import.meta.dirname, "../../static/js");
const zh = JSON.parse(readFileSync(join(import.meta.dirname, "../../static/i18n/zh.json"), "utf8"));

const LITERAL = '"(?:[^"\\\\]|\\\\.)*"';
const ALONE = new RegExp(`\\bt\\(\\s*(${LITERAL})`, "g");
const COUNTED = new RegExp(`\\btn\\(\\s*(${LITERAL}),\\s*(${LITERAL})`, "g");

/** The texts of all scripts in static/js, pages included. */
const texts = readdirSync(SOURCES, { recursive: true }).filter((name) => name.endsWith(".js"))
  .map((name) => [name, readFileSync(join(SOURCES, name), "utf8")]);

/** Every string given to t(), and [one, many] given to tn(). */
const alone = texts.flatMap(([, text]) => [...text.matchAll(ALONE)].map(([, message]) => JSON.parse(message)));
const counted = texts.flatMap(([, text]) => [...text.matchAll(COUNTED)].map(([, one, many]) => [JSON.parse(one), JSON.parse(many)]));

/** Every string that is looked up in the catalogue. */
function messages() {
  return new Set([...alone, ...counted.map(([, many]) => many)]);
}

const places = (message) => [...message.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("every string of the scripts has a Chinese translation", () => {
  const all = messages();
  assert.ok(all.size > 50, "the search for strings finds them");
  assert.deepEqual([...all].filter((message) => !zh[message]), []);
});

test("the catalogue holds nothing that no script says", () => {
  assert.deepEqual(Object.keys(zh).filter((source) => !messages().has(source)), []);
});

test("t and tn are called with literal strings only, so that none escapes the search", () => {
  for (const [name, text] of texts) {
    if (name === "i18n.js") continue;
    assert.deepEqual([...text.matchAll(/(?<![\w.])tn?\((?!\s*")[^)]{0,30}/g)].map((match) => match[0]), [], name);
    assert.equal([...text.matchAll(/(?<![\w.])tn\(/g)].length, [...text.matchAll(COUNTED)].length, name);
  }
});

test("what is counted has an English form for one", () => {
  // Days ago are never one: that is yesterday.
  const several = alone.filter((message) => /\{(count|days|hours|minutes|number|total|teams|people)\} ([a-z]+ )?([a-z]+s|people)\b/.test(message) && !message.includes("days ago"));
  assert.deepEqual(several, []);
  for (const [one, many] of counted) {
    assert.notEqual(one, many);
    assert.deepEqual(places(one).filter((place) => !places(many).includes(place)), [], one);
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

test("one is told from many in English, and Chinese has one form", () => {
  assert.equal(tn("{count} stop", "{count} stops", 1), "1 stop");
  assert.equal(tn("{count} stop", "{count} stops", 0), "0 stops");
  useCatalogue({ "{count} stops": "{count} 个停留点" });
  assert.equal(tn("{count} stop", "{count} stops", 1), "1 个停留点");
  useCatalogue({});
});

test("instants are written as 2026-11-22 21:40 in the wanted zone", () => {
  assert.equal(formatInstant("2026-11-22T13:40:00Z", "Asia/Shanghai"), "2026-11-22 21:40");
  assert.equal(formatInstant("2026-11-22T16:05:00Z", "Asia/Shanghai"), "2026-11-23 00:05");
});
