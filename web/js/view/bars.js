/** A histogram as bars, with the place under the pointer read out below. */

import { h, s } from "../core/dom.js";
import { integer, number, toNumber } from "../core/format.js";
import { signal } from "../core/signal.js";

/**
 * Heights of bars between 0 and 1: the root of the count, so that tails of a few values stay visible beside a peak of
 * millions; a bin that holds anything is at least a hair high.
 * @param {readonly number[]} counts
 */
export function barHeights(counts) {
  const most = Math.max(1, ...counts);
  return counts.map((count) => (count > 0 ? Math.max(0.02, Math.sqrt(count / most)) : 0));
}

const HEIGHT = 72;

/** @param {{ edges: (number | string)[], counts: number[] }} histogram */
export function bars(histogram) {
  const edges = histogram.edges.map(toNumber);
  const { counts } = histogram;
  const heights = barHeights(counts);
  const at = signal(/** @type {number | null} */ (null));
  const low = edges[0];
  const high = edges[edges.length - 1];
  const zero = low < 0 && high > 0 ? (-low / (high - low)) * counts.length : null;
  const picture = s(
    "svg",
    {
      viewBox: `0 0 ${counts.length} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": [
        `Histogram of ${counts.length} bins from ${number(low)} to ${number(high)};`,
        `the fullest bin has ${integer(Math.max(...counts))} values`,
      ].join(" "),
    },
    zero === null
      ? null
      : s("line.bars-zero", { x1: zero, x2: zero, y1: 0, y2: HEIGHT, "vector-effect": "non-scaling-stroke" }),
    heights.map((height, index) =>
      s("rect", {
        class: () => (at() === index ? "hovered" : edges[index] + edges[index + 1] < 0 ? "negative" : "positive"),
        x: index + 0.06,
        width: 0.88,
        y: HEIGHT * (1 - height),
        height: HEIGHT * height,
      })
    ),
  );
  const frame = h(
    "figure.bars",
    {
      onpointermove: (/** @type {PointerEvent} */ event) => {
        const box = picture.getBoundingClientRect();
        const place = Math.floor(((event.clientX - box.left) / box.width) * counts.length);
        at.set(place >= 0 && place < counts.length ? place : null);
      },
      onpointerleave: () => at.set(null),
    },
    picture,
    h("figcaption", null, () => {
      const index = at();
      if (index === null) {
        return [h("span", null, number(low)), h("span.muted", null, "√ count"), h("span", null, number(high))];
      }
      return h(
        "span.bars-read",
        null,
        `${number(edges[index])} … ${number(edges[index + 1])}: ${integer(counts[index])}`,
      );
    }),
  );
  return frame;
}
