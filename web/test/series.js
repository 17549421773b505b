/** Series for tests, as the server would send them. */

/** @typedef {import("../js/core/frame.js").Series} Series */

/** Every point a row. @param {number[]} x @param {number[]} y @param {Partial<Series>} [more] @returns {Series} */
export function rawSeries(x, y, more = {}) {
  const values = Float32Array.from(y);
  return {
    run: "run",
    tag: "tag",
    branch: 0,
    superseded: false,
    count: x.length,
    xMin: x[0],
    xMax: x[x.length - 1],
    raw: true,
    base: 0,
    x: Float64Array.from(x),
    columns: { first: values, min: values, max: values, last: values },
    smooth: null,
    points: new Uint32Array(x.length).fill(1),
    nonFinite: [],
    nonFiniteCount: 0,
    ...more,
  };
}

/** M4 columns of `width` pixels. @param {number[]} x @param {number[]} y @param {number} width @returns {Series} */
export function columnSeries(x, y, width) {
  const low = x[0];
  const size = x[x.length - 1] - low || 1;
  /** @type {{ x: number, first: number, min: number, max: number, last: number, points: number }[]} */
  const rows = [];
  let at = -1;
  x.forEach((value, i) => {
    const column = Math.min(width - 1, Math.floor((value - low) / size * width));
    if (column !== at) rows.push({ x: value, first: y[i], min: y[i], max: y[i], last: y[i], points: 0 });
    at = column;
    const row = rows[rows.length - 1];
    row.x = value;
    row.min = Math.min(row.min, y[i]);
    row.max = Math.max(row.max, y[i]);
    row.last = y[i];
    row.points += 1;
  });
  return {
    ...rawSeries(rows.map((row) => row.x), rows.map((row) => row.last)),
    count: x.length,
    xMin: x[0],
    raw: false,
    columns: {
      first: Float32Array.from(rows.map((row) => row.first)),
      min: Float32Array.from(rows.map((row) => row.min)),
      max: Float32Array.from(rows.map((row) => row.max)),
      last: Float32Array.from(rows.map((row) => row.last)),
    },
    points: Uint32Array.from(rows.map((row) => row.points)),
  };
}

/** A pen that notes where it was. */
export class RecordingPen {
  constructor() {
    /** @type {[string, ...number[]][]} */
    this.calls = [];
    this.dash = /** @type {number[]} */ ([]);
    this.canvas = {};
  }
  beginPath() {
    this.calls.push(["begin"]);
  }
  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.calls.push(["move", x, y]);
  }
  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.calls.push(["line", x, y]);
  }
  /** @param {number} x @param {number} y */
  arc(x, y) {
    this.calls.push(["dot", x, y]);
  }
  closePath() {}
  stroke() {
    this.calls.push(["stroke"]);
  }
  fill() {
    this.calls.push(["fill"]);
  }
  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    this.calls.push(["rect", x, y, width, height]);
  }
  /** @param {number[]} dash */
  setLineDash(dash) {
    this.dash = dash;
  }
  /** @param {string} kind */
  of(kind) {
    return this.calls.filter(([name]) => name === kind);
  }
}
