import assert from "node:assert/strict";
import { test } from "node:test";
import { linearScale, logScale, lowerBound, nearest, padded, paddedLog, symlogScale } from "../js/chart/scale.js";

/** @param {number} a @param {number} b @param {number} tolerance */
const close = (a, b, tolerance = 1e-9) =>
  assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b)), `${a} is not ${b}`);

test("ends of the domain map to ends of the range, and back", () => {
  for (
    const scale of [
      linearScale([2, 12], [100, 0]),
      logScale([0.01, 1000], [0, 500]),
      symlogScale([-100, 1e6], [0, 500], 0.1),
    ]
  ) {
    close(scale.map(scale.domain[0]), scale.range[0]);
    close(scale.map(scale.domain[1]), scale.range[1]);
    for (const pixel of [1, 17, 60, 99]) close(scale.map(scale.invert(pixel)), pixel, 1e-6);
  }
});

test("wall times keep their milliseconds", () => {
  const scale = linearScale([1763700000, 1763700001], [0, 1000]);
  close(scale.map(1763700000.5), 500, 1e-6);
});

test("a log scale has no place for values that are not positive, a symlog scale has", () => {
  assert.ok(Number.isNaN(logScale([1, 10], [0, 1]).map(0)));
  assert.ok(Number.isNaN(logScale([1, 10], [0, 1]).map(-5)));
  const scale = symlogScale([-10, 10], [0, 100], 0.1);
  close(scale.map(0), 50);
  assert.ok(scale.map(-1) < scale.map(0) && scale.map(0) < scale.map(1));
});

test("padding widens, and never crosses zero needlessly", () => {
  assert.deepEqual(padded(0, 100), [0, 105]);
  const [low, high] = padded(0.01, 100);
  assert.equal(low, 0);
  assert.ok(high > 100);
  assert.ok(padded(-1, 1)[0] < -1);
});

test("a constant or absent series still has an axis", () => {
  for (const [min, max] of [[5, 5], [0, 0], [-3, -3], [Infinity, -Infinity], [NaN, NaN], [-1.7e308, 1.7e308]]) {
    const [low, high] = padded(min, max);
    assert.ok(low < high && Number.isFinite(low) && Number.isFinite(high), `${min} ${max}`);
  }
  assert.ok(paddedLog(3, 3)[0] < paddedLog(3, 3)[1]);
  assert.ok(paddedLog(0, 0)[0] > 0);
});

test("searching finds the first not below, and the nearest", () => {
  const sorted = [1, 2, 2, 5, 9];
  assert.deepEqual([0, 1, 2, 3, 9, 10].map((value) => lowerBound(sorted, value)), [0, 0, 1, 3, 4, 5]);
  assert.deepEqual([0, 3, 3.6, 7, 100].map((value) => nearest(sorted, value)), [0, 2, 3, 3, 4]);
  assert.equal(nearest([], 1), -1);
});
