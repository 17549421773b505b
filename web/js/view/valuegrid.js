/**
 * A table of values that may have millions of rows and columns: only cells in sight are in the document, and only the
 * blocks around them are fetched. Arrows, Page, Home and End move the current cell.
 */

import { h } from "../core/dom.js";
import { effect, memo, onCleanup, signal } from "../core/signal.js";
import { colourOf } from "./heatcolour.js";
import { virtualAxis } from "./heatlayout.js";

/** Rows and columns of a block; 32 kB of float64. */
export const BLOCK = 64;
/** Blocks kept. */
const MOST_BLOCKS = 64;
const ROW = 24;
/** Room for the border and a scroll bar below the rows. */
const EDGE = 18;
/** A table is not made lower than this, unless it has fewer rows. */
const LEAST_HEIGHT = 122;

/** @typedef {import("./tensordata.js").Values} Values */
/** @typedef {{ values: Values, columns: number }} Block Row-major. */

/**
 * @param {object} options
 * @param {number} options.rows
 * @param {number} options.columns
 * @param {(rows: [number, number], columns: [number, number], signal: AbortSignal) => Promise<Block>} options.load
 * @param {(error: unknown) => void} options.onError
 * @param {[number, number] | null} options.current Row and column to begin with.
 * @param {(row: number, column: number, exact: string) => void} options.onCurrent
 * @param {string} options.label
 * @param {(set: (row: number, column: number) => void) => void} options.bindCurrent Gets what moves the current cell.
 * @param {() => number} options.limit Of the colour scale.
 * @param {() => "light" | "dark"} options.theme
 * @param {number} options.cellWidth Pixels.
 */
export function valueGrid(options) {
  const { rows, columns, cellWidth } = options;
  const across = virtualAxis(columns, cellWidth);
  const down = virtualAxis(rows, ROW);
  const controller = new AbortController();
  onCleanup(() => controller.abort());

  /** @type {Map<string, Block | "loading" | "failed">} */
  const blocks = new Map();
  const version = signal(0);
  const view = signal(
    { left: 0, top: 0, width: 600, height: 300 },
    (a, b) => a.left === b.left && a.top === b.top && a.width === b.width && a.height === b.height,
  );
  const current = signal(/** @type {[number, number]} */ (options.current ?? [0, 0]));

  /** @param {number} blockRow @param {number} blockColumn */
  const block = (blockRow, blockColumn) => {
    const key = `${blockRow},${blockColumn}`;
    const found = blocks.get(key);
    if (found) {
      // The most recently used last.
      blocks.delete(key);
      blocks.set(key, found);
      return typeof found === "string" ? null : found;
    }
    blocks.set(key, "loading");
    /** @type {[number, number]} */
    const rowRange = [blockRow * BLOCK, Math.min(rows, (blockRow + 1) * BLOCK)];
    /** @type {[number, number]} */
    const columnRange = [blockColumn * BLOCK, Math.min(columns, (blockColumn + 1) * BLOCK)];
    options.load(rowRange, columnRange, controller.signal).then((loaded) => {
      blocks.set(key, loaded);
      for (const old of blocks.keys()) {
        if (blocks.size <= MOST_BLOCKS) break;
        if (old !== key) blocks.delete(old);
      }
      version.update((n) => n + 1);
    }, (error) => {
      if (controller.signal.aborted) return;
      blocks.set(key, "failed");
      options.onError(error);
    });
    return null;
  };

  /** @param {number} row @param {number} column */
  const cell = (row, column) => {
    const found = block(Math.floor(row / BLOCK), Math.floor(column / BLOCK));
    return found ? { values: found.values, index: (row % BLOCK) * found.columns + (column % BLOCK) } : null;
  };

  const head = 64;
  const first = memo(() => {
    const { left, top, width, height } = view();
    return { row: down.first(top, height - ROW), column: across.first(left, width - head) };
  });
  const shown = memo(() => {
    const { width, height } = view();
    const row = Math.max(0, Math.floor(first().row));
    const column = Math.max(0, Math.floor(first().column));
    return {
      row,
      column,
      rowCount: Math.min(rows - row, Math.ceil(height / ROW) + 1),
      columnCount: Math.min(columns - column, Math.ceil(width / cellWidth) + 1),
    };
  });

  const corner = h("div.grid-corner", { "aria-hidden": "true" });
  const columnHeads = h("div.grid-columns", { role: "row" });
  const rowHeads = h("div.grid-rows");
  const cells = h("div.grid-cells", { role: "rowgroup" });
  const layer = h("div.grid-layer", null, corner, columnHeads, rowHeads, cells);
  const filler = h("div.grid-filler", {
    style: { width: `${head + across.total}px`, height: `${ROW + down.total}px` },
  });
  const scroller = h(
    "div.value-grid",
    {
      role: "grid",
      tabindex: 0,
      "aria-label": options.label,
      "aria-rowcount": rows,
      "aria-colcount": columns,
      // No higher than its rows, so that a vector is not a line in an empty box.
      style: {
        "max-height": `${ROW + down.total + EDGE}px`,
        "min-height": `${Math.min(LEAST_HEIGHT, ROW + down.total + EDGE)}px`,
      },
      onscroll: () => measure(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => onKey(event),
      onclick: (/** @type {MouseEvent} */ event) => {
        const target = event.target instanceof HTMLElement ? event.target.closest("[data-row]") : null;
        if (target instanceof HTMLElement) setCurrent(Number(target.dataset.row), Number(target.dataset.column), false);
      },
    },
    layer,
    filler,
  );

  const measure = () =>
    view.set({
      left: scroller.scrollLeft,
      top: scroller.scrollTop,
      width: scroller.clientWidth || 600,
      height: scroller.clientHeight || 300,
    });
  const observer = new ResizeObserver(measure);
  observer.observe(scroller);
  onCleanup(() => observer.disconnect());

  /** @param {number} row @param {number} column @param {boolean} [scroll] */
  const setCurrent = (row, column, scroll = true) => {
    const at = /** @type {[number, number]} */ ([
      Math.max(0, Math.min(rows - 1, row)),
      Math.max(0, Math.min(columns - 1, column)),
    ]);
    current.set(at);
    if (scroll) {
      const { width, height } = view.peek();
      const room = { down: height - ROW, across: width - head };
      const top = down.first(scroller.scrollTop, room.down);
      if (at[0] < top) scroller.scrollTop = down.scrollTo(at[0], room.down);
      else if (at[0] + 1 > top + room.down / ROW) {
        scroller.scrollTop = down.scrollTo(at[0] + 1 - room.down / ROW, room.down);
      }
      const left = across.first(scroller.scrollLeft, room.across);
      if (at[1] < left) scroller.scrollLeft = across.scrollTo(at[1], room.across);
      else if (at[1] + 1 > left + room.across / cellWidth) {
        scroller.scrollLeft = across.scrollTo(at[1] + 1 - room.across / cellWidth, room.across);
      }
      measure();
    }
  };

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.altKey || event.metaKey) return;
    const [row, column] = current.peek();
    const page = Math.max(1, Math.floor(view.peek().height / ROW) - 2);
    const far = event.ctrlKey;
    if (event.key === "ArrowDown") setCurrent(far ? rows - 1 : row + 1, column);
    else if (event.key === "ArrowUp") setCurrent(far ? 0 : row - 1, column);
    else if (event.key === "ArrowRight") setCurrent(row, far ? columns - 1 : column + 1);
    else if (event.key === "ArrowLeft") setCurrent(row, far ? 0 : column - 1);
    else if (event.key === "PageDown") setCurrent(row + page, column);
    else if (event.key === "PageUp") setCurrent(row - page, column);
    else if (event.key === "Home") setCurrent(far ? 0 : row, 0);
    else if (event.key === "End") setCurrent(far ? rows - 1 : row, columns - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  effect(() => {
    version();
    const { row, column, rowCount, columnCount } = shown();
    const at = first();
    const limit = options.limit();
    const theme = options.theme();
    const [currentRow, currentColumn] = current();
    const { left, top, width, height } = view();
    layer.style.width = `${width}px`;
    layer.style.height = `${height}px`;
    layer.style.transform = `translate(${left}px, ${top}px)`;
    const shiftX = (column - at.column) * cellWidth;
    const shiftY = (row - at.row) * ROW;
    columnHeads.replaceChildren(...Array.from({ length: columnCount }, (_, index) => {
      const place = column + index;
      const element = h("span.grid-head", { class: place === currentColumn ? "current" : "" }, place);
      element.style.left = `${shiftX + index * cellWidth}px`;
      element.style.width = `${cellWidth}px`;
      return element;
    }));
    rowHeads.replaceChildren(...Array.from({ length: rowCount }, (_, index) => {
      const place = row + index;
      const element = h("span.grid-head", { class: place === currentRow ? "current" : "" }, place);
      element.style.top = `${shiftY + index * ROW}px`;
      return element;
    }));
    /** @type {HTMLElement[]} */
    const made = [];
    for (let r = row; r < row + rowCount; r += 1) {
      const line = h("div.grid-line", { role: "row", "aria-rowindex": r + 1 });
      line.style.top = `${shiftY + (r - row) * ROW}px`;
      for (let c = column; c < column + columnCount; c += 1) {
        const found = cell(r, c);
        const element = h("span.grid-cell", { role: "gridcell", "aria-colindex": c + 1 });
        element.dataset.row = String(r);
        element.dataset.column = String(c);
        element.style.left = `${shiftX + (c - column) * cellWidth}px`;
        element.style.width = `${cellWidth}px`;
        if (found) {
          const value = found.values.value(found.index);
          element.textContent = found.values.text(found.index);
          if (!Number.isFinite(value)) element.classList.add("special");
          else if (limit > 0) {
            const [red, green, blue] = colourOf(value, limit, theme);
            element.style.backgroundColor = `rgb(${red} ${green} ${blue} / 38%)`;
          }
        } else {
          element.textContent = "·";
          element.classList.add("waiting");
        }
        if (r === currentRow && c === currentColumn) element.classList.add("current");
        line.append(element);
      }
      made.push(line);
    }
    cells.replaceChildren(...made);
  });
  // The place to begin with, once there is room.
  requestAnimationFrame(() => {
    measure();
    const at = options.current;
    if (at) setCurrent(at[0], at[1]);
  });
  // Tells the value once its block is there.
  effect(() => {
    version();
    const [row, column] = current();
    const found = cell(row, column);
    if (found) options.onCurrent(row, column, found.values.exact(found.index));
  });
  options.bindCurrent((row, column) => setCurrent(row, column));
  return scroller;
}
