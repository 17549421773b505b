/** What lies under the pointer: the rows of all lines at one x, nearest to the pointer first. */

import { lowerBound, nearest } from "./scale.js";

/** @typedef {import("./picture.js").Line} Line */
/** @typedef {import("./picture.js").Layout} Layout */
/**
 * @typedef {object} Hit
 * @property {Line} line
 * @property {number} x
 * @property {number} value The last value of the row.
 * @property {number} min
 * @property {number} max
 * @property {number | null} smooth
 * @property {number} points Values in the row.
 * @property {number} px
 * @property {number} py
 * @property {number} distance From the pointer, in pixels.
 */

/**
 * @param {readonly Line[]} lines
 * @param {Layout} layout
 * @param {number} x In data.
 * @param {number | null} pointerY In pixels; without it lines keep their order.
 * @returns {Hit[]}
 */
export function hitsAt(lines, layout, x, pointerY) {
  /** @type {Hit[]} */
  const hits = [];
  const { xs, ys } = layout;
  for (const line of lines) {
    const { series } = line;
    const i = nearest(series.x, x);
    if (i < 0) continue;
    const px = xs.map(series.x[i]);
    // A run that is not there at this x has nothing to say.
    if (px < layout.left - 1 || px > layout.right + 1) continue;
    if (x < series.xMin && xs.map(series.xMin) - xs.map(x) > 8) continue;
    if (x > series.xMax && xs.map(x) - xs.map(series.xMax) > 8) continue;
    const { columns, smooth, base } = series;
    const value = columns.last[i] + base;
    const py = ys.map(smooth ? smooth.last[i] + base : value);
    const low = ys.map(columns.min[i] + base);
    const high = ys.map(columns.max[i] + base);
    let distance = 0;
    if (pointerY !== null) {
      distance = Math.abs(py - pointerY);
      // Inside the extent of a column the pointer is on the line.
      if (!smooth && pointerY >= high && pointerY <= low) distance = 0;
      if (Number.isNaN(distance)) distance = Infinity;
    }
    hits.push({
      line,
      x: series.x[i],
      value,
      min: columns.min[i] + base,
      max: columns.max[i] + base,
      smooth: smooth ? smooth.last[i] + base : null,
      points: series.points[i],
      px,
      py,
      distance: distance + (line.series.superseded ? 4 : 0),
    });
  }
  if (pointerY !== null) hits.sort((a, b) => a.distance - b.distance);
  return hits;
}

/** Values that are no numbers within a few pixels of x. @param {readonly Line[]} lines @param {Layout} layout @param {number} x */
export function nonFiniteAt(lines, layout, x) {
  const found = [];
  const from = layout.xs.invert(layout.xs.map(x) - 4);
  const to = layout.xs.invert(layout.xs.map(x) + 4);
  for (const line of lines) {
    const marks = line.series.nonFinite;
    const first = lowerBound(marks.map((mark) => mark.x), from);
    let nan = 0;
    let positive = 0;
    let negative = 0;
    for (let i = first; i < marks.length && marks[i].x <= to; i += 1) {
      nan += marks[i].nan;
      positive += marks[i].positive;
      negative += marks[i].negative;
    }
    if (nan + positive + negative > 0) found.push({ line, nan, positive, negative });
  }
  return found;
}
