/** Raw bytes of tensors as values, and how they print. No DOM here. */

import { number } from "../core/format.js";

/**
 * Elements of a tensor. `at` gives what to print, `value` a number for colours (NaN where there is none).
 * @typedef {object} Values
 * @property {number} length
 * @property {(index: number) => number} value
 * @property {(index: number) => string} text With few digits.
 * @property {(index: number) => string} exact So that it reads back as the same value.
 */

/** Bytes an element takes; 0 for types without raw bytes. @type {Record<string, number>} */
export const WIDTHS = {
  bool: 1,
  int8: 1,
  uint8: 1,
  qint8: 1,
  quint8: 1,
  int16: 2,
  uint16: 2,
  qint16: 2,
  quint16: 2,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  int32: 4,
  uint32: 4,
  qint32: 4,
  float64: 8,
  int64: 8,
  uint64: 8,
  complex64: 8,
  complex128: 16,
};

/** @param {number} bits */
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. @param {number} bits */
function bfloatToNumber(bits) {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** The shortest digits that give the same float32. @param {number} value */
export function float32Text(value) {
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 6; digits <= 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

/** @param {number} real @param {number} imaginary @param {(x: number) => string} print */
function complexText(real, imaginary, print) {
  const sign = imaginary < 0 || Object.is(imaginary, -0) ? "−" : "+";
  return `${print(real)} ${sign} ${print(Math.abs(imaginary))}i`;
}

/**
 * @param {string} dtype
 * @param {ArrayBuffer} buffer Little-endian elements.
 * @returns {Values | null} `null` for types without raw bytes.
 */
export function decode(dtype, buffer) {
  const width = WIDTHS[dtype];
  if (!width) return null;
  const view = new DataView(buffer);
  const length = Math.floor(buffer.byteLength / width);
  /** @param {(offset: number) => number} read @param {(x: number) => string} [exact] @returns {Values} */
  const real = (read, exact = String) => ({
    length,
    value: (index) => read(index * width),
    text: (index) => number(read(index * width), 4),
    exact: (index) => exact(read(index * width)),
  });
  /** @param {(offset: number) => number} read @returns {Values} */
  const whole = (read) => ({
    length,
    value: (index) => read(index * width),
    text: (index) => String(read(index * width)).replace("-", "−"),
    exact: (index) => String(read(index * width)),
  });
  /** @param {(offset: number) => bigint} read @returns {Values} */
  const big = (read) => ({
    length,
    value: (index) => Number(read(index * width)),
    text: (index) => String(read(index * width)).replace("-", "−"),
    exact: (index) => String(read(index * width)),
  });
  /** @param {(offset: number) => number} read @param {number} half @returns {Values} */
  const complex = (read, half) => ({
    length,
    value: (index) => Math.hypot(read(index * width), read(index * width + half)),
    text: (index) => complexText(read(index * width), read(index * width + half), (x) => number(x, 3)),
    exact: (index) => complexText(read(index * width), read(index * width + half), half === 4 ? float32Text : String),
  });
  switch (dtype) {
    case "bool":
      return {
        length,
        value: (index) => (view.getUint8(index) ? 1 : 0),
        text: (index) => (view.getUint8(index) ? "true" : "false"),
        exact: (index) => (view.getUint8(index) ? "true" : "false"),
      };
    case "int8":
    case "qint8":
      return whole((offset) => view.getInt8(offset));
    case "uint8":
    case "quint8":
      return whole((offset) => view.getUint8(offset));
    case "int16":
    case "qint16":
      return whole((offset) => view.getInt16(offset, true));
    case "uint16":
    case "quint16":
      return whole((offset) => view.getUint16(offset, true));
    case "int32":
    case "qint32":
      return whole((offset) => view.getInt32(offset, true));
    case "uint32":
      return whole((offset) => view.getUint32(offset, true));
    case "int64":
      return big((offset) => view.getBigInt64(offset, true));
    case "uint64":
      return big((offset) => view.getBigUint64(offset, true));
    case "float16":
      return real((offset) => halfToNumber(view.getUint16(offset, true)), float32Text);
    case "bfloat16":
      return real((offset) => bfloatToNumber(view.getUint16(offset, true)), float32Text);
    case "float32":
      return real((offset) => view.getFloat32(offset, true), float32Text);
    case "float64":
      return real((offset) => view.getFloat64(offset, true));
    case "complex64":
      return complex((offset) => view.getFloat32(offset, true), 4);
    case "complex128":
      return complex((offset) => view.getFloat64(offset, true), 8);
    default:
      return null;
  }
}

/**
 * Which axes a picture or grid shows, and the place on each of the others.
 * @typedef {object} Axes
 * @property {number | null} row `null` where the tensor has fewer than two axes.
 * @property {number | null} column `null` for a scalar.
 * @property {number[]} at A place on each axis.
 */

/**
 * The axes to show: what the address says where that fits the shape, else the last two: convolution filters have their
 * channels there, and a few pixels in front.
 * @param {readonly number[]} shape
 * @param {{ row?: string | null, column?: string | null, at?: string | null }} wanted
 * @returns {Axes}
 */
export function axesOf(shape, wanted) {
  const rank = shape.length;
  /** @param {string | null | undefined} text @param {number} size */
  const index = (text, size) => {
    const value = text === null || text === undefined || text.trim() === "" ? NaN : Number(text);
    return Number.isInteger(value) && value >= 0 && value < size ? value : null;
  };
  const at = shape.map((size, axis) => index((wanted.at ?? "").split(",")[axis], size) ?? 0);
  if (rank === 0) return { row: null, column: null, at };
  if (rank === 1) return { row: null, column: 0, at };
  let row = index(wanted.row, rank);
  let column = index(wanted.column, rank);
  if (row === null || column === null || row === column) {
    row = rank - 2;
    column = rank - 1;
  }
  return { row, column, at };
}

/**
 * The slice of a block of rows and columns, as the server takes it: `3,0:64,:,128:192`.
 * @param {readonly number[]} shape
 * @param {Axes} axes
 * @param {[number, number]} rows First, and one past the last.
 * @param {[number, number]} columns
 */
export function sliceText(shape, axes, rows, columns) {
  return shape.map((_, axis) => {
    if (axis === axes.row) return `${rows[0]}:${rows[1]}`;
    if (axis === axes.column) return `${columns[0]}:${columns[1]}`;
    return String(axes.at[axis]);
  }).join(",");
}

/**
 * A block as the table wants it, rows first. The server answers in the order of the tensor's axes.
 * @param {Values} values
 * @param {Axes} axes
 * @param {[number, number]} rows
 * @param {[number, number]} columns
 * @returns {{ values: Values, columns: number }}
 */
export function rowsFirst(values, axes, rows, columns) {
  const height = rows[1] - rows[0];
  const width = columns[1] - columns[0];
  if (axes.row === null || axes.column === null || axes.row < axes.column) return { values, columns: width };
  /** @param {number} index */
  const place = (index) => (index % width) * height + Math.floor(index / width);
  return {
    columns: width,
    values: {
      length: values.length,
      value: (index) => values.value(place(index)),
      text: (index) => values.text(place(index)),
      exact: (index) => values.exact(place(index)),
    },
  };
}
