/**
 * The picture of a chart: where axes and lines go, and drawing them with any pen (canvas or SVG).
 *
 * Data flows one way: series (what the server answered) → scene (what to show and how) → layout (scales, ticks, margins)
 * → pen. The overlay (crosshair, selection) is not part of it and uses the same layout.
 */

import { clippedExtent, xExtent, yExtent } from "./extent.js";
import { paintClipped, paintColumns, paintNonFinite, paintPath } from "./paint.js";
import { linearScale, logScale, padded, paddedLog, symlogScale } from "./scale.js";
import { ticksOf } from "./ticks.js";

/** @typedef {import("../core/frame.js").Series} Series */
/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./paint.js").Pen} Pen */
/**
 * One branch of one run.
 * @typedef {object} Line
 * @property {string} run
 * @property {string} label
 * @property {string} colour
 * @property {readonly number[]} dash
 * @property {Series} series
 */
/**
 * @typedef {object} Scene
 * @property {number} width CSS pixels.
 * @property {number} height
 * @property {readonly Line[]} lines
 * @property {"step" | "relative" | "wall"} xKind
 * @property {readonly [number, number] | null} x The range to show, or everything.
 * @property {boolean} logX
 * @property {boolean} logY
 * @property {boolean} clip Whether the y axis leaves out the outermost 2 %.
 * @property {Colours} colours
 */
/** @typedef {{ grid: string, axis: string, text: string, background: string }} Colours */
/**
 * @typedef {object} Layout
 * @property {number} left
 * @property {number} right
 * @property {number} top
 * @property {number} bottom
 * @property {Scale} xs
 * @property {Scale} ys
 * @property {import("./ticks.js").Tick[]} xTicks
 * @property {import("./ticks.js").Tick[]} yTicks
 * @property {boolean} clipped Whether values lie outside the y axis.
 * @property {boolean} labelled Whether line ends are labelled.
 */

export const FONT = "11px system-ui, sans-serif";
/** Lines may be labelled at their ends up to this number. */
const LABELLED_LINES = 8;
/** More rows than this are drawn as rectangles. */
const PATH_ROWS = 40_000;
const DASHED = [4, 3];
/** How raw values look behind the smoothed lines: the more lines, the fainter, as their noise adds up. */
const RAW = { alpha: 0.22, crowdedAlpha: 0.13, crowd: 4, width: 0.75 };
/** A line has its label at the right edge when it reaches at least this part of the width. */
const NEAR_EDGE = 0.96;

/** @param {Pen} pen @param {Scene} scene @returns {Layout | null} `null` when there is nothing to show. */
export function layOut(pen, scene) {
  const all = scene.lines.map((line) => line.series);
  const x = scene.x ?? xExtent(all);
  if (x === null) return null;
  const xDomain = xDomainOf(scene, x);
  const full = yExtent(all, xDomain);
  const shown = scene.clip ? clippedExtent(all, xDomain) : full;
  pen.font = FONT;
  const top = 8;
  const bottom = scene.height - 20;
  const ys = yScale(scene.logY, shown, [bottom, top]);
  const yTicks = ticksOf(ys, "number", Math.max(2, Math.floor((bottom - top) / 30)));
  const widest = yTicks.reduce((most, tick) => Math.max(most, pen.measureText(tick.label).width), 0);
  const left = Math.ceil(Math.max(28, widest + 12));
  const labels = endLabels(scene, xDomain).map((line) => line.label);
  const room = labels.reduce((most, text) => Math.max(most, pen.measureText(text).width), 0);
  const labelled = labels.length > 0 && scene.width >= 340;
  const right = scene.width - (labelled ? Math.min(Math.ceil(room) + 14, scene.width * 0.26) : 12);
  const xs = scene.logX ? logScale(xDomain, [left, right]) : linearScale(xDomain, [left, right]);
  const xTicks = xTicksOf(xs, scene.xKind, right - left);
  const clipped = full.min < Math.min(...ys.domain) || full.max > Math.max(...ys.domain);
  return { left, right, top, bottom, xs, ys, xTicks, yTicks, clipped, labelled };
}

/**
 * Ticks about 80 pixels apart, and three at least where the axis has so many places: two do not say how it goes on.
 * @param {Scale} xs @param {Scene["xKind"]} kind @param {number} width CSS pixels.
 */
function xTicksOf(xs, kind, width) {
  const wanted = Math.max(2, Math.floor(width / 80));
  let ticks = ticksOf(xs, kind, wanted);
  for (let count = wanted + 1; ticks.length < 3 && count <= 6; count += 1) ticks = ticksOf(xs, kind, count);
  return ticks;
}

/** @param {Scene} scene @param {readonly [number, number]} x @returns {[number, number]} */
function xDomainOf(scene, x) {
  if (scene.logX) {
    const low = x[0] > 0 ? x[0] : Math.min(1, x[1] > 0 ? x[1] / 2 : 1);
    return [low, x[1] > low ? x[1] : low * 10];
  }
  if (x[0] < x[1]) return [x[0], x[1]];
  const half = scene.xKind === "step" ? 1 : 0.5;
  return [x[0] - half, x[1] + half];
}

/** @param {boolean} log @param {import("./extent.js").Extent} extent @param {readonly [number, number]} range @returns {Scale} */
function yScale(log, extent, range) {
  if (!log || extent.smallest === Infinity) return linearScale(padded(extent.min, extent.max), range);
  if (extent.min > 0) return logScale(paddedLog(extent.min, extent.max), range);
  // Values that are not positive stay visible: linear below the smallest positive decade.
  const largest = Math.max(Math.abs(extent.min), Math.abs(extent.max));
  const threshold = Math.max(10 ** Math.floor(Math.log10(extent.smallest)), largest * 1e-8);
  return symlogScale(padded(extent.min, extent.max), range, threshold);
}

/**
 * The lines that have a label at the right edge: those that reach it. A run that ended long before has none, as there
 * would be nothing beside its label.
 * @param {Scene} scene @param {readonly [number, number]} xDomain @returns {Line[]}
 */
export function endLabels(scene, xDomain) {
  const current = scene.lines.filter((line) => !line.series.superseded);
  if (current.length < 2 || current.length > LABELLED_LINES) return [];
  const place = scene.logX ? logScale(xDomain, [0, 1]) : linearScale(xDomain, [0, 1]);
  return current.filter(({ series: { x } }) =>
    x.length > 0 && x[0] <= xDomain[1] && place.map(x[x.length - 1]) >= NEAR_EDGE
  );
}

/**
 * Names without the parts that all share, for labels beside lines: "mlp/adam", "mlp/sgd" → "adam", "sgd".
 * @param {readonly string[]} names
 * @returns {string[]}
 */
export function shortLabels(names) {
  if (names.length < 2) return [...names];
  const parts = names.map((name) => name.split("/"));
  const shortest = Math.min(...parts.map((list) => list.length));
  let head = 0;
  while (head < shortest - 1 && parts.every((list) => list[head] === parts[0][head])) head += 1;
  let tail = 0;
  while (tail < shortest - 1 - head && parts.every((list) => list.at(-1 - tail) === parts[0].at(-1 - tail))) tail += 1;
  return parts.map((list) => list.slice(head, list.length - tail).join("/"));
}

/** Axes, grid and lines. @param {Pen} pen @param {Scene} scene @param {Layout} layout */
export function drawPicture(pen, scene, layout) {
  drawAxes(pen, scene, layout);
  const { left, right, top, bottom, xs, ys } = layout;
  pen.save();
  pen.beginPath();
  pen.rect(left, 0, right - left + 1, bottom + 1);
  pen.clip();
  drawLines(pen, scene.lines, xs, ys);
  for (const line of scene.lines) {
    if (line.series.nonFinite.length > 0) paintNonFinite(pen, line.series, xs, { top: 0, bottom }, line.colour);
    if (layout.clipped) paintClipped(pen, line.series, xs, ys, { top: 0, bottom }, line.colour);
  }
  pen.restore();
  pen.globalAlpha = 1;
  pen.setLineDash([]);
  if (layout.labelled) drawLabels(pen, scene, layout, top);
}

/** @param {Pen} pen @param {readonly Line[]} lines @param {Scale} xs @param {Scale} ys @param {number} [extra] Added to the width. */
export function drawLines(pen, lines, xs, ys, extra = 0) {
  const rows = lines.reduce((sum, line) => sum + line.series.x.length, 0);
  const columns = rows > PATH_ROWS && "canvas" in pen;
  const width = (lines.length > 30 ? 1 : 1.5) + extra;
  /** @param {Line} line @param {import("../core/frame.js").Columns} data @param {number} alpha @param {number} size */
  const paint = (line, data, alpha, size) => {
    const faint = line.series.superseded;
    const style = {
      colour: line.colour,
      dash: faint ? DASHED : line.dash,
      width: faint ? Math.min(size, 1) : size,
      alpha: faint ? alpha * 0.45 : alpha,
    };
    if (columns) paintColumns(/** @type {CanvasRenderingContext2D} */ (pen), line.series, data, xs, ys, style);
    else paintPath(pen, line.series, data, xs, ys, style);
  };
  // All raw values lie behind all smoothed lines.
  const rawAlpha = lines.length > RAW.crowd ? RAW.crowdedAlpha : RAW.alpha;
  for (const line of lines) {
    if (line.series.smooth) paint(line, line.series.columns, rawAlpha, RAW.width + extra);
    else paint(line, line.series.columns, 1, width);
  }
  for (const line of lines) if (line.series.smooth) paint(line, line.series.smooth, 1, width);
}

/** @param {Pen} pen @param {Scene} scene @param {Layout} layout */
function drawAxes(pen, scene, layout) {
  const { left, right, top, bottom, xs, ys, xTicks, yTicks } = layout;
  const { grid, axis, text } = scene.colours;
  pen.globalAlpha = 1;
  pen.fillStyle = grid;
  const crisp = (/** @type {number} */ pixel) => Math.round(pixel);
  for (const tick of yTicks) {
    const y = ys.map(tick.value);
    if (y >= top - 4 && y <= bottom) pen.fillRect(left, crisp(y), right - left, 1);
  }
  for (const tick of xTicks) pen.fillRect(crisp(xs.map(tick.value)), top, 1, bottom - top);
  pen.fillStyle = axis;
  pen.fillRect(left, bottom, right - left, 1);
  pen.font = FONT;
  pen.fillStyle = text;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const tick of yTicks) {
    const y = ys.map(tick.value);
    if (y >= top - 4 && y <= bottom + 1) pen.fillText(tick.label, left - 6, y);
  }
  pen.textBaseline = "top";
  let free = -Infinity;
  for (const tick of xTicks) {
    const x = xs.map(tick.value);
    const half = pen.measureText(tick.label).width / 2;
    // The first and last label stay inside; one that would touch its neighbour is left out.
    const place = Math.min(Math.max(x, half + 2), scene.width - half - 2);
    if (place - half < free + 8) continue;
    pen.textAlign = "center";
    pen.fillText(tick.label, place, bottom + 6);
    free = place + half;
  }
}

/** Names beside the ends of the lines, pushed apart where they would overlap. @param {Pen} pen @param {Scene} scene @param {Layout} layout @param {number} top */
function drawLabels(pen, scene, layout, top) {
  const { xs, ys, right, bottom } = layout;
  const labels = [];
  for (const line of endLabels(scene, /** @type {[number, number]} */ (xs.domain))) {
    const y = valueAtEnd(line.series, xs.domain[1]);
    if (y === null) continue;
    const pixel = ys.map(y);
    if (!Number.isNaN(pixel)) labels.push({ line, y: Math.min(Math.max(pixel, top), bottom) });
  }
  labels.sort((a, b) => a.y - b.y);
  const step = 13;
  for (let i = 1; i < labels.length; i += 1) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + step);
  // Pushed past the lower edge: back up, as far as needed.
  for (let i = labels.length - 1, limit = bottom; i >= 0 && labels[i].y > limit; i -= 1, limit -= step) {
    labels[i].y = limit;
  }
  pen.font = FONT;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  for (const { line, y } of labels) {
    pen.fillStyle = line.colour;
    pen.fillText(fitted(pen, line.label, scene.width - right - 8), right + 6, y);
  }
}

/** @param {Series} series @param {number} x */
function valueAtEnd(series, x) {
  let i = series.x.length - 1;
  while (i > 0 && series.x[i] > x) i -= 1;
  return i < 0 ? null : (series.smooth ?? series.columns).last[i] + series.base;
}

/** A name that fits; its end tells more than its beginning. @param {Pen} pen @param {string} text @param {number} room */
export function fitted(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let start = 1;
  while (start < text.length - 1 && pen.measureText(`…${text.slice(start)}`).width > room) start += 1;
  return `…${text.slice(start)}`;
}
