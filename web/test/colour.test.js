import assert from "node:assert/strict";
import { test } from "node:test";
import { PALETTE, Slots, styleOf } from "../js/core/colour.js";

test("runs take slots in order and keep them", () => {
  const slots = new Slots();
  assert.equal(slots.assign(["a", "b", "c"]), true);
  assert.deepEqual(["a", "b", "c"].map((name) => slots.of(name)), [0, 1, 2]);
  assert.equal(slots.assign(["c", "a"]), false);
  assert.equal(slots.of("c"), 2);
});

test("a new run takes the lowest slot that nobody shown has", () => {
  const slots = new Slots({ a: 0, c: 2, gone: 1 });
  slots.assign(["new", "a", "c"]);
  assert.equal(slots.of("new"), 1);
});

test("slots survive storing", () => {
  const slots = new Slots();
  slots.assign(["a", "b"]);
  const again = new Slots(JSON.parse(JSON.stringify(slots)));
  assert.equal(again.of("b"), 1);
});

test("nonsense from storage is ignored", () => {
  const slots = new Slots(/** @type {any} */ ({ a: -1, b: "x", c: 1.5, d: 3 }));
  assert.deepEqual([...slots.byName], [["d", 3]]);
});

test("colours repeat with dashes", () => {
  assert.equal(styleOf(0, "light").colour, styleOf(8, "light").colour);
  assert.deepEqual(styleOf(0, "light").dash, []);
  assert.notDeepEqual(styleOf(8, "light").dash, styleOf(16, "light").dash);
});

/** WCAG 2 relative luminance. @param {string} hex */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test("every run colour has a contrast of 3 with the background", () => {
  for (const [theme, background] of /** @type {const} */ ([["light", "#ffffff"], ["dark", "#15171b"]])) {
    for (const colour of PALETTE[theme]) {
      const [low, high] = [luminance(colour), luminance(background)].sort((a, b) => a - b);
      assert.ok((high + 0.05) / (low + 0.05) >= 3, `${colour} in ${theme}`);
    }
  }
});
