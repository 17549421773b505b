/**
 * The settings of the Curves page, all in the address:
 *
 *     tags=TEXT  x=relative|wall  xlog  ylog  clip  sm=0.9  br=newest  cols=3  z=FROM..TO  pin=TAG…  shut=GROUP…
 *
 * What is not there has its default. `z` is a range of the x axis and holds for all charts, so that a spike in one can
 * be seen in the others.
 */

import { parseFilter } from "../../core/filter.js";
import { location, setQuery } from "../../core/router.js";
import { memo } from "../../core/signal.js";

/** @typedef {"step" | "relative" | "wall"} XKind */

export const DEFAULT_SMOOTHING = 0.6;
export const MAXIMUM_SMOOTHING = 0.999;
/** Running averages over a window of steps, which stand in the address as `median:100`. */
export const WINDOW_KINDS = /** @type {const} */ (["mean", "median", "gaussian"]);
export const DEFAULT_WINDOW = 100;

/** @param {string} name */
const parameter = (name) => location().query.get(name);

export const tagFilterText = memo(() => parameter("tags") ?? "");
export const tagFilter = memo(() => parseFilter(tagFilterText()));

export const xKind = memo(() => {
  const text = parameter("x");
  return /** @type {XKind} */ (text === "relative" || text === "wall" ? text : "step");
});
export const logX = memo(() => parameter("xlog") !== null && xKind() !== "wall");
export const logY = memo(() => parameter("ylog") !== null);
export const clip = memo(() => parameter("clip") !== null);
export const branches = memo(() => /** @type {"newest" | "all"} */ (parameter("br") === "newest" ? "newest" : "all"));
export const smoothing = memo(() => parseSmoothing(parameter("sm")));
/** The window that smooths, where one does instead of a weight. */
export const smoothingWindow = memo(
  () => parseWindow(parameter("sm")),
  (a, b) => a?.kind === b?.kind && a?.window === b?.window,
);
export const columns = memo(() => {
  const count = Number(parameter("cols"));
  return Number.isInteger(count) && count >= 1 && count <= 8 ? count : 0;
});
export const zoom = memo(() => parseRange(parameter("z")), (a, b) => a?.[0] === b?.[0] && a?.[1] === b?.[1]);

/** @param {readonly string[]} a @param {readonly string[]} b */
const same = (a, b) => a.length === b.length && a.every((item, index) => item === b[index]);
export const pinned = memo(() => location().query.getAll("pin"), same);
const shutNames = memo(() => location().query.getAll("shut"), same);
export const shut = memo(() => new Set(shutNames()));

/** @param {string | null} text */
export function parseSmoothing(text) {
  if (text === null || text.trim() === "") return DEFAULT_SMOOTHING;
  const weight = Number(text);
  return Number.isFinite(weight) ? Math.min(MAXIMUM_SMOOTHING, Math.max(0, weight)) : DEFAULT_SMOOTHING;
}

/** @param {string | null} text @returns {{ kind: typeof WINDOW_KINDS[number], window: number } | null} */
export function parseWindow(text) {
  const [name, number] = (text ?? "").split(":");
  const kind = WINDOW_KINDS.find((kind) => kind === name);
  const window = Number(number);
  return kind ? { kind, window: Number.isFinite(window) && window > 0 ? window : DEFAULT_WINDOW } : null;
}

/** @param {string | null} text @returns {[number, number] | null} */
export function parseRange(text) {
  const parts = (text ?? "").split("..");
  if (parts.length !== 2 || parts.some((part) => part.trim() === "")) return null;
  const [from, to] = parts.map(Number);
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? [from, to] : null;
}

/** @param {readonly [number, number] | null} range @param {XKind} kind */
export function writeRange(range, kind) {
  if (range === null) return null;
  const [from, to] = range;
  // As many digits as a pixel can tell apart.
  const places = Math.min(9, Math.max(0, Math.ceil(4 - Math.log10(to - from))));
  const text = (/** @type {number} */ x) => String(Number(x.toFixed(kind === "step" ? Math.min(places, 2) : places)));
  return text(from) === text(to) ? null : `${text(from)}..${text(to)}`;
}

/** @param {number} weight */
export function setSmoothing(weight) {
  const rounded = Math.round(Math.min(MAXIMUM_SMOOTHING, Math.max(0, weight)) * 1000) / 1000;
  setQuery({ sm: rounded === DEFAULT_SMOOTHING ? null : String(rounded) });
}

/** @param {string} kind @param {number} window */
export function setSmoothingWindow(kind, window) {
  if (window > 0 && Number.isFinite(window)) setQuery({ sm: `${kind}:${Number(window.toPrecision(3))}` });
}

/** @param {XKind} kind */
export function setXKind(kind) {
  // A range of steps means nothing in seconds.
  setQuery({ x: kind === "step" ? null : kind, z: null });
}

/**
 * @param {readonly [number, number] | null} range
 * @param {boolean} [small] One of many small moves, which together are one station for the back button.
 */
export function setZoom(range, small = false) {
  setQuery({ z: writeRange(range, xKind.peek()) }, { push: !(small && zoom.peek() !== null) });
}

/** @param {string} tag */
export function togglePin(tag) {
  const now = pinned.peek();
  setQuery({ pin: now.includes(tag) ? now.filter((other) => other !== tag) : [...now, tag] });
}

/** @param {string} group */
export function toggleGroup(group) {
  const next = new Set(shut.peek());
  if (next.has(group)) next.delete(group);
  else next.add(group);
  setQuery({ shut: [...next] });
}
