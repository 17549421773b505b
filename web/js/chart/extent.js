/** What range of values a chart has to show. */

import { lowerBound } from "./scale.js";

/** @typedef {import("../core/frame.js").Series} Series */
/** @typedef {{ min: number, max: number, smallest: number }} Extent `smallest` is the smallest positive value, or Infinity. */

/** Values looked at for percentiles; more would not change the picture. */
const SAMPLES = 20_000;

/** The range of x of all series. @param {readonly Series[]} list @returns {[number, number] | null} */
export function xExtent(list) {
  let min = Infinity;
  let max = -Infinity;
  for (const series of list) {
    if (series.count === 0) continue;
    if (series.xMin < min) min = series.xMin;
    if (series.xMax > max) max = series.xMax;
  }
  return min <= max ? [min, max] : null;
}

/** Rows of a series that touch a range of x, one more at both ends. @param {Series} series @param {readonly [number, number]} x */
export function rowsInside(series, x) {
  const start = Math.max(0, lowerBound(series.x, x[0]) - 1);
  let end = lowerBound(series.x, x[1]);
  while (end < series.x.length && series.x[end] === x[1]) end += 1;
  return { start, end: Math.min(series.x.length, end + 1) };
}

/** Only rows whose x lies in the range. @param {Series} series @param {readonly [number, number]} x */
function rowsStrictlyInside(series, x) {
  const start = lowerBound(series.x, x[0]);
  let end = lowerBound(series.x, x[1]);
  while (end < series.x.length && series.x[end] === x[1]) end += 1;
  return { start, end };
}

/** The range of the values in a range of x, every spike included. @param {readonly Series[]} list @param {readonly [number, number]} x @returns {Extent} */
export function yExtent(list, x) {
  let min = Infinity;
  let max = -Infinity;
  let smallest = Infinity;
  for (const series of list) {
    let { start, end } = rowsStrictlyInside(series, x);
    if (start >= end) ({ start, end } = rowsInside(series, x));
    const { min: low, max: high } = series.columns;
    const base = series.base;
    for (let i = start; i < end; i += 1) {
      const a = low[i] + base;
      const b = high[i] + base;
      if (a < min) min = a;
      if (b > max) max = b;
      if (a > 0) {
        if (a < smallest) smallest = a;
      } else if (b > 0 && b < smallest) smallest = b;
    }
  }
  return { min, max, smallest };
}

/** The range that holds the middle 98 % of the values. @param {readonly Series[]} list @param {readonly [number, number]} x @returns {Extent} */
export function clippedExtent(list, x) {
  const ranges = list.map((series) => ({ series, ...rowsInside(series, x) }));
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const stride = Math.max(1, Math.ceil(2 * total / SAMPLES));
  /** @type {number[]} */
  const values = [];
  for (const { series, start, end } of ranges) {
    for (let i = start; i < end; i += stride) {
      values.push(series.columns.min[i] + series.base, series.columns.max[i] + series.base);
    }
  }
  if (values.length === 0) return { min: Infinity, max: -Infinity, smallest: Infinity };
  const sorted = Float64Array.from(values).sort();
  const min = sorted[Math.floor(0.01 * (sorted.length - 1))];
  const max = sorted[Math.ceil(0.99 * (sorted.length - 1))];
  const positive = sorted.subarray(lowerBound(sorted, Math.max(min, Number.MIN_VALUE)));
  return { min, max, smallest: positive.length > 0 ? positive[0] : Infinity };
}
