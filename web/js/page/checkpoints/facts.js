/** What is known of a tensor as a whole: statistics, histogram; of a string tensor its elements. */

import { h } from "../../core/dom.js";
import { integer, number } from "../../core/format.js";
import { bars } from "../../view/bars.js";
import { elementCount } from "../../view/vartree.js";

/** @typedef {import("../../view/vartree.js").Variable} Variable */
/**
 * @typedef {object} Report
 * @property {string} sha256
 * @property {number | string | null} min
 * @property {number | string | null} max
 * @property {number | string | null} mean
 * @property {number | string | null} std
 * @property {number | string | null} l2
 * @property {number} nan
 * @property {number} inf
 * @property {number} zeros
 * @property {(number | string | boolean | object)[]} values
 * @property {boolean} truncated
 * @property {{ edges: (number | string)[], counts: number[] } | null} histogram
 */

/** Statistics and histogram. @param {Report} known @param {Variable} variable */
export function facts(known, { shape }) {
  if (known.min === null && known.nan + known.inf === 0) {
    return h("p.tensor-digest.mono.muted", { title: "SHA-256 of the raw bytes" }, known.sha256);
  }
  const count = Math.max(1, elementCount(shape));
  /** @param {number} part */
  const share = (part) => part === 0 ? "0" : `${integer(part)} (${number((100 * part) / count, 2)} %)`;
  /** @type {[string, string, string | null, string][]} */
  const rows = [
    ["min", number(known.min), exact(known.min), ""],
    ["max", number(known.max), exact(known.max), ""],
    ["mean", number(known.mean), exact(known.mean), ""],
    ["std", number(known.std), exact(known.std), ""],
    ["l2 norm", number(known.l2), exact(known.l2), ""],
    ["zeros", share(known.zeros), null, ""],
    ["NaN", share(known.nan), null, known.nan > 0 ? "bad" : ""],
    ["∞", share(known.inf), null, known.inf > 0 ? "bad" : ""],
  ];
  return h(
    "div.tensor-facts",
    null,
    h(
      "dl",
      null,
      rows.map(([label, text, title, kind]) =>
        h(
          "div",
          { class: kind },
          h("dt", null, label),
          h("dd", { title }, known.min === null && label.length > 3 && label !== "zeros" ? "–" : text),
        )
      ),
    ),
    known.histogram ? bars(known.histogram) : null,
  );
}

/** @param {number | string | null} value */
function exact(value) {
  return value === null ? null : String(value);
}

/** The elements of a string tensor. @param {Report} known @param {Variable} variable */
export function strings(known, { shape }) {
  return h(
    "div.tensor-strings",
    null,
    h(
      "ol",
      { start: 0 },
      known.values.map((value, index) =>
        h(
          "li",
          null,
          h("span.index", null, index),
          h("code", null, typeof value === "string" ? value : JSON.stringify(value)),
        )
      ),
    ),
    known.truncated
      ? h("p.muted", null, `The first ${integer(known.values.length)} of ${integer(elementCount(shape))} strings.`)
      : null,
  );
}
