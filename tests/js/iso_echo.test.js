import assert from "node:assert/strict";
import test from "node:test";
import { isoWords, writesOtherwise } from "../../static/js/iso_echo.js";

test("only a browser that writes 2026-11-22 21:40 itself needs no echo", () => {
  for (const language of ["zh-CN", "en-US", "en-GB", "de-DE", "ja-JP"]) assert.equal(writesOtherwise(language), true, language);
  assert.equal(writesOtherwise("sv-SE"), false);
});

test("a field's value is written as everywhere else", () => {
  assert.equal(isoWords("2026-11-22T21:40"), "2026-11-22 21:40");
  assert.equal(isoWords("2026-11-22"), "2026-11-22");
  assert.equal(isoWords(""), "");
});
