import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

const css = readFileSync(join(import.meta.dirname, "../../static/css/tokens.css"), "utf8");

/** The colours of a theme; dark takes over what it does not say itself. */
function tokens(theme) {
  const [light, dark] = css.split('[data-theme="dark"]');
  const read = (text) => Object.fromEntries([...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]));
  return theme === "light" ? read(light) : { ...read(light), ...read(dark) };
}

/** Relative luminance and contrast after WCAG 2.2. */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, two) {
  const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const TEXT = [
  ["ink", "ground"], ["ink", "surface"], ["ink", "surface-2"], ["ink", "surface-3"], ["ink", "action-soft"],
  ["ink", "attend-soft"], ["ink", "alarm-soft"], ["ink", "done-soft"],
  ["ink-2", "surface"], ["ink-2", "surface-2"], ["ink-2", "ground"], ["ink-2", "action-soft"],
  ["ink-3", "surface"], ["ink-3", "surface-2"],
  ["action", "surface"], ["action", "ground"], ["action-ink", "action-soft"], ["on-action", "action"], ["on-action", "action-hover"],
  ["attend", "attend-soft"], ["attend", "surface"], ["alarm", "alarm-soft"], ["alarm", "surface"], ["done", "done-soft"], ["done", "surface"],
  ["surface", "ink"],
];
/** Borders of controls and signs with a meaning: 3:1 is asked of them. */
const SIGNS = [["line-strong", "surface"], ["focus", "surface"], ["action", "surface-3"], ["alarm-fill", "surface"]];

for (const theme of ["light", "dark"]) {
  const colours = tokens(theme);
  for (const [pairs, wanted] of [[TEXT, 4.5], [SIGNS, 3]]) {
    for (const [front, back] of pairs) {
      test(`${theme}: ${front} on ${back} has a contrast of ${wanted}`, () => {
        const found = contrast(colours[front], colours[back]);
        assert.ok(found >= wanted, `${found.toFixed(2)}`);
      });
    }
  }
}
