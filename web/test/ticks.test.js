import assert from "node:assert/strict";
import { test } from "node:test";
import { linearScale, logScale, symlogScale } from "../js/chart/scale.js";
import { durationTicks, linearTicks, logTicks, niceStep, ticksOf, timeTicks } from "../js/chart/ticks.js";

/** @param {{ label: string }[]} ticks */
const labels = (ticks) => ticks.map((tick) => tick.label);

test("steps are 1, 2 or 5 times a power of ten", () => {
  assert.deepEqual([0.9, 1, 1.1, 3, 7, 0.03].map(niceStep), [1, 1, 2, 5, 10, 0.05]);
});

test("labels of an axis have the same number of digits", () => {
  assert.deepEqual(labels(linearTicks(0, 2, 4)), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
  assert.deepEqual(labels(linearTicks(-0.02, 0.02, 4)), ["−0.02", "−0.01", "0.00", "0.01", "0.02"]);
});

test("large and small numbers are short", () => {
  assert.deepEqual(labels(linearTicks(0, 100000, 5)), ["0", "20k", "40k", "60k", "80k", "100k"]);
  assert.deepEqual(labels(linearTicks(0, 3e6, 3)), ["0", "1M", "2M", "3M"]);
  assert.deepEqual(labels(linearTicks(0, 4e-5, 4)), ["0", "1e−5", "2e−5", "3e−5", "4e−5"]);
});

test("different ticks have different labels, whatever the range", () => {
  let state = 12345;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 3000; round += 1) {
    const size = 10 ** (random() * 24 - 12);
    const low = (random() - 0.5) * size * 10 ** (random() * 3);
    const ticks = linearTicks(low, low + size, 2 + Math.floor(random() * 8));
    assert.equal(new Set(labels(ticks)).size, ticks.length, `${low} ${size}: ${labels(ticks)}`);
    for (const { value } of ticks) assert.ok(value >= low - size * 1e-6 && value <= low + size * (1 + 1e-6));
  }
});

test("ranges that cannot be divided give one tick", () => {
  for (const [low, high] of [[1, 1], [0, NaN], [0, Infinity]]) assert.ok(linearTicks(low, high, 5).length <= 1);
  assert.ok(linearTicks(1e16, 1e16 + 2, 5).length < 200);
});

test("log axes have decades, and parts of them when there is room", () => {
  assert.deepEqual(labels(logTicks(0.01, 100, 5)), ["0.01", "0.1", "1", "10", "100"]);
  assert.deepEqual(labels(logTicks(1, 100, 8)), ["1", "2", "5", "10", "20", "50", "100"]);
  assert.ok(logTicks(1e-30, 1e30, 5).length <= 7);
});

test("a symlog axis has both sides and zero", () => {
  const ticks = ticksOf(symlogScale([-100, 100], [0, 400], 1), "number", 6);
  assert.ok(labels(ticks).includes("0") && labels(ticks).includes("100") && labels(ticks).includes("−100"));
  const values = ticks.map((tick) => tick.value);
  assert.deepEqual(values, [...values].sort((a, b) => a - b));
});

test("durations use one unit", () => {
  assert.deepEqual(labels(durationTicks(0, 240, 4)), ["0 min", "1 min", "2 min", "3 min", "4 min"]);
  assert.deepEqual(labels(durationTicks(0, 7200, 4)), ["0.0 h", "0.5 h", "1.0 h", "1.5 h", "2.0 h"]);
});

test("points in time lie on whole local hours", () => {
  const noon = Date.UTC(2026, 10, 21, 12) / 1000;
  assert.deepEqual(labels(timeTicks(noon, noon + 4 * 3600, 4, 0)), ["12:00", "13:00", "14:00", "15:00", "16:00"]);
  const shifted = timeTicks(noon, noon + 4 * 3600, 4, 1800);
  assert.deepEqual(labels(shifted), ["13:00", "14:00", "15:00", "16:00"]);
  assert.equal(shifted[0].value, noon + 1800);
});

test("midnight shows its date, days show only dates", () => {
  const evening = Date.UTC(2026, 10, 21, 23) / 1000;
  assert.deepEqual(labels(timeTicks(evening, evening + 7200, 2, 0)), ["23:00", "11-22", "01:00"]);
  assert.deepEqual(labels(timeTicks(evening, evening + 3 * 86400, 3, 0)), ["11-22", "11-23", "11-24"]);
});

test("steps are whole", () => {
  for (const { value } of ticksOf(linearScale([0, 2], [0, 400]), "step", 8)) assert.ok(Number.isInteger(value));
  assert.ok(ticksOf(logScale([1, 1e6], [0, 400]), "step", 6).length >= 3);
});

test("a short range of steps has whole numbers as labels", () => {
  assert.deepEqual(labels(ticksOf(linearScale([0, 2], [0, 400]), "step", 8)), ["0", "1", "2"]);
});
