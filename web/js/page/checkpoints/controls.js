/** Controls of the tensor view: axes, choices, legend. */

import { h, iconButton } from "../../core/dom.js";
import { integer, number } from "../../core/format.js";
import { setQuery } from "../../core/router.js";
import { effect } from "../../core/signal.js";
import { theme } from "../../core/theme.js";
import { gradient, SPECIAL } from "../../view/heatcolour.js";

/** @typedef {import("../../view/tensordata.js").Axes} Axes */

/** Which axes run down and across, and the place on each of the others. @param {readonly number[]} shape @param {() => Axes} axes */
export function axisControls(shape, axes) {
  /** @param {"row" | "column"} which */
  const axisSelect = (which) =>
    h(
      "label.label",
      null,
      which === "row" ? "down" : "across",
      select(
        () => String(axes()[which]),
        shape.map((size, axis) => [String(axis), `axis ${axis} (${integer(size)})`]),
        (value) => {
          const other = which === "row" ? "column" : "row";
          const next = { row: axes().row, column: axes().column, [which]: Number(value) };
          // The same axis twice: they change places.
          if (next.row === next.column) next[other] = axes()[which];
          setQuery({ row: next.row, column: next.column, zoom: null });
        },
      ),
    );
  return h(
    "div.axis-controls",
    null,
    axisSelect("row"),
    axisSelect("column"),
    shape.map((size, axis) =>
      h(
        "label.label",
        { hidden: () => axis === axes().row || axis === axes().column },
        `axis ${axis}`,
        stepper(size, () => axes().at[axis], (index) => {
          const at = [...axes().at];
          at[axis] = index;
          setQuery({ at: at.some((place) => place > 0) ? at.join(",") : null });
        }),
      )
    ),
  );
}

/** @param {number} size @param {() => number} value @param {(index: number) => void} set */
function stepper(size, value, set) {
  const range = h("input", {
    type: "range",
    min: 0,
    max: size - 1,
    value,
    "aria-valuetext": () => `${value()} of ${size - 1}`,
    oninput: () => set(Number(range.value)),
  });
  return h(
    "span.stepper",
    null,
    iconButton("back", "Index before", () => set(Math.max(0, value() - 1)), { disabled: () => value() <= 0 }),
    range,
    iconButton("chevron", "Index after", () => set(Math.min(size - 1, value() + 1)), {
      disabled: () => value() >= size - 1,
    }),
    h("output", null, () => `${integer(value())} / ${integer(size - 1)}`),
  );
}

/** A choice. @param {() => string} value @param {[string, string][]} choices @param {(value: string) => void} set */
export function select(value, choices, set) {
  const box = h(
    "select.select",
    { onchange: () => set(box.value) },
    choices.map(([key, label]) => h("option", { value: key }, label)),
  );
  effect(() => {
    box.value = value();
  });
  return box;
}

/** The colours and what they mean. @param {() => number} limit @param {() => number} nan How many. @param {() => number} inf */
export function legend(limit, nan, inf) {
  return h(
    "div.heat-legend",
    { "aria-hidden": "true" },
    h("span", null, () => number(-limit(), 3)),
    h("span.heat-scale", { style: () => ({ background: gradient(theme()) }) }),
    h("span", null, () => number(limit(), 3)),
    () =>
      nan() > 0
        ? h("span.heat-special", null, h("i", { style: () => ({ background: SPECIAL[theme()].nan }) }), "NaN")
        : null,
    () =>
      inf() > 0
        ? h(
          "span.heat-special",
          null,
          h("i", { style: () => ({ background: SPECIAL[theme()].positiveInfinity }) }),
          "+∞",
          h("i", { style: () => ({ background: SPECIAL[theme()].negativeInfinity }) }),
          "−∞",
        )
        : null,
  );
}
