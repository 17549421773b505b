/**
 * From data to pixels and back.
 *
 * Coordinates of a chart are CSS pixels of its canvas, y downwards. A scale maps a domain (data) to a range (pixels);
 * canvases multiply by the device's pixel ratio when they draw.
 */

/**
 * @typedef {object} Scale
 * @property {"linear" | "log" | "symlog"} kind
 * @property {readonly [number, number]} domain
 * @property {readonly [number, number]} range
 * @property {(value: number) => number} map Pixel of a value; NaN where there is none.
 * @property {(pixel: number) => number} invert
 */

/** @param {readonly [number, number]} domain @param {readonly [number, number]} range @returns {Scale} */
export function linearScale(domain, range) {
  const size = domain[1] - domain[0] || 1;
  const a = (range[1] - range[0]) / size;
  const b = range[0] - domain[0] * a;
  return {
    kind: "linear",
    domain,
    range,
    // From the start of the domain, not as a·v + b: wall times near 1.7e9 would lose their milliseconds.
    map: Math.abs(b) < 1e6 ? (value) => a * value + b : (value) => range[0] + (value - domain[0]) * a,
    invert: (pixel) => domain[0] + (pixel - range[0]) / a,
  };
}

/**
 * Logarithmic; values that are not positive have no place.
 * @param {readonly [number, number]} domain Positive.
 * @param {readonly [number, number]} range
 * @returns {Scale}
 */
export function logScale(domain, range) {
  const low = Math.log10(domain[0]);
  const size = Math.log10(domain[1]) - low || 1;
  const a = (range[1] - range[0]) / size;
  return {
    kind: "log",
    domain,
    range,
    map: (value) => (value > 0 ? range[0] + (Math.log10(value) - low) * a : NaN),
    invert: (pixel) => 10 ** (low + (pixel - range[0]) / a),
  };
}

/**
 * Logarithmic on both sides of zero and linear near it: for data on a log axis that also has values that are not positive.
 * @param {readonly [number, number]} domain
 * @param {readonly [number, number]} range
 * @param {number} threshold Where the logarithmic part begins.
 * @returns {Scale & { threshold: number }}
 */
export function symlogScale(domain, range, threshold) {
  const bend = (/** @type {number} */ value) => Math.sign(value) * Math.log10(1 + Math.abs(value) / threshold);
  const low = bend(domain[0]);
  const size = bend(domain[1]) - low || 1;
  const a = (range[1] - range[0]) / size;
  return {
    kind: "symlog",
    domain,
    range,
    threshold,
    map: (value) => range[0] + (bend(value) - low) * a,
    invert: (pixel) => {
      const bent = low + (pixel - range[0]) / a;
      return Math.sign(bent) * threshold * (10 ** Math.abs(bent) - 1);
    },
  };
}

/**
 * The range of an axis around its data, a little wider so that lines do not run along the frame.
 * @param {number} min
 * @param {number} max
 * @param {number} [pad] Share of the size added at both ends.
 * @returns {[number, number]}
 */
export function padded(min, max, pad = 0.05) {
  if (!(min <= max)) return [0, 1];
  if (min === max) {
    const half = min === 0 ? 1 : Math.abs(min) * 0.1;
    return [min - half, max + half];
  }
  const space = (max - min) * pad;
  // max - min can overflow for values near the largest double.
  if (!Number.isFinite(space)) return [min, max];
  // A curve that ends at zero keeps zero as its edge.
  const low = min >= 0 && min - space < 0 ? Math.min(0, min) : min - space;
  return [low, max + space];
}

/** The same for a log axis. @param {number} min Positive. @param {number} max @returns {[number, number]} */
export function paddedLog(min, max) {
  if (!(min > 0 && min <= max)) return [0.1, 10];
  if (min === max) return [min / 2, max * 2];
  const factor = (max / min) ** 0.05;
  return [min / factor, max * factor];
}

/** The first index whose value is not below `value`. @param {ArrayLike<number>} sorted @param {number} value */
export function lowerBound(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the value nearest to `value`; -1 when there is none. @param {ArrayLike<number>} sorted @param {number} value */
export function nearest(sorted, value) {
  if (sorted.length === 0) return -1;
  const at = lowerBound(sorted, value);
  if (at === 0) return 0;
  if (at === sorted.length) return at - 1;
  return value - sorted[at - 1] <= sorted[at] - value ? at - 1 : at;
}
