/** The settings of all charts, in one row. */

import { h, icon } from "../../core/dom.js";
import { bind } from "../../core/keys.js";
import { setQuery } from "../../core/router.js";
import { effect } from "../../core/signal.js";
import {
  branches,
  clip,
  columns,
  DEFAULT_WINDOW,
  logX,
  logY,
  MAXIMUM_SMOOTHING,
  setSmoothing,
  setSmoothingWindow,
  setXKind,
  setZoom,
  smoothing,
  smoothingWindow,
  tagFilter,
  tagFilterText,
  WINDOW_KINDS,
  xKind,
  zoom,
} from "./state.js";

const X_KINDS = /** @type {const} */ ([
  ["step", "Step", "x axis: training step"],
  ["relative", "Relative", "x axis: time since each run's first point"],
  ["wall", "Time", "x axis: time of day"],
]);

/** The slider is finer towards 1, where a little more weight smooths much more. @param {number} weight */
export const toSlider = (weight) => Math.round(1000 * (1 - Math.sqrt(1 - weight)));
/** @param {number} position */
export const fromSlider = (position) => Math.min(MAXIMUM_SMOOTHING, 1 - (1 - position / 1000) ** 2);

function tagBox() {
  const box = h("input.field.tag-filter", {
    type: "search",
    placeholder: "Filter tags",
    "aria-label": "Filter tags",
    spellcheck: "false",
    autocomplete: "off",
    "aria-invalid": () => (tagFilter().error ? "true" : null),
    title: () => tagFilter().error ?? "Words that must all occur, or a /regular expression/",
    oninput: () => setQuery({ tags: box.value }),
  });
  effect(() => {
    const text = tagFilterText();
    if (box.value !== text) box.value = text;
  });
  bind("Curves", "t", "Filter tags", () => {
    box.focus();
    box.select();
  });
  return box;
}

function smoothingControl() {
  const kind = /** @type {HTMLSelectElement} */ (h("select.field", {
    "aria-label": "Kind of smoothing",
    onchange: () => {
      if (kind.value === "ema") setQuery({ sm: null });
      else setSmoothingWindow(kind.value, smoothingWindow.peek()?.window ?? DEFAULT_WINDOW);
    },
  }, /** @type {const} */ (["ema", ...WINDOW_KINDS]).map((value) => h("option", { value }, value))));
  const slider = h("input", {
    type: "range",
    min: 0,
    max: toSlider(MAXIMUM_SMOOTHING),
    step: 1,
    "aria-label": "Smoothing",
    "aria-valuetext": () => String(smoothing()),
    oninput: () => setSmoothing(fromSlider(Number(slider.value))),
  });
  const box = h("input.field.smoothing-number", {
    type: "number",
    min: 0,
    onchange: () => {
      if (box.value === "") return;
      const average = smoothingWindow.peek();
      if (average) setSmoothingWindow(average.kind, Number(box.value));
      else setSmoothing(Number(box.value));
    },
  });
  effect(() => {
    const average = smoothingWindow();
    const weight = smoothing();
    kind.value = average?.kind ?? "ema";
    slider.hidden = average !== null;
    box.max = average ? "" : String(MAXIMUM_SMOOTHING);
    box.step = average ? "any" : "0.01";
    box.ariaLabel = `${average ? "Window" : "Weight"} of the smoothing`;
    if (Math.abs(fromSlider(Number(slider.value)) - weight) > 0.0006) slider.value = String(toSlider(weight));
    const number = average ? average.window : Math.round(weight * 1000) / 1000;
    if (document.activeElement !== box || Number(box.value) !== number) box.value = String(number);
  });
  const title = "Running average over all points: exponential by weight, or over a window of steps";
  return h("label.label", { title }, "Smooth", kind, slider, box);
}

/** @param {string} name @param {string} title @param {() => boolean} on @param {() => void} toggle */
function toggleButton(name, title, on, toggle) {
  return h("button.button", { type: "button", title, "aria-pressed": () => String(on()), onclick: toggle }, name);
}

/** @param {{ single: boolean, restarts: () => boolean }} options */
export function toolbar(options) {
  return h(
    "div.toolbar",
    { role: "toolbar", "aria-label": "Settings of the charts" },
    options.single ? null : tagBox(),
    h(
      "div.segments",
      { role: "group", "aria-label": "x axis" },
      X_KINDS.map(([kind, name, title]) =>
        h("button", {
          type: "button",
          title,
          "aria-pressed": () => String(xKind() === kind),
          onclick: () => setXKind(kind),
        }, name)
      ),
    ),
    smoothingControl(),
    toggleButton("log y", "Logarithmic y axis ( l )", logY, () => setQuery({ ylog: !logY.peek() })),
    toggleButton("log x", "Logarithmic x axis", logX, () => setQuery({ xlog: !logX.peek() })),
    toggleButton(
      "clip outliers",
      "Leave the outermost 2 % of the values out of the y axis ( o ); arrow heads mark them",
      clip,
      () => setQuery({ clip: !clip.peek() }),
    ),
    () =>
      options.restarts() || branches() === "newest"
        ? toggleButton(
          "newest branch",
          "Steps went back after a restart: show only the newest branch of each run",
          () => branches() === "newest",
          () => setQuery({ br: branches.peek() === "newest" ? null : "newest" }),
        )
        : null,
    options.single ? null : h(
      "label.label.columns",
      null,
      "Columns",
      h(
        "select.select",
        {
          onchange: (/** @type {Event} */ event) => {
            const value = /** @type {HTMLSelectElement} */ (event.target).value;
            setQuery({ cols: value === "0" ? null : value });
          },
        },
        [0, 1, 2, 3, 4, 5, 6].map((count) =>
          h("option", { value: count, selected: () => columns() === count }, count === 0 ? "auto" : String(count))
        ),
      ),
    ),
    () =>
      zoom()
        ? h(
          "button.button",
          { type: "button", title: "Whole range ( r )", onclick: () => setZoom(null) },
          icon("reset"),
          "Reset zoom",
        )
        : null,
  );
}
