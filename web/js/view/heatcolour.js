/**
 * Colours of heat maps: blue for negative, orange for positive, the page's own shade for zero, darker (in the dark
 * theme: brighter) with size, so that the picture also works without colour. Mixed in OKLab, where equal steps look equal.
 */

/** @typedef {[number, number, number]} Triple */

/** Stops from zero outwards. */
const STOPS = {
  light: { zero: "#f4f5f7", negative: ["#a9c8ee", "#4a8ad8", "#12408f"], positive: ["#f6cba2", "#e08a3c", "#8a3c06"] },
  dark: { zero: "#20242a", negative: ["#274872", "#4b86d6", "#b9d8ff"], positive: ["#6a4220", "#d0803a", "#ffdcb4"] },
};

/** What is no number: strong, and in no other place of the picture. */
export const SPECIAL = {
  light: { nan: "#d6009a", positiveInfinity: "#ffcc00", negativeInfinity: "#00c2d6" },
  dark: { nan: "#ff4fc3", positiveInfinity: "#ffd23f", negativeInfinity: "#37e0ff" },
};

/** Colours in each half of the table. */
const STEPS = 255;

/** @param {string} hex @returns {Triple} */
export function rgbOf(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** @param {number} x 0 to 255. */
const toLinear = (x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4);
/** @param {number} x */
const fromLinear = (x) => {
  const clamped = Math.min(1, Math.max(0, x));
  return Math.round(255 * (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055));
};

/** @param {Triple} rgb @returns {Triple} */
export function toOklab(rgb) {
  const [r, g, b] = rgb.map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** @param {Triple} lab @returns {Triple} */
export function fromOklab([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    fromLinear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    fromLinear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    fromLinear(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** @param {string[]} stops @param {number} t 0 to 1. @returns {Triple} */
function mixed(stops, t) {
  const place = t * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(place));
  const share = place - index;
  const from = toOklab(rgbOf(stops[index]));
  const to = toOklab(rgbOf(stops[index + 1]));
  return fromOklab(/** @type {Triple} */ (from.map((x, k) => x + (to[k] - x) * share)));
}

/** @type {Map<string, Uint8ClampedArray>} */
const tables = new Map();

/** Red, green, blue of −limit … 0 … +limit. @param {"light" | "dark"} theme */
function table(theme) {
  let found = tables.get(theme);
  if (!found) {
    const { zero, negative, positive } = STOPS[theme];
    found = new Uint8ClampedArray(3 * (2 * STEPS + 1));
    for (let step = -STEPS; step <= STEPS; step += 1) {
      const rgb = mixed([zero, ...(step < 0 ? negative : positive)], Math.abs(step) / STEPS);
      found.set(rgb, 3 * (step + STEPS));
    }
    tables.set(theme, found);
  }
  return found;
}

/**
 * The colour of a value on a scale that ends at ±limit; larger values take the colour of the end.
 * @param {number} value
 * @param {number} limit
 * @param {"light" | "dark"} theme
 * @returns {Triple}
 */
export function colourOf(value, limit, theme) {
  if (Number.isNaN(value)) return rgbOf(SPECIAL[theme].nan);
  if (value === Infinity) return rgbOf(SPECIAL[theme].positiveInfinity);
  if (value === -Infinity) return rgbOf(SPECIAL[theme].negativeInfinity);
  const share = limit > 0 ? Math.max(-1, Math.min(1, value / limit)) : 0;
  const colours = table(theme);
  const place = 3 * (Math.round(share * STEPS) + STEPS);
  return [colours[place], colours[place + 1], colours[place + 2]];
}

/** A CSS gradient of the whole scale, from −limit on the left. @param {"light" | "dark"} theme */
export function gradient(theme) {
  const { zero, negative, positive } = STOPS[theme];
  return `linear-gradient(in oklab to right, ${[...negative].reverse().join(", ")}, ${zero}, ${positive.join(", ")})`;
}

/**
 * Pixels of a picture, one a cell.
 * @param {Float32Array} values
 * @param {number} limit
 * @param {"light" | "dark"} theme
 * @param {Uint8ClampedArray} target Four bytes a cell.
 */
export function paintCells(values, limit, theme, target) {
  for (let index = 0; index < values.length; index += 1) {
    const [red, green, blue] = colourOf(values[index], limit, theme);
    target[4 * index] = red;
    target[4 * index + 1] = green;
    target[4 * index + 2] = blue;
    target[4 * index + 3] = 255;
  }
}
