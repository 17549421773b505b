/** Where an axis has ticks and how they are labelled. Labels of one axis have the same number of digits. */

import * as format from "../core/format.js";

/** @typedef {{ value: number, label: string, major?: boolean }} Tick */
/** @typedef {import("./scale.js").Scale} Scale */

/** The smallest of 1, 2 or 5 times a power of ten that is not below `rough`. @param {number} rough */
export function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 5]) if (factor * power >= rough * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

/** @param {number} low @param {number} high @param {number} step @returns {number[]} */
function multiples(low, high, step) {
  const values = [];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // A step too small for the magnitude of the numbers would never end.
  for (let k = first; k <= last && values.length < 200; k += 1) values.push(k * step);
  return values;
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} count About how many.
 * @param {number} [least] The smallest step.
 * @returns {Tick[]}
 */
export function linearTicks(low, high, count, least = 0) {
  const size = high - low;
  if (!(size > 0) || !Number.isFinite(size)) return [{ value: low, label: format.number(low, 4) }];
  // Rather a few more than half as many.
  const step = Math.max(least, niceStep(0.8 * size / Math.max(1, count)));
  // Where neighbouring doubles are farther apart than ticks, there is only one.
  if (low + step === low || high - step === high) return [{ value: low, label: format.number(low, 4) }];
  const label = linearLabel(step, Math.max(Math.abs(low), Math.abs(high)));
  return multiples(low, high, step).map((value) => ({ value, label: label(Math.abs(value) < step / 2 ? 0 : value) }));
}

/** @param {number} step @param {number} largest @returns {(value: number) => string} */
function linearLabel(step, largest) {
  const minus = (/** @type {string} */ text) => text.replace("-", "−");
  if (largest >= 1e6 || largest < 1e-3) {
    const exponent = Math.floor(Math.log10(largest) + 1e-12);
    const unit = largest >= 1e6 && largest < 1e15 ? Math.floor(exponent / 3) * 3 : exponent;
    const places = Math.max(0, unit - Math.floor(Math.log10(step) + 1e-9));
    const suffix = /** @type {Record<number, string>} */ ({ 6: "M", 9: "G", 12: "T" })[unit] ??
      `e${unit}`.replace("-", "−");
    return (value) => (value === 0 ? "0" : minus((value / 10 ** unit).toFixed(Math.min(places, 15))) + suffix);
  }
  if (largest >= 1e4 && step >= 100 && Math.abs(step % 100) < 1e-9) {
    const places = step % 1000 === 0 ? 0 : 1;
    return (value) => (value === 0 ? "0" : `${minus((value / 1000).toFixed(places))}k`);
  }
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (value) => minus(value.toFixed(places));
}

/** A power of ten as people read it: 0.01, 1, 1k, 1e−9. @param {number} value */
function powerLabel(value) {
  const size = Math.abs(value);
  if (size >= 1e3 && size < 1e15) return format.compact(value);
  return format.number(value, 3);
}

/** @param {number} low Positive. @param {number} high @param {number} count @returns {Tick[]} */
export function logTicks(low, high, count) {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.ceil(Math.log10(high) - 1e-9);
  const decades = last - first;
  if (Math.log10(high / low) < 0.8) return linearTicks(low, high, count);
  const factors = decades <= Math.max(1, count / 3) ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / Math.max(2, count)));
  const ticks = [];
  for (let power = first; power <= last; power += 1) {
    if (factors.length === 1 && (power - first) % every !== 0) continue;
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push({ value, label: powerLabel(value) });
    }
  }
  return ticks;
}

/** @param {import("./scale.js").Scale & { threshold: number }} scale @param {number} count @returns {Tick[]} */
function symlogTicks(scale, count) {
  const [low, high] = scale.domain;
  /** @param {number} limit */
  const side = (limit) => (limit > scale.threshold ? logTicks(scale.threshold, limit, Math.max(2, count / 2)) : []);
  return [
    ...side(-low).map((tick) => ({ value: -tick.value, label: `−${tick.label}` })).reverse(),
    { value: 0, label: "0" },
    ...side(high),
  ].filter((tick) => tick.value >= low && tick.value <= high);
}

/** Steps of time axes in seconds. */
const TIME_STEPS = [
  0.001,
  0.002,
  0.005,
  0.01,
  0.02,
  0.05,
  0.1,
  0.2,
  0.5,
  1,
  2,
  5,
  10,
  15,
  30,
  60,
  120,
  300,
  600,
  900,
  1800,
  3600,
  7200,
  10800,
  21600,
  43200,
  86400,
  172800,
  604800,
  1209600,
  2592000,
  7776000,
  31536000,
];

/** @param {number} size @param {number} count */
function timeStep(size, count) {
  const rough = size / Math.max(1, count);
  return TIME_STEPS.find((step) => step >= rough) ?? niceStep(rough / 31536000) * 31536000;
}

/** Lengths of time: 0 s, 30 s, 5 min, 1.5 h, 2 d. @param {number} low @param {number} high @param {number} count @returns {Tick[]} */
export function durationTicks(low, high, count) {
  const step = timeStep(high - low, count);
  /** @type {[number, string]} */
  const [unit, name] = step >= 43200 ? [86400, "d"] : step >= 1800 ? [3600, "h"] : step >= 60 ? [60, "min"] : [1, "s"];
  const scaled = step / unit;
  const places = scaled % 1 === 0 ? 0 : Math.min(3, Math.max(1, -Math.floor(Math.log10(scaled % 1))));
  return multiples(low, high, step).map((value) => ({
    value,
    label: `${(value / unit).toFixed(places).replace("-", "−").replace(/^−0$/, "0")} ${name}`,
  }));
}

/**
 * Points in time, at whole local hours or days.
 * @param {number} low Seconds since 1970.
 * @param {number} high
 * @param {number} count
 * @param {number} [offset] Seconds to add for local time.
 * @returns {Tick[]}
 */
export function timeTicks(low, high, count, offset = -60 * new Date(low * 1000).getTimezoneOffset()) {
  const step = timeStep(high - low, count);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return multiples(low + offset, high + offset, step).map((local) => {
    // Local time read as if it were UTC, so that the offset is applied once.
    const date = new Date(local * 1000);
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    const day = `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
    let label = clock;
    if (step >= 86400 || clock === "00:00" && step >= 60) {
      label = step >= 2592000 ? `${date.getUTCFullYear()}-${day}` : day;
    } else if (step < 60) label = `${clock}:${two(date.getUTCSeconds())}`;
    if (step < 1) label += (local % 1).toFixed(3).slice(1);
    return { value: local - offset, label };
  });
}

/**
 * Ticks of any axis.
 * @param {Scale} scale
 * @param {"number" | "step" | "relative" | "wall"} kind
 * @param {number} count About how many.
 * @returns {Tick[]}
 */
export function ticksOf(scale, kind, count) {
  const [low, high] = scale.domain;
  if (scale.kind === "log") return logTicks(low, high, count);
  if (scale.kind === "symlog") return symlogTicks(/** @type {any} */ (scale), count);
  if (kind === "wall") return timeTicks(low, high, count);
  if (kind === "relative") return durationTicks(low, high, count);
  // There is no half step.
  return linearTicks(low, high, count, kind === "step" ? 1 : 0);
}
