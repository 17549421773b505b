/**
 * Draws lines. A row of a series is one pixel column with the first, least, greatest and last of its values (M4), or one
 * point; joined in that order, the picture is the one that all points would give.
 *
 * Two ways: a path, with smooth edges, and rectangles, one a column, which cost a fraction when there are many lines.
 */

import { rowsInside } from "./extent.js";

/** @typedef {import("../core/frame.js").Series} Series */
/** @typedef {import("../core/frame.js").Columns} Columns */
/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {CanvasRenderingContext2D | import("./svg.js").SvgContext} Pen */
/**
 * @typedef {object} LineStyle
 * @property {string} colour
 * @property {readonly number[]} dash
 * @property {number} width
 * @property {number} alpha
 */

/** Pixels far outside the canvas upset some rasterisers. */
const FAR = 20_000;

/** @param {number} pixel */
const near = (pixel) => (pixel > FAR ? FAR : pixel < -FAR ? -FAR : pixel);

/**
 * @param {Pen} pen
 * @param {Series} series
 * @param {Columns} columns
 * @param {Scale} xs
 * @param {Scale} ys
 * @param {LineStyle} style
 */
export function paintPath(pen, series, columns, xs, ys, style) {
  const { first, min, max, last } = columns;
  const { x, base, nonFinite } = series;
  const { start, end } = rowsInside(series, xs.domain);
  /** @type {number[]} */
  const dots = [];
  let gap = 0;
  while (gap < nonFinite.length && start < end && nonFinite[gap].x < x[start]) gap += 1;
  let length = 0;
  let dotX = 0;
  let dotY = 0;
  const close = () => {
    if (length === 1) dots.push(dotX, dotY);
    length = 0;
  };
  pen.beginPath();
  for (let i = start; i < end; i += 1) {
    while (gap < nonFinite.length && nonFinite[gap].x < x[i]) {
      gap += 1;
      close();
    }
    const px = near(xs.map(x[i]));
    const py = near(ys.map(first[i] + base));
    const low = near(ys.map(min[i] + base));
    const high = near(ys.map(max[i] + base));
    if (Number.isNaN(high)) {
      // Nothing of this row has a place on a log axis.
      close();
      continue;
    }
    const begin = Number.isNaN(py) ? high : py;
    if (length === 0) pen.moveTo(px, begin);
    else pen.lineTo(px, begin);
    length += 1;
    dotX = px;
    dotY = begin;
    if (min[i] !== max[i]) {
      pen.lineTo(px, Number.isNaN(low) ? FAR : low);
      pen.lineTo(px, high);
      const lastY = near(ys.map(last[i] + base));
      if (!Number.isNaN(lastY)) pen.lineTo(px, lastY);
      length += 1;
    }
  }
  close();
  pen.strokeStyle = style.colour;
  pen.globalAlpha = style.alpha;
  pen.lineWidth = style.width;
  pen.lineJoin = "bevel";
  pen.setLineDash([...style.dash]);
  pen.stroke();
  if (dots.length > 0) {
    pen.fillStyle = style.colour;
    pen.beginPath();
    const radius = style.width + 1;
    for (let i = 0; i < dots.length; i += 2) {
      pen.moveTo(dots[i] + radius, dots[i + 1]);
      pen.arc(dots[i], dots[i + 1], radius, 0, 2 * Math.PI);
    }
    pen.fill();
  }
}

/**
 * The same with one rectangle a column. Dashes are gaps in x, so that steep parts stay legible.
 * @param {CanvasRenderingContext2D} pen
 * @param {Series} series
 * @param {Columns} columns
 * @param {Scale} xs
 * @param {Scale} ys
 * @param {LineStyle} style
 */
export function paintColumns(pen, series, columns, xs, ys, style) {
  const { min, max, last } = columns;
  const { x, base, nonFinite } = series;
  const { start, end } = rowsInside(series, xs.domain);
  const period = style.dash.reduce((sum, part) => sum + part, 0);
  const half = style.width / 2;
  let gap = 0;
  while (gap < nonFinite.length && start < end && nonFinite[gap].x < x[start]) gap += 1;
  let previousX = NaN;
  let previousY = NaN;
  pen.fillStyle = style.colour;
  pen.globalAlpha = style.alpha;
  for (let i = start; i < end; i += 1) {
    while (gap < nonFinite.length && nonFinite[gap].x < x[i]) {
      gap += 1;
      previousY = NaN;
    }
    const px = near(xs.map(x[i]));
    let top = near(ys.map(max[i] + base));
    let bottom = near(ys.map(min[i] + base));
    if (Number.isNaN(top)) {
      previousY = NaN;
      continue;
    }
    if (Number.isNaN(bottom)) bottom = FAR;
    if (!Number.isNaN(previousY)) {
      if (px - previousX > 2) {
        // Columns far apart: a slope, not a step.
        bridge(pen, previousX, previousY, px, (top + bottom) / 2, style, period);
      } else {
        top = Math.min(top, previousY);
        bottom = Math.max(bottom, previousY);
      }
    }
    if (period === 0 || px % period < style.dash[0]) {
      pen.fillRect(px - half, top - half, style.width, bottom - top + style.width);
    }
    previousX = px;
    previousY = near(ys.map(last[i] + base));
  }
}

/**
 * A straight line of small rectangles.
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {LineStyle} style
 * @param {number} period
 */
function bridge(pen, x0, y0, x1, y1, style, period) {
  const steps = Math.min(2000, Math.ceil(x1 - x0));
  const half = style.width / 2;
  let before = y0;
  for (let k = 1; k <= steps; k += 1) {
    const px = x0 + (x1 - x0) * k / steps;
    const py = y0 + (y1 - y0) * k / steps;
    if (period === 0 || px % period < style.dash[0]) {
      pen.fillRect(px - half, Math.min(before, py) - half, style.width, Math.abs(py - before) + style.width);
    }
    before = py;
  }
}

/**
 * Marks of values that are no numbers: triangles on the lower edge for NaN, at the edges for infinities.
 * @param {Pen} pen
 * @param {Series} series
 * @param {Scale} xs
 * @param {{ top: number, bottom: number }} frame
 * @param {string} colour
 */
export function paintNonFinite(pen, series, xs, frame, colour) {
  pen.fillStyle = colour;
  pen.globalAlpha = 1;
  pen.beginPath();
  let lastX = -Infinity;
  for (const mark of series.nonFinite) {
    if (mark.x < xs.domain[0] || mark.x > xs.domain[1]) continue;
    const px = xs.map(mark.x);
    // Marks on one another would only be slow.
    if (px - lastX < 1) continue;
    lastX = px;
    if (mark.nan > 0) triangle(pen, px, frame.bottom - 7, 7);
    if (mark.positive > 0) triangle(pen, px, frame.top, 7);
    if (mark.negative > 0) triangle(pen, px, frame.bottom, -7);
  }
  pen.fill();
}

/** @param {Pen} pen @param {number} x @param {number} tip @param {number} height Downwards from the tip. */
function triangle(pen, x, tip, height) {
  const half = Math.abs(height) * 0.6;
  pen.moveTo(x, tip);
  pen.lineTo(x + half, tip + height);
  pen.lineTo(x - half, tip + height);
  pen.closePath();
}

/**
 * Small arrow heads at the edge where a clipped axis hides values.
 * @param {Pen} pen
 * @param {Series} series
 * @param {Scale} xs
 * @param {Scale} ys
 * @param {{ top: number, bottom: number }} frame
 * @param {string} colour
 */
export function paintClipped(pen, series, xs, ys, frame, colour) {
  const { start, end } = rowsInside(series, xs.domain);
  const high = Math.max(...ys.domain);
  const low = Math.min(...ys.domain);
  pen.fillStyle = colour;
  pen.globalAlpha = 0.8;
  pen.beginPath();
  let lastTop = -Infinity;
  let lastBottom = -Infinity;
  for (let i = start; i < end; i += 1) {
    const px = xs.map(series.x[i]);
    if (series.columns.max[i] + series.base > high && px - lastTop >= 6) {
      triangle(pen, px, frame.top, 5);
      lastTop = px;
    }
    if (series.columns.min[i] + series.base < low && px - lastBottom >= 6) {
      triangle(pen, px, frame.bottom, -5);
      lastBottom = px;
    }
  }
  pen.fill();
}
