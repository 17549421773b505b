/** A chart in words: for its label, its tooltip and its hidden table. */

import { h } from "../core/dom.js";
import * as format from "../core/format.js";

/** @typedef {import("./chart.js").Model} Model */

/** Rows of the hidden table. */
const TABLE_ROWS = 50;

/** @param {"step" | "relative" | "wall"} kind @param {number} x */
export function xText(kind, x) {
  if (kind === "wall") return format.time(x);
  if (kind === "relative") return format.duration(x);
  return `step ${format.integer(Math.round(x))}`;
}

/**
 * How many values are no finite numbers, by kind: "3 NaN, 1 +∞". The server marks at most 1000 places a line; where it
 * left some out, only the number of all is known.
 * @param {readonly import("../core/frame.js").Series[]} list
 */
export function nonFiniteText(list) {
  const marks = list.flatMap((series) => series.nonFinite);
  /** @param {"nan" | "positive" | "negative"} kind */
  const sum = (kind) => marks.reduce((total, mark) => total + mark[kind], 0);
  /** @type {[number, string][]} */
  const kinds = [[sum("nan"), "NaN"], [sum("positive"), "+∞"], [sum("negative"), "−∞"]];
  const count = list.reduce((total, series) => total + series.nonFiniteCount, 0);
  const present = kinds.filter(([number]) => number > 0);
  const whole = present.reduce((total, [number]) => total + number, 0) === count;
  const text = whole
    ? present.map(([number, name]) => `${format.integer(number)} ${name}`).join(", ")
    : `${format.integer(count)} NaN or ∞`;
  return { count, text };
}

/** One sentence about the chart. @param {Model} model */
export function summary(model) {
  const lines = model.lines();
  if (lines.length === 0) return `${model.name}: no data`;
  let best = { value: Infinity, run: "" };
  let low = Infinity;
  let high = -Infinity;
  for (const { series, run } of lines) {
    if (series.count > 0) {
      low = Math.min(low, series.xMin);
      high = Math.max(high, series.xMax);
    }
    const n = series.x.length;
    if (n === 0) continue;
    const value = series.columns.last[n - 1] + series.base;
    if (value < best.value) best = { value, run };
  }
  const runs = new Set(lines.map((line) => line.run)).size;
  const range = `${xText(model.xKind(), low)} to ${xText(model.xKind(), high)}`;
  const lowest = `lowest last value ${format.number(best.value)} (${best.run})`;
  return `${model.name}, ${format.plural(runs, "run")}, ${range}; ${lowest}`;
}

/** The lines as a table, for those who cannot see them. @param {Model} model */
export function accessibleTable(model) {
  const kind = model.xKind();
  const lines = model.lines().slice(0, TABLE_ROWS);
  const heads = ["Run", "Points", "First", "Last", "Lowest", "Highest", "Not a number"];
  return h(
    "table",
    null,
    h("caption", null, `${model.name} by ${kind}`),
    h("thead", null, h("tr", null, heads.map((head) => h("th", null, head)))),
    h(
      "tbody",
      null,
      lines.map(({ run, series }) => {
        const n = series.x.length;
        let min = Infinity;
        let max = -Infinity;
        for (let i = 0; i < n; i += 1) {
          min = Math.min(min, series.columns.min[i] + series.base);
          max = Math.max(max, series.columns.max[i] + series.base);
        }
        const cells = n === 0 ? ["–", "–", "–", "–"] : [
          format.number(series.columns.first[0] + series.base),
          format.number(series.columns.last[n - 1] + series.base),
          format.number(min),
          format.number(max),
        ];
        return h(
          "tr",
          null,
          h("th", null, run + (series.superseded ? " (superseded)" : "")),
          h("td", null, format.integer(series.count)),
          cells.map((cell) => h("td", null, cell)),
          h("td", null, format.integer(series.nonFiniteCount)),
        );
      }),
    ),
  );
}
