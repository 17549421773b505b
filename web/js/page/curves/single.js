/** One chart on a page of its own, with a table of its runs. */

import { swatchOf } from "../../core/colour.js";
import { h } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { changed, href, location } from "../../core/router.js";
import { hovered } from "../../core/runs.js";
import { nearest } from "../../chart/scale.js";
import { xText } from "../../chart/describe.js";
import { scalarTags } from "../../core/tags.js";
import { emptyPanel } from "../../view/states.js";
import { card, linesOf } from "./card.js";
import { checkpointAt, followCheckpoints } from "./checkpoints.js";
import { xKind, zoom } from "./state.js";

/** @typedef {import("./loader.js").Loader} Loader */
/** @typedef {import("../../core/frame.js").Series} Series */

/** Of what is in sight; the answer reaches further. @param {Series} series @param {readonly [number, number] | null} range */
function statistics(series, range) {
  let points = 0;
  let last = NaN;
  let min = Infinity;
  let max = -Infinity;
  let minAt = NaN;
  let maxAt = NaN;
  for (let i = 0; i < series.x.length; i += 1) {
    if (range && (series.x[i] < range[0] || series.x[i] > range[1])) continue;
    points += series.points[i];
    last = series.columns.last[i] + series.base;
    const low = series.columns.min[i] + series.base;
    const high = series.columns.max[i] + series.base;
    if (low < min) {
      min = low;
      minAt = series.x[i];
    }
    if (high > max) {
      max = high;
      maxAt = series.x[i];
    }
  }
  return { min, max, minAt, maxAt, last, points };
}

/** @param {string} tag @param {Loader} loader @param {import("./card.js").Cursor} cursor */
export function single(tag, loader, cursor) {
  const lines = linesOf(tag, loader);
  const checkpoints = followCheckpoints();
  /** Beside the cursor, or at the end of the run. @param {string} run @param {number} last */
  const checkpointLink = (run, last) => {
    const at = xKind() === "step" ? cursor() ?? last : last;
    const found = checkpointAt(checkpoints(), run, at);
    if (found === null) return "";
    const title = `Variables of ${run} at step ${format.integer(found.step)}`;
    return h("a", { href: href(["checkpoints", found.id]), title }, `step ${format.integer(found.step)}`);
  };
  const short = (/** @type {number} */ x) => xText(xKind(), x).replace(/^step /, "");
  return h(
    "div.single",
    null,
    h("a.back", { href: () => href(["curves"], changed(location().query, { tag: null })) }, "← All curves"),
    card(tag, loader, cursor, { single: true }),
    () => {
      const description = scalarTags().get(tag)?.description;
      return description ? h("p.muted.description", null, description) : null;
    },
    () => {
      if (!scalarTags().has(tag)) {
        return emptyPanel("No such tag", `No run has a scalar named “${tag}”.`);
      }
      const at = xKind() === "step" ? "step" : "at";
      return h(
        "div.wide",
        null,
        h(
          "table.table.run-table",
          null,
          h(
            "thead",
            null,
            h(
              "tr",
              null,
              h("th", null, "Run"),
              ["Last", "Lowest", at, "Highest", at, "Points", "At cursor", "Checkpoint"].map((name) =>
                h("th.number", null, name)
              ),
            ),
          ),
          h(
            "tbody",
            null,
            [...lines()].sort((a, b) => Number(a.series.superseded) - Number(b.series.superseded)).map(
              (line) => {
                const { run, series } = line;
                const { min, max, minAt, maxAt, last, points: n } = statistics(series, zoom());
                const atCursor = () => {
                  const x = cursor();
                  const i = x === null ? -1 : nearest(series.x, x);
                  return i < 0 ? "" : format.number(series.columns.last[i] + series.base);
                };
                return h(
                  "tr",
                  {
                    class: () => (hovered() === run ? "hovered" : ""),
                    onmouseenter: () => hovered.set(run),
                    onmouseleave: () => hovered.set(null),
                  },
                  h(
                    "td",
                    null,
                    h("span.run-dot", { style: { background: swatchOf(line) } }),
                    run,
                    series.superseded ? h("span.muted", null, " (superseded by a restart)") : null,
                  ),
                  h("td.number", null, n > 0 ? format.number(last) : "–"),
                  h("td.number", null, n > 0 ? format.number(min) : "–"),
                  h("td.number.muted", null, n > 0 ? short(minAt) : ""),
                  h("td.number", null, n > 0 ? format.number(max) : "–"),
                  h("td.number.muted", null, n > 0 ? short(maxAt) : ""),
                  h("td.number", null, format.integer(n + (zoom() ? 0 : series.nonFiniteCount))),
                  h("td.number", null, atCursor),
                  h("td.number", null, () => checkpointLink(run, Infinity)),
                );
              },
            ),
          ),
        ),
      );
    },
  );
}
