import assert from "node:assert/strict";
import { test } from "node:test";
import { paintColumns, paintNonFinite, paintPath } from "../js/chart/paint.js";
import { linearScale, logScale } from "../js/chart/scale.js";
import { columnSeries, rawSeries, RecordingPen } from "./series.js";

const STYLE = { colour: "#000", dash: [], width: 1, alpha: 1 };
const xs = linearScale([0, 100], [0, 100]);
const ys = linearScale([0, 10], [100, 0]);

/** @param {import("../js/core/frame.js").Series} series @param {any} [y] */
function path(series, y = ys) {
  const pen = new RecordingPen();
  paintPath(/** @type {any} */ (pen), series, series.columns, xs, y, STYLE);
  return pen;
}

test("every point is a corner of the line", () => {
  const pen = path(rawSeries([0, 10, 20], [1, 2, 3]));
  assert.deepEqual(pen.calls.slice(1, 4), [["move", 0, 90], ["line", 10, 80], ["line", 20, 70]]);
});

test("a value that is no number leaves a gap, never a bridge", () => {
  const gap = rawSeries([0, 10, 30, 40], [1, 1, 1, 1], {
    nonFinite: [{ x: 20, nan: 1, positive: 0, negative: 0 }],
    nonFiniteCount: 1,
  });
  assert.equal(path(gap).of("move").length, 2);
});

test("a point alone is a dot", () => {
  const pen = path(rawSeries([50], [5]));
  assert.deepEqual(pen.of("dot"), [["dot", 50, 50]]);
  const between = rawSeries([0, 10, 30], [1, 1, 1], {
    nonFinite: [{ x: 5, nan: 1, positive: 0, negative: 0 }, { x: 20, nan: 1, positive: 0, negative: 0 }],
  });
  assert.equal(path(between).of("dot").length, 3);
});

test("what has no place on a log axis is left out", () => {
  const pen = path(rawSeries([0, 10, 20, 30], [1, 0, 1, 2]), logScale([0.1, 10], [100, 0]));
  assert.equal(pen.of("move").filter(([, x]) => x === 10).length, 0);
  assert.equal(pen.of("line").filter(([, x]) => x === 10).length, 0);
});

/** A noisy series with one spike. @param {number} seed @param {number} at */
function spiky(seed, at) {
  let state = seed;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const x = Array.from({ length: 20_000 }, (_, i) => i / 200);
  const y = x.map(() => random());
  y[at] = 9.5;
  return { x, y };
}

test("a spike is drawn at its height however many points a pixel holds, both ways of drawing", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const at = (seed * 7919) % 20_000;
    const { x, y } = spiky(seed, at);
    const series = columnSeries(x, y, 100);
    const top = ys.map(Math.fround(9.5));
    const column = xs.map(series.x[Math.min(99, Math.floor((x[at] - x[0]) / (x[19_999] - x[0]) * 100))]);
    const drawn = path(series).of("line").find(([, px, py]) =>
      Math.abs(py - top) < 1e-6 && Math.abs(px - column) < 1e-6
    );
    assert.ok(drawn, `path, seed ${seed}`);
    const pen = new RecordingPen();
    paintColumns(/** @type {any} */ (pen), series, series.columns, xs, ys, STYLE);
    assert.ok(pen.of("rect").some(([, , y0, , height]) => y0 <= top && y0 + height >= top), `columns, seed ${seed}`);
  }
});

test("columns join: each begins where the last one ended", () => {
  const { x, y } = spiky(3, 100);
  const series = columnSeries(x, y, 100);
  const pen = new RecordingPen();
  paintColumns(/** @type {any} */ (pen), series, series.columns, xs, ys, STYLE);
  const rects = pen.of("rect");
  assert.equal(rects.length, 100);
  for (let i = 1; i < rects.length; i += 1) {
    const end = ys.map(series.columns.last[i - 1]);
    const [, , top, , height] = rects[i];
    assert.ok(top <= end && top + height >= end, `column ${i}`);
  }
});

test("only what is in sight is drawn, and one row more on each side", () => {
  const series = rawSeries(Array.from({ length: 1000 }, (_, i) => i), new Array(1000).fill(1));
  const pen = new RecordingPen();
  paintPath(/** @type {any} */ (pen), series, series.columns, linearScale([500, 510], [0, 100]), ys, STYLE);
  assert.equal(pen.of("move").length + pen.of("line").length, 13);
});

test("huge values do not upset the rasteriser", () => {
  const pen = path(rawSeries([0, 1, 2], [1, 3e38, 1]));
  for (const [, x, y] of [...pen.of("line"), ...pen.of("move")]) {
    assert.ok(Math.abs(x) <= 20_000 && Math.abs(y) <= 20_000);
  }
});

test("marks stand where values are no numbers, only inside the axis", () => {
  const series = rawSeries([0, 100], [1, 1], {
    nonFinite: [
      { x: -5, nan: 1, positive: 0, negative: 0 },
      { x: 50, nan: 1, positive: 1, negative: 1 },
      { x: 200, nan: 1, positive: 0, negative: 0 },
    ],
  });
  const pen = new RecordingPen();
  paintNonFinite(/** @type {any} */ (pen), series, xs, { top: 0, bottom: 100 }, "#000");
  assert.deepEqual(pen.of("move").map(([, x]) => x), [50, 50, 50]);
});
