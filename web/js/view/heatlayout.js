/**
 * Where the cells of a heat map lie. Three places to tell apart: indices of the tensor's axes, cells of the picture the
 * server made (a cell stands for a block of indices), and CSS pixels of the canvas.
 */

/** The greatest height of a cell: larger ones show nothing more. */
export const LARGEST_CELL = 30;
/** How much longer than wide a cell may be, or the other way round. */
const LARGEST_RATIO = 6;

/**
 * @typedef {object} Layout
 * @property {number} cellWidth CSS pixels.
 * @property {number} cellHeight
 * @property {number} width Of the picture.
 * @property {number} height
 */

/**
 * Cells as large as fit, not much longer than wide.
 * @param {number} columns @param {number} rows Of the picture.
 * @param {number} width @param {number} height Room, in CSS pixels.
 * @returns {Layout}
 */
export function layoutOf(columns, rows, width, height) {
  if (columns < 1 || rows < 1) return { cellWidth: 0, cellHeight: 0, width: 0, height: 0 };
  const tallest = Math.min(LARGEST_CELL, height / rows);
  const cellWidth = Math.min(width / columns, tallest * LARGEST_RATIO);
  // Not rounded to whole pixels: with many cells that would leave a good part of the room empty.
  const cellHeight = Math.min(tallest, cellWidth * LARGEST_RATIO);
  return { cellWidth, cellHeight, width: cellWidth * columns, height: cellHeight * rows };
}

/**
 * The height that a picture needs at most, in CSS pixels: what is more would stay empty below it.
 * @param {number} columns @param {number} rows Of the picture. @param {number} width Room, in CSS pixels.
 */
export function neededHeight(columns, rows, width) {
  return layoutOf(columns, rows, width, Infinity).height;
}

/**
 * The first index of a cell: cell k begins at ⌈k × count / cells⌉, as the server cuts.
 * @param {number} cell @param {number} count @param {number} cells
 */
export function firstIndex(cell, count, cells) {
  return Math.ceil((cell * count) / cells);
}

/** The indices of a cell as a range, first and one past the last. @param {number} cell @param {number} count @param {number} cells @returns {[number, number]} */
export function indicesOf(cell, count, cells) {
  return [firstIndex(cell, count, cells), firstIndex(cell + 1, count, cells)];
}

/** A part of an axis. @typedef {[number, number]} Range */

/**
 * The zoomed part in the address, rows and columns as `0:10,5:20`; whole axes where it is missing or does not fit.
 * @param {string | null} text @param {number} rows @param {number} columns
 * @returns {{ rows: Range, columns: Range, whole: boolean }}
 */
export function parseZoom(text, rows, columns) {
  const match = /^(\d+):(\d+),(\d+):(\d+)$/.exec(text ?? "");
  /** @type {{ rows: Range, columns: Range, whole: boolean }} */
  const whole = { rows: [0, rows], columns: [0, columns], whole: true };
  if (!match) return whole;
  const [r0, r1, c0, c1] = match.slice(1).map(Number);
  if (r0 >= r1 || c0 >= c1 || r1 > rows || c1 > columns) return whole;
  return { rows: [r0, r1], columns: [c0, c1], whole: false };
}

/** @param {Range} rows @param {Range} columns */
export function zoomText(rows, columns) {
  return `${rows[0]}:${rows[1]},${columns[0]}:${columns[1]}`;
}

/**
 * Steps of a virtual list: how a scroll place maps to an index where the full height would be more than a browser can
 * scroll (Chromium and Firefox stop at some 17 to 33 million pixels).
 */
export const TALLEST = 12_000_000;

/**
 * @param {number} count @param {number} size Pixels of one.
 * @returns {{ total: number, first: (scroll: number, view: number) => number, scrollTo: (index: number, view: number) => number }}
 */
export function virtualAxis(count, size) {
  const full = count * size;
  const total = Math.min(full, TALLEST);
  if (full <= TALLEST) {
    return {
      total,
      first: (scroll) => scroll / size,
      scrollTo: (index) => index * size,
    };
  }
  return {
    total,
    // The ends of both lie on each other.
    first: (scroll, view) => (Math.min(1, scroll / Math.max(1, total - view)) * (full - view)) / size,
    scrollTo: (index, view) => ((index * size) / Math.max(1, full - view)) * (total - view),
  };
}
