/**
 * The binary answers of the server:
 *
 *     4 bytes   magic, "TSS1"
 *     4 bytes   length of the header, uint32
 *     …         JSON header, padded with spaces so that arrays start at a multiple of 8
 *     …         arrays; offsets in the header count from the first byte after it
 *
 * Everything is little endian. Arrays are views of the answer, nothing is copied.
 */

const MAGIC = 0x31535354;

/**
 * @typedef {object} Frame
 * @property {any} header
 * @property {(offset: number, count: number) => Float32Array} float32
 * @property {(offset: number, count: number) => Float64Array} float64
 * @property {(offset: number, count: number) => Uint32Array} uint32
 */
/** Values of all pixel columns, minus `base`. @typedef {{ first: Float32Array, min: Float32Array, max: Float32Array, last: Float32Array }} Columns */
/** @typedef {{ x: number, nan: number, positive: number, negative: number }} NonFinite */
/**
 * One branch of one series. Rows ascend in x; see docs/http-api.md.
 * @typedef {object} Series
 * @property {string} run
 * @property {string} tag
 * @property {number} branch
 * @property {boolean} superseded
 * @property {number} count Points inside the range.
 * @property {number} xMin
 * @property {number} xMax
 * @property {boolean} raw Whether each row is one point.
 * @property {number} base Added to every y.
 * @property {Float64Array} x
 * @property {Columns} columns
 * @property {Columns | null} smooth
 * @property {Uint32Array} points
 * @property {NonFinite[]} nonFinite
 * @property {number} nonFiniteCount
 */
/** @typedef {{ revision: number, series: Series[] }} SeriesAnswer */

/** @param {ArrayBuffer} buffer @returns {Frame} */
export function decodeFrame(buffer) {
  if (buffer.byteLength < 8) throw new RangeError(`A binary answer of ${buffer.byteLength} bytes is too short.`);
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError("The binary answer does not begin with TSS1.");
  const length = view.getUint32(4, true);
  const start = 8 + length;
  if (start > buffer.byteLength) throw new RangeError("The header of the binary answer is cut off.");
  if (start % 8 !== 0) throw new RangeError("The header of the binary answer is not padded.");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  /**
   * @template T
   * @param {new (buffer: ArrayBuffer, offset: number, count: number) => T} kind
   * @param {number} width
   * @returns {(offset: number, count: number) => T}
   */
  const array = (kind, width) => (offset, count) => {
    if (!Number.isInteger(offset) || offset < 0 || start + offset + count * width > buffer.byteLength) {
      throw new RangeError(`An array of ${count} at ${offset} lies outside the binary answer.`);
    }
    return new kind(buffer, start + offset, count);
  };
  return {
    header,
    float32: array(Float32Array, 4),
    float64: array(Float64Array, 8),
    uint32: array(Uint32Array, 4),
  };
}

/** @param {ArrayBuffer} buffer @returns {SeriesAnswer} */
export function decodeSeries(buffer) {
  const frame = decodeFrame(buffer);
  return {
    revision: frame.header.revision ?? 0,
    series: frame.header.series.map((/** @type {any} */ entry) => seriesOf(frame, entry)),
  };
}

/** @param {Frame} frame @param {any} entry @returns {Series} */
function seriesOf(frame, entry) {
  const n = entry.n;
  /** @param {string} prefix @returns {Columns} */
  const columns = (prefix) => ({
    first: frame.float32(entry[`${prefix}first`], n),
    min: frame.float32(entry[`${prefix}min`], n),
    max: frame.float32(entry[`${prefix}max`], n),
    last: frame.float32(entry[`${prefix}last`], n),
  });
  return {
    run: entry.run,
    tag: entry.tag,
    branch: entry.branch ?? 0,
    superseded: entry.superseded ?? false,
    count: entry.count,
    xMin: entry.x_min ?? NaN,
    xMax: entry.x_max ?? NaN,
    raw: entry.raw ?? false,
    base: entry.base ?? 0,
    x: frame.float64(entry.x, n),
    columns: columns(""),
    smooth: entry.smooth_first === undefined || entry.smooth_first === null ? null : columns("smooth_"),
    points: frame.uint32(entry.points, n),
    nonFinite: entry.non_finite ?? [],
    nonFiniteCount: entry.non_finite_count ?? 0,
  };
}
