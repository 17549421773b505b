/** The one tooltip of all charts: a table of the values under the pointer. */

import { swatchOf } from "../core/colour.js";
import { h, replace } from "../core/dom.js";
import * as format from "../core/format.js";

/** @typedef {import("./hover.js").Hit} Hit */
/** @typedef {{ run: string, branch?: number, step: number, wall_time: number, value: number | string }} Exact */

/** Rows shown; the rest is counted. */
export const MAXIMUM_ROWS = 12;

/** @type {HTMLElement | null} */
let element = null;

function host() {
  if (!element) {
    element = h("div.tooltip", { role: "presentation", hidden: true });
    document.body.append(element);
  }
  return element;
}

/**
 * @param {object} content
 * @param {string} content.title
 * @param {readonly Hit[]} content.hits Nearest first.
 * @param {readonly string[]} content.notes
 * @param {ReadonlyMap<string, Exact>} content.exact Exact points by run, once known.
 * @param {boolean} content.smoothed
 * @param {{ x: number, y: number }} at Of the pointer, in the window.
 */
export function showTooltip(content, at) {
  const box = host();
  const rows = content.hits.slice(0, MAXIMUM_ROWS);
  const more = content.hits.length - rows.length;
  const exact = rows.some((hit) => exactOf(hit, content.exact) !== undefined);
  const heads = ["", "", ...(content.smoothed ? ["smoothed"] : []), "value", ...(exact ? ["step", "time"] : [])];
  replace(
    box,
    h("div.tooltip-title", null, content.title),
    h(
      "table",
      null,
      h("thead", null, h("tr", null, heads.map((head) => h("th", null, head)))),
      h("tbody", null, rows.map((hit, index) => row(hit, index, content, exact))),
    ),
    more > 0 ? h("div.tooltip-more", null, `and ${format.integer(more)} more`) : null,
    content.notes.map((note) => h("div.tooltip-note", null, note)),
  );
  box.hidden = false;
  const { offsetWidth, offsetHeight } = box;
  const gap = 14;
  const right = at.x + gap + offsetWidth <= innerWidth - 4;
  const left = right ? at.x + gap : Math.max(4, at.x - gap - offsetWidth);
  const top = Math.max(4, Math.min(at.y + gap, innerHeight - offsetHeight - 4));
  box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/** The exact point of a hit's own branch. @param {Hit} hit @param {ReadonlyMap<string, Exact>} exact */
function exactOf(hit, exact) {
  const point = exact.get(hit.line.run);
  return point !== undefined && (point.branch ?? hit.line.series.branch) === hit.line.series.branch ? point : undefined;
}

/** @param {Hit} hit @param {number} index @param {Parameters<typeof showTooltip>[0]} content @param {boolean} withExact */
function row(hit, index, content, withExact) {
  const exact = exactOf(hit, content.exact);
  // A column of several values shows its range until the exact point is known.
  const value = exact !== undefined
    ? format.number(exact.value)
    : hit.points > 1 && hit.min !== hit.max
    ? `${format.number(hit.min, 3)} … ${format.number(hit.max, 3)}`
    : format.number(hit.value);
  return h(
    "tr",
    { class: index === 0 ? "nearest" : "" },
    h("td", null, h("span.tooltip-swatch", { style: { background: swatchOf(hit.line) } })),
    h("td.tooltip-run", null, hit.line.run + (hit.line.series.superseded ? " (superseded)" : "")),
    content.smoothed ? h("td", null, hit.smooth === null ? "" : format.number(hit.smooth)) : null,
    h("td", null, value),
    withExact ? h("td", null, exact ? format.integer(exact.step) : "") : null,
    withExact ? h("td", null, exact ? format.time(exact.wall_time).slice(5) : "") : null,
  );
}

export function hideTooltip() {
  if (element) element.hidden = true;
}
