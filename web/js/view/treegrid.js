/**
 * A tree of variables with columns. Only the rows in sight are in the document; keys as in every tree: arrows move, open
 * and close, Home and End, Enter opens, typing does nothing else.
 */

import { each, h, icon } from "../core/dom.js";
import { bytes, compact, integer, shape } from "../core/format.js";
import { memo, onCleanup, signal } from "../core/signal.js";

/** @typedef {import("./vartree.js").Row} Row */
/** @typedef {import("./vartree.js").Sort} Sort */

const OVERSCAN = 8;
const ROW = 28;

/** @type {{ key: import("./vartree.js").SortKey, label: string, class: string, title: string }[]} */
const COLUMNS = [
  { key: "name", label: "Name", class: "name", title: "Sort by name" },
  { key: "dtype", label: "Type", class: "dtype", title: "Sort by element type" },
  { key: "elements", label: "Elements", class: "elements", title: "Sort by number of elements" },
  { key: "bytes", label: "Size", class: "bytes", title: "Sort by size" },
];

/**
 * @param {object} options
 * @param {() => readonly Row[]} options.rows
 * @param {() => string | null} options.selected Path of the selected row.
 * @param {() => Sort} options.sort
 * @param {() => number} options.total Bytes of everything, for the share bars.
 * @param {(sort: Sort) => void} options.onSort
 * @param {(row: Row) => void} options.onSelect A variable was chosen.
 * @param {(row: Row, open: boolean) => void} options.onFold
 */
export function treegrid(options) {
  const { rows } = options;
  const scroll = signal(0);
  const height = signal(600);
  const current = signal(/** @type {string | null} */ (null));
  const visible = memo(() => {
    const first = Math.max(0, Math.floor(scroll() / ROW) - OVERSCAN);
    const count = Math.ceil(height() / ROW) + 2 * OVERSCAN;
    return rows().slice(first, first + count).map((row, index) => ({ row, index: first + index }));
  });
  const places = memo(() => new Map(visible().map((item) => [item.row.path, item])));
  /** The row that Tab reaches. */
  const focusable = memo(() => current() ?? options.selected() ?? rows()[0]?.path ?? null);

  /** @param {number} index */
  const show = (index) => {
    const top = index * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
    scroll.set(list.scrollTop);
  };

  /** @param {number} index */
  const move = (index) => {
    const all = rows();
    const row = all[Math.max(0, Math.min(all.length - 1, index))];
    if (!row) return;
    current.set(row.path);
    show(all.indexOf(row));
    const element = space.querySelector('[tabindex="0"]');
    if (element instanceof HTMLElement) element.focus({ preventScroll: true });
  };

  /** @param {Row} row */
  const act = (row) => {
    current.set(row.path);
    if (row.variable) options.onSelect(row);
    else options.onFold(row, !row.open);
  };

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = rows();
    const index = all.findIndex((row) => row.path === focusable());
    const row = all[index];
    if (event.key === "ArrowDown" || event.key === "j") move(index + 1);
    else if (event.key === "ArrowUp" || event.key === "k") move(index - 1);
    else if (event.key === "PageDown") move(index + Math.max(1, Math.floor(height() / ROW) - 1));
    else if (event.key === "PageUp") move(index - Math.max(1, Math.floor(height() / ROW) - 1));
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(all.length - 1);
    else if (event.key === "ArrowRight" && row?.folder) row.open ? move(index + 1) : options.onFold(row, true);
    else if (event.key === "ArrowLeft" && row) {
      if (row.open) options.onFold(row, false);
      else move(all.findLastIndex((other, place) => place < index && other.depth < row.depth));
    } else if ((event.key === "Enter" || event.key === " ") && row) act(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** @param {{ row: Row, index: number }} item */
  const render = ({ row: initial }) => {
    const path = initial.path;
    const item = memo(() => places().get(path) ?? { row: initial, index: 0 });
    const row = () => item().row;
    return h(
      "div.var-row",
      {
        role: "row",
        class: () => [options.selected() === path ? "selected" : "", row().variable ? "leaf" : "scope"].join(" "),
        style: () => ({ top: `${item().index * ROW}px` }),
        tabindex: () => (focusable() === path ? 0 : -1),
        "aria-level": () => row().depth + 1,
        "aria-expanded": () => (row().folder ? String(row().open) : null),
        "aria-selected": () => (row().variable ? String(options.selected() === path) : null),
        "aria-rowindex": () => item().index + 2,
        title: () =>
          row().variable?.full_name
            ? `${row().variable?.name}\n${row().variable?.full_name}`
            : row().variable?.name ?? null,
        onclick: () => act(row()),
        onfocus: () => current.set(path),
      },
      h(
        "span.cell.name",
        { role: "gridcell", style: () => ({ "padding-left": `${8 + row().depth * 15}px` }) },
        h("span.twist", {
          class: () => (row().folder ? (row().open ? "open" : "") : "none"),
          onclick: (/** @type {MouseEvent} */ event) => {
            if (!row().folder) return;
            event.stopPropagation();
            options.onFold(row(), !row().open);
          },
        }, icon("chevron")),
        h("span.var-label", null, () => row().label),
        () => row().folder ? h("span.count", null, integer(row().count)) : null,
      ),
      h("span.cell.dtype", { role: "gridcell" }, () => {
        const variable = row().variable;
        return variable ? [h("span", null, variable.dtype), h("span.shape", null, shape(variable.shape))] : null;
      }),
      h(
        "span.cell.elements.number",
        { role: "gridcell", title: () => integer(row().elements) },
        () => compact(row().elements),
      ),
      h(
        "span.cell.bytes.number",
        { role: "gridcell", title: () => `${integer(row().bytes)} bytes` },
        h("span.share", {
          "aria-hidden": "true",
          style: () => ({ width: `${options.total() > 0 ? (100 * row().bytes) / options.total() : 0}%` }),
        }),
        h("span", null, () => bytes(row().bytes)),
      ),
    );
  };

  const space = h("div.var-space", { role: "rowgroup", style: () => ({ height: `${rows().length * ROW}px` }) });
  each(space, visible, (item) => item.row.path, render);
  const list = h("div.var-list", { onscroll: () => scroll.set(list.scrollTop) }, space);
  const observer = new ResizeObserver(() => height.set(list.clientHeight || 600));
  observer.observe(list);
  onCleanup(() => observer.disconnect());

  const element = h(
    "div.var-grid",
    {
      role: "treegrid",
      "aria-label": "Variables",
      "aria-rowcount": () => rows().length + 1,
      onkeydown: onKey,
    },
    h(
      "div.var-head",
      { role: "row", "aria-rowindex": 1 },
      COLUMNS.map((column) =>
        h(
          "span.cell",
          {
            role: "columnheader",
            class: `${column.class}${column.key === "elements" || column.key === "bytes" ? " number" : ""}`,
            "aria-sort": () =>
              options.sort().key === column.key ? (options.sort().descending ? "descending" : "ascending") : "none",
          },
          h(
            "button",
            {
              type: "button",
              title: column.title,
              onclick: () => {
                const now = options.sort();
                const numeric = column.key === "elements" || column.key === "bytes";
                options.onSort({ key: column.key, descending: now.key === column.key ? !now.descending : numeric });
              },
            },
            column.label,
            () => options.sort().key === column.key ? (options.sort().descending ? " ↓" : " ↑") : "",
          ),
        )
      ),
    ),
    list,
  );

  return {
    element,
    /** Scrolls a row into sight. @param {string} path */
    reveal: (path) => {
      const index = rows().findIndex((row) => row.path === path);
      if (index >= 0) show(index);
    },
    /** Gives the tree the focus. */
    focus: () => move(Math.max(0, rows().findIndex((row) => row.path === focusable()))),
  };
}
