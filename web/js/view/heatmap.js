/**
 * A heat map on a canvas: cells of the server's picture, a cross for the current cell, a box while zooming by drag.
 * Coordinates: see heatlayout.js.
 */

import { h } from "../core/dom.js";
import { integer, number } from "../core/format.js";
import { effect, onCleanup, signal } from "../core/signal.js";
import { theme, token } from "../core/theme.js";
import { paintCells } from "./heatcolour.js";
import { indicesOf, layoutOf, neededHeight } from "./heatlayout.js";

/**
 * What the server answered (`/checkpoints/heatmap`).
 * @typedef {object} Picture
 * @property {number} rows Of the part of the tensor that is shown.
 * @property {number} columns
 * @property {number} height Cells.
 * @property {number} width
 * @property {number | null} min
 * @property {number | null} max
 * @property {{ mean: Float32Array, min: Float32Array, max: Float32Array }} cells
 * @property {number} firstRow Where the part begins.
 * @property {number} firstColumn
 */
/** @typedef {"mean" | "min" | "max"} Kind */

/** @param {import("../core/frame.js").Frame} frame @param {number} firstRow @param {number} firstColumn @returns {Picture} */
export function pictureOf(frame, firstRow, firstColumn) {
  const { rows, columns, height, width, min, max, cells } = frame.header;
  const count = height * width;
  return {
    rows,
    columns,
    height,
    width,
    min,
    max,
    cells: {
      mean: frame.float32(cells.mean, count),
      min: frame.float32(cells.min, count),
      max: frame.float32(cells.max, count),
    },
    firstRow,
    firstColumn,
  };
}

/**
 * The end of the colour scale: the largest size of a finite value, or three standard deviations around zero where the
 * tensor has outliers beyond.
 * @param {{ min: number, max: number, mean: number, std: number }} statistics
 * @param {"full" | "sigma"} kind
 */
export function scaleLimit(statistics, kind) {
  const full = Math.max(Math.abs(statistics.min), Math.abs(statistics.max));
  if (!Number.isFinite(full)) return 0;
  if (kind === "full") return full;
  const sigma = Math.hypot(statistics.mean, statistics.std) * 3;
  return sigma > 0 ? Math.min(full, sigma) : full;
}

/**
 * @param {object} options
 * @param {() => Picture | null} options.picture
 * @param {() => Kind} options.kind
 * @param {() => number} options.limit
 * @param {() => boolean} options.pending
 * @param {(row: number, column: number) => void} options.onPick Indices of the tensor.
 * @param {(rows: [number, number], columns: [number, number]) => void} options.onZoom
 * @param {() => void} options.onReset
 */
export function heatMap(options) {
  const size = signal({ width: 600, height: 360 }, (a, b) => a.width === b.width && a.height === b.height);
  const cursor = signal(
    /** @type {{ row: number, column: number } | null} */ (null),
    (a, b) => a?.row === b?.row && a?.column === b?.column,
  );
  const drag = signal(/** @type {{ from: [number, number], to: [number, number] } | null} */ (null));
  const canvas = h("canvas", { "aria-hidden": "true" });
  const small = document.createElement("canvas");

  const layout = () => {
    const picture = options.picture();
    return layoutOf(picture?.width ?? 0, picture?.height ?? 0, size().width, size().height);
  };

  const text = () => {
    const picture = options.picture();
    const at = cursor();
    if (!picture) return "";
    if (!at) {
      return picture.width === 0 || picture.height === 0
        ? "No elements."
        : "Drag to zoom, double-click to zoom out, click a cell to see its value in the table.";
    }
    const [r0, r1] = indicesOf(at.row, picture.rows, picture.height);
    const [c0, c1] = indicesOf(at.column, picture.columns, picture.width);
    const place = at.row * picture.width + at.column;
    const name = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ offset) =>
      to - from === 1 ? integer(from + offset) : `${integer(from + offset)}–${integer(to - 1 + offset)}`;
    const where = `[${name(r0, r1, picture.firstRow)}, ${name(c0, c1, picture.firstColumn)}]`;
    const { mean, min, max } = picture.cells;
    if ((r1 - r0) * (c1 - c0) === 1) return `${where} = ${number(mean[place], 7)}`;
    return `${where}: mean ${number(mean[place])}, from ${number(min[place])} to ${number(max[place])}`;
  };

  const readout = h("div.heat-readout", { role: "status" }, text);

  // A place in another picture means nothing in this one.
  effect(() => {
    options.picture();
    cursor.set(null);
  });
  effect(() => {
    const picture = options.picture();
    const { cellWidth, cellHeight, width, height } = layout();
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const paint = canvas.getContext("2d");
    if (!paint || !picture || width === 0) return;
    const values = picture.cells[options.kind()];
    const pixels = new ImageData(picture.width, picture.height);
    paintCells(values, options.limit(), theme(), pixels.data);
    small.width = picture.width;
    small.height = picture.height;
    small.getContext("2d")?.putImageData(pixels, 0, 0);
    // Cells smaller than a pixel are averaged, larger ones stay sharp.
    paint.imageSmoothingEnabled = cellWidth * ratio < 1 || cellHeight * ratio < 1;
    paint.drawImage(small, 0, 0, canvas.width, canvas.height);
    if (cellWidth >= 7 && cellHeight >= 7) hatch(paint, picture, values, cellWidth * ratio, cellHeight * ratio);
  });

  const overlay = h("div.heat-overlay");
  const cross = h("div.heat-cursor", {
    hidden: () => cursor() === null || drag() !== null,
    style: () => {
      const at = cursor();
      const { cellWidth, cellHeight } = layout();
      if (!at) return {};
      return {
        left: `${at.column * cellWidth}px`,
        top: `${at.row * cellHeight}px`,
        width: `${Math.max(2, cellWidth)}px`,
        height: `${Math.max(2, cellHeight)}px`,
      };
    },
  });
  const box = h("div.heat-box", {
    hidden: () => drag() === null,
    style: () => {
      const now = drag();
      if (!now) return {};
      const { cellWidth, cellHeight } = layout();
      const [r0, r1] = [Math.min(now.from[0], now.to[0]), Math.max(now.from[0], now.to[0]) + 1];
      const [c0, c1] = [Math.min(now.from[1], now.to[1]), Math.max(now.from[1], now.to[1]) + 1];
      return {
        left: `${c0 * cellWidth}px`,
        top: `${r0 * cellHeight}px`,
        width: `${(c1 - c0) * cellWidth}px`,
        height: `${(r1 - r0) * cellHeight}px`,
      };
    },
  });
  overlay.append(cross, box);

  /** @param {PointerEvent | MouseEvent} event @returns {[number, number] | null} Row and column of the picture. */
  const cellAt = (event) => {
    const picture = options.picture();
    if (!picture || picture.width === 0) return null;
    const bounds = canvas.getBoundingClientRect();
    const { cellWidth, cellHeight } = layout();
    const column = Math.floor((event.clientX - bounds.left) / cellWidth);
    const row = Math.floor((event.clientY - bounds.top) / cellHeight);
    return [Math.max(0, Math.min(picture.height - 1, row)), Math.max(0, Math.min(picture.width - 1, column))];
  };

  /** @param {number} row @param {number} column Of the picture. */
  const pick = (row, column) => {
    const picture = options.picture();
    if (!picture) return;
    options.onPick(
      picture.firstRow + indicesOf(row, picture.rows, picture.height)[0],
      picture.firstColumn + indicesOf(column, picture.columns, picture.width)[0],
    );
  };

  /** @type {[number, number] | null} */
  let start = null;
  const stage = h(
    "div.heat-stage",
    {
      tabindex: 0,
      role: "img",
      class: () => (options.pending() ? "pending" : ""),
      "aria-label": () => {
        const picture = options.picture();
        if (!picture) return "Heat map";
        const size = `${integer(picture.rows)} rows and ${integer(picture.columns)} columns`;
        const range = `from ${number(picture.min)} to ${number(picture.max)}`;
        return `Heat map of ${size}, ${range}. Arrow keys move, Enter shows the value in the table.`;
      },
      onpointerdown: (/** @type {PointerEvent} */ event) => {
        if (event.button !== 0 || event.pointerType === "touch") return;
        start = cellAt(event);
        stage.setPointerCapture(event.pointerId);
      },
      onpointermove: (/** @type {PointerEvent} */ event) => {
        const at = cellAt(event);
        if (!at) return;
        cursor.set({ row: at[0], column: at[1] });
        if (start && (Math.abs(at[0] - start[0]) > 1 || Math.abs(at[1] - start[1]) > 1 || drag.peek())) {
          drag.set({ from: start, to: at });
        }
      },
      onpointerup: (/** @type {PointerEvent} */ event) => {
        const at = cellAt(event);
        const dragged = drag.peek();
        const picture = options.picture();
        drag.set(null);
        start = null;
        if (!at || !picture) return;
        if (!dragged) return pick(...at);
        const [r0, r1] = [Math.min(dragged.from[0], at[0]), Math.max(dragged.from[0], at[0])];
        const [c0, c1] = [Math.min(dragged.from[1], at[1]), Math.max(dragged.from[1], at[1])];
        options.onZoom(
          [
            picture.firstRow + indicesOf(r0, picture.rows, picture.height)[0],
            picture.firstRow + indicesOf(r1, picture.rows, picture.height)[1],
          ],
          [
            picture.firstColumn + indicesOf(c0, picture.columns, picture.width)[0],
            picture.firstColumn + indicesOf(c1, picture.columns, picture.width)[1],
          ],
        );
      },
      onpointercancel: () => {
        drag.set(null);
        start = null;
      },
      onpointerleave: () => {
        if (!start) cursor.set(null);
      },
      ondblclick: () => options.onReset(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => onKey(event),
    },
    canvas,
    overlay,
  );

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const picture = options.picture();
    if (!picture || picture.width === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const now = cursor.peek() ?? { row: 0, column: 0 };
    const step = event.shiftKey ? 10 : 1;
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] };
    const move = moves[event.key];
    if (move) {
      cursor.set({
        row: Math.max(0, Math.min(picture.height - 1, now.row + move[0])),
        column: Math.max(0, Math.min(picture.width - 1, now.column + move[1])),
      });
    } else if (event.key === "Enter") pick(now.row, now.column);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const room = h("div.heat-room", null, stage);
  const observer = new ResizeObserver(() =>
    size.set({ width: Math.max(40, room.clientWidth), height: Math.max(40, room.clientHeight) })
  );
  observer.observe(room);
  onCleanup(() => observer.disconnect());
  return h(
    "div.heat",
    // A small picture leaves its room to what stands below.
    {
      style: () => {
        const picture = options.picture();
        const needed = picture ? neededHeight(picture.width, picture.height, size().width) : null;
        return { "max-height": needed === null ? null : `${Math.ceil(needed) + 28}px` };
      },
    },
    room,
    readout,
  );
}

/**
 * Stripes over cells that are no number, so that they do not rest on colour alone.
 * @param {CanvasRenderingContext2D} paint @param {Picture} picture @param {Float32Array} values
 * @param {number} cellWidth @param {number} cellHeight Device pixels.
 */
function hatch(paint, picture, values, cellWidth, cellHeight) {
  paint.strokeStyle = token("bg");
  paint.lineWidth = Math.max(1, cellWidth / 10);
  paint.beginPath();
  for (let index = 0; index < values.length; index += 1) {
    if (Number.isFinite(values[index])) continue;
    const x = (index % picture.width) * cellWidth;
    const y = Math.floor(index / picture.width) * cellHeight;
    paint.moveTo(x, y + cellHeight);
    paint.lineTo(x + cellWidth, y);
    if (values[index] === Infinity || values[index] === -Infinity) continue;
    paint.moveTo(x, y);
    paint.lineTo(x + cellWidth, y + cellHeight);
  }
  paint.stroke();
}
