import assert from "node:assert/strict";
import { test } from "node:test";
import { barHeights } from "../js/view/bars.js";
import { colourOf, fromOklab, paintCells, rgbOf, SPECIAL, toOklab } from "../js/view/heatcolour.js";
import { indicesOf, layoutOf, neededHeight, parseZoom, TALLEST, virtualAxis, zoomText } from "../js/view/heatlayout.js";

const themes = /** @type {const} */ (["light", "dark"]);
/** @param {number[]} rgb */
const lightness = (rgb) => toOklab(/** @type {any} */ (rgb))[0];

test("OKLab and back", () => {
  for (const hex of ["#000000", "#ffffff", "#4a8ad8", "#e08a3c"]) {
    assert.deepEqual(fromOklab(toOklab(rgbOf(hex))), rgbOf(hex));
  }
});

test("size shows as lightness, evenly to both sides and without turning back", () => {
  for (const theme of themes) {
    const sign = theme === "light" ? -1 : 1;
    for (const side of [-1, 1]) {
      let last = lightness(colourOf(0, 1, theme));
      for (let size = 0.05; size <= 1; size += 0.05) {
        const now = lightness(colourOf(side * size, 1, theme));
        assert.ok(sign * (now - last) > -0.005, `${theme} ${side * size}`);
        last = now;
      }
    }
    const difference = Math.abs(lightness(colourOf(-1, 1, theme)) - lightness(colourOf(1, 1, theme)));
    assert.ok(difference < 0.1);
  }
});

test("what is no number has colours of its own", () => {
  for (const theme of themes) {
    assert.deepEqual(colourOf(NaN, 1, theme), rgbOf(SPECIAL[theme].nan));
    assert.notDeepEqual(colourOf(Infinity, 1, theme), colourOf(1, 1, theme));
    assert.notDeepEqual(colourOf(-Infinity, 1, theme), colourOf(-1, 1, theme));
  }
});

test("values beyond the scale take the colour of its end; a scale of nothing is all zero", () => {
  assert.deepEqual(colourOf(7, 1, "light"), colourOf(1, 1, "light"));
  assert.deepEqual(colourOf(7, 0, "light"), colourOf(0, 1, "light"));
  const pixels = new Uint8ClampedArray(8);
  paintCells(new Float32Array([0, 1]), 1, "light", pixels);
  assert.deepEqual([...pixels.slice(4)], [...colourOf(1, 1, "light"), 255]);
});

test("cells are cut as the server cuts them", () => {
  assert.deepEqual([0, 1, 2].map((cell) => indicesOf(cell, 10, 3)), [[0, 4], [4, 7], [7, 10]]);
  assert.deepEqual(indicesOf(4, 5, 5), [4, 5]);
});

test("cells fill the room but are never much longer than wide", () => {
  const wide = layoutOf(100, 1, 600, 300);
  assert.equal(wide.cellWidth, 6);
  assert.equal(wide.cellHeight, 30);
  const small = layoutOf(2, 2, 600, 300);
  assert.deepEqual([small.width, small.height], [360, 60]);
  const kernel = layoutOf(32, 64, 650, 250);
  assert.ok(Math.abs(kernel.width - 650) < 1e-9 && Math.abs(kernel.height - 250) < 1e-9);
  assert.deepEqual(layoutOf(0, 5, 600, 300).width, 0);
});

test("a picture asks for no more height than it fills", () => {
  for (const [columns, rows] of [[784, 10], [32, 1], [10, 32], [1, 1]]) {
    const needed = neededHeight(columns, rows, 650);
    assert.ok(needed <= 30 * rows);
    assert.ok(Math.abs(layoutOf(columns, rows, 650, needed).height - needed) < 1e-9, `${columns} × ${rows}`);
  }
  assert.equal(neededHeight(0, 0, 650), 0);
});

test("zooms survive the address, and nonsense means everything", () => {
  assert.deepEqual(parseZoom(zoomText([2, 5], [0, 7]), 10, 10), { rows: [2, 5], columns: [0, 7], whole: false });
  for (const text of [null, "", "5:2,0:1", "0:11,0:1", "0:1", "a:b,c:d"]) {
    assert.equal(parseZoom(text, 10, 10).whole, true);
  }
});

test("a table longer than a browser can scroll reaches its last row", () => {
  const axis = virtualAxis(10_000_000, 24);
  assert.equal(axis.total, TALLEST);
  assert.equal(axis.first(0, 300), 0);
  const last = axis.first(axis.total - 300, 300);
  assert.ok(Math.abs(last - (10_000_000 - 300 / 24)) < 1e-3);
  const back = axis.first(axis.scrollTo(5_000_000, 300), 300);
  assert.ok(Math.abs(back - 5_000_000) < 1);
  const short = virtualAxis(100, 24);
  assert.equal(short.first(short.scrollTo(7, 300), 300), 7);
});

test("a bin with one value stays visible beside a million", () => {
  const heights = barHeights([1_000_000, 1, 0]);
  assert.equal(heights[0], 1);
  assert.ok(heights[1] >= 0.02);
  assert.equal(heights[2], 0);
});
