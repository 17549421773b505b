/** Numbers, times and sizes as people read them. Every function takes what the API gives, strings for NaN included. */

const MINUS = "−";

/** @param {string} text */
const signed = (text) => text.replace(/^-/, MINUS);

/** A number or one of the API's strings for what JSON cannot say. @param {number | string | null | undefined} value */
export function toNumber(value) {
  if (value === null || value === undefined) return NaN;
  if (typeof value === "number") return value;
  return value === "Infinity" ? Infinity : value === "-Infinity" ? -Infinity : Number(value);
}

/**
 * A value with `digits` significant digits, in exponential form where plain digits would be long.
 * @param {number | string | null | undefined} value
 * @param {number} [digits]
 */
export function number(value, digits = 5) {
  const x = toNumber(value);
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "+∞" : `${MINUS}∞`;
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e-4 && size < 1e7) {
    const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
    const text = x.toFixed(Math.min(places, 12));
    const trimmed = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    return signed(size >= 1e4 ? grouped(trimmed) : trimmed);
  }
  return signed(x.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e"));
}

/** @param {string} text Plain decimal digits. */
function grouped(text) {
  const [whole, fraction] = text.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction ? `${spaced}.${fraction}` : spaced;
}

/** A whole number with separators: 12,345. @param {number | null | undefined} value */
export function integer(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return Number.isInteger(value) ? signed(grouped(String(value))) : number(value);
}

/** 950, 1.2k, 15M: for counts where the digits do not matter. @param {number} value */
export function compact(value) {
  const size = Math.abs(value);
  for (
    const [unit, letter]
      of /** @type {[number, string][]} */ ([[1e18, "E"], [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])
  ) {
    if (size >= unit) {
      const scaled = value / unit;
      const text = Math.abs(scaled) >= 100 ? scaled.toFixed(0) : scaled.toPrecision(3);
      return signed(text.includes(".") ? text.replace(/\.?0+$/, "") : text) + letter;
    }
  }
  return number(value, 3);
}

/** A step in few letters: 12,345, 15.2M, 4.6e18. @param {number} value */
export function shortStep(value) {
  const size = Math.abs(value);
  return size < 1e7 ? integer(value) : size < 1e12 ? compact(value) : number(value, 2);
}

/** @param {number | null | undefined} count Number of bytes. */
export function bytes(count) {
  if (count === null || count === undefined) return "–";
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  let size = count;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  if (unit === 0) return `${grouped(String(size))} ${size === 1 ? "byte" : "bytes"}`;
  return `${size >= 100 ? size.toFixed(0) : size.toPrecision(3).replace(/\.?0+$/, "")} ${units[unit]}`;
}

/** A length of time: 0.3 s, 42 s, 3 min 05 s, 2 h 14 min, 3 d 4 h. @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? MINUS : "";
  if (size < 1e-3) return size === 0 ? "0 s" : `${sign}${number(size * 1e6, 3)} µs`;
  if (size < 1) return `${sign}${number(size * 1e3, 3)} ms`;
  if (size < 59.95) return `${sign}${number(size, 3)} s`;
  const whole = Math.round(size);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${sign}${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
  return `${sign}${Math.floor(whole / 86400)} d ${Math.floor(whole / 3600) % 24} h`;
}

/** A point in time in local time: 2026-11-21 14:03:22. @param {number | null | undefined} seconds Since 1970. */
export function time(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "–";
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** How long ago: "just now", "4 min ago". @param {number | null | undefined} seconds Since 1970. @param {number} [now] */
export function ago(seconds, now = Date.now() / 1000) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const gone = now - seconds;
  if (gone < 10) return "just now";
  if (gone < 60) return `${Math.floor(gone)} s ago`;
  if (gone < 3600) return `${Math.floor(gone / 60)} min ago`;
  if (gone < 86400) return `${Math.floor(gone / 3600)} h ago`;
  return `${Math.floor(gone / 86400)} d ago`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function plural(count, one, many = `${one}s`) {
  return `${integer(count)} ${count === 1 ? one : many}`;
}

/** A shape as TensorFlow users write it: [784, 200]; a scalar is []. @param {readonly (number | null)[]} dimensions */
export function shape(dimensions) {
  return `[${dimensions.map((size) => (size === null || size < 0 ? "?" : String(size))).join(", ")}]`;
}

/**
 * How far reading the logs is: what is read and missing, how fast it goes and how long it will take, as parts of a sentence.
 * @param {import("./api.js").Loading} progress
 * @returns {string[]}
 */
export function loadingParts(progress) {
  const missing = Math.max(0, progress.files - progress.files_done);
  const parts = [
    `${integer(progress.files_done)} of ${plural(progress.files, "file")}`,
    `${bytes(progress.bytes_done)} of ${bytes(progress.bytes)}`,
  ];
  if ((progress.bytes_per_second ?? 0) > 0) parts.push(`${bytes(progress.bytes_per_second ?? 0)}/s`);
  const seconds = progress.seconds_left;
  if (typeof seconds === "number" && seconds > 0) parts.push(`about ${duration(seconds)} left`);
  if (missing > 0) {
    parts.push(`missing: ${plural(missing, "file")}, ${bytes(Math.max(0, progress.bytes - progress.bytes_done))}`);
  }
  return parts;
}
