/**
 * A chart: two canvases on one another (lines below, crosshair and selection above), so that following the pointer never
 * redraws data; a tooltip; keys; and a hidden table that says in words what the lines show.
 *
 * A chart shows what its `model` says and follows the signals read in it. It changes nothing but the shared cursor; a
 * selection is handed to `zoom`.
 */

import { isAbort } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import * as format from "../core/format.js";
import { effect, listen, memo, onCleanup, signal } from "../core/signal.js";
import { theme, token } from "../core/theme.js";
import { hitsAt, nonFiniteAt } from "./hover.js";
import { drawLines, drawPicture, layOut } from "./picture.js";
import { nearest } from "./scale.js";
import { schedule, unschedule } from "./schedule.js";
import { hideTooltip, MAXIMUM_ROWS, showTooltip } from "./tooltip.js";

/** @typedef {import("./picture.js").Line} Line */
/** @typedef {import("./picture.js").Scene} Scene */
/** @typedef {import("./picture.js").Layout} Layout */
/** @typedef {import("./tooltip.js").Exact} Exact */
/**
 * @typedef {object} Model
 * @property {string} name For assistive technology.
 * @property {() => readonly Line[]} lines
 * @property {() => "step" | "relative" | "wall"} xKind
 * @property {() => readonly [number, number] | null} x The range to show.
 * @property {() => boolean} logX
 * @property {() => boolean} logY
 * @property {() => boolean} clip
 * @property {import("../core/signal.js").Signal<number | null>} cursor Shared by all charts with the same x axis.
 * @property {import("../core/signal.js").Signal<string | null>} hovered Run to lift.
 * @property {(range: readonly [number, number] | null) => void} zoom
 * @property {(runs: readonly string[], x: number, signal: AbortSignal) => Promise<Exact[]>} exact
 */
/** @typedef {{ element: HTMLElement, layout: () => Layout | null, scene: () => Scene }} Chart */

/** How long the pointer rests before exact values are fetched. */
const REST_MS = 140;
/** Rows of the hidden table. */
const TABLE_ROWS = 50;

/** Colours of axes in the present theme. */
export const chartColours = memo(() => {
  theme();
  return { grid: token("grid"), axis: token("line-strong"), text: token("muted"), background: token("bg") };
});

/** @param {"step" | "relative" | "wall"} kind @param {number} x */
export function xText(kind, x) {
  if (kind === "wall") return format.time(x);
  if (kind === "relative") return format.duration(x);
  return `step ${format.integer(Math.round(x))}`;
}

/** @param {Model} model @returns {Chart} */
export function chart(model) {
  const data = h("canvas.chart-data", { "aria-hidden": "true" });
  const overlay = h("canvas.chart-overlay", { "aria-hidden": "true" });
  const table = h("div.visually-hidden");
  const element = h(
    "div.chart",
    {
      tabindex: 0,
      role: "group",
      "aria-label": () => summary(model),
      "aria-roledescription": "chart",
      onfocus: () => replace(table, accessibleTable(model)),
    },
    data,
    overlay,
    table,
  );

  const size = signal({ width: 0, height: 0, ratio: 1 }, sameSize);
  const observer = new ResizeObserver(() =>
    size.set({ width: element.clientWidth, height: element.clientHeight, ratio: devicePixelRatio || 1 })
  );
  observer.observe(element);
  onCleanup(() => observer.disconnect());

  /** @returns {Scene} */
  const scene = () => ({
    width: size().width,
    height: size().height,
    lines: model.lines(),
    xKind: model.xKind(),
    x: model.x(),
    logX: model.logX(),
    logY: model.logY(),
    clip: model.clip(),
    colours: chartColours(),
  });
  /** @type {Layout | null} */
  let layout = null;

  const pen = /** @type {CanvasRenderingContext2D} */ (data.getContext("2d"));
  const above = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));

  const draw = () => {
    const now = scene();
    const { ratio } = size.peek();
    fit(data, now.width, now.height, ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, now.width, now.height);
    layout = now.width > 0 ? layOut(pen, now) : null;
    if (layout) drawPicture(pen, now, layout);
    element.dataset.drawn = String(now.lines.length);
    drawOverlay();
  };

  const overlayState = { selecting: /** @type {[number, number] | null} */ (null), pointer: false, y: 0 };
  const drawOverlay = () => {
    const { width, height, ratio } = size.peek();
    fit(overlay, width, height, ratio);
    above.setTransform(ratio, 0, 0, ratio, 0, 0);
    above.clearRect(0, 0, width, height);
    if (!layout) return;
    const lifted = model.hovered.peek();
    const lines = model.lines();
    const chosen = lifted === null ? [] : lines.filter((line) => line.run === lifted);
    if (chosen.length > 0 && lines.length > chosen.length) {
      // The other lines step back; axes and labels stay as they are.
      above.fillStyle = chartColours.peek().background;
      above.globalAlpha = 0.72;
      above.fillRect(layout.left, 0, layout.right - layout.left + 1, layout.bottom);
      above.globalAlpha = 1;
      above.save();
      above.beginPath();
      above.rect(layout.left, 0, layout.right - layout.left + 1, layout.bottom + 1);
      above.clip();
      drawLines(above, chosen, layout.xs, layout.ys, 0.75);
      above.restore();
      above.globalAlpha = 1;
      above.setLineDash([]);
    }
    if (overlayState.selecting) {
      const [from, to] = overlayState.selecting;
      above.fillStyle = token("accent");
      above.globalAlpha = 0.14;
      above.fillRect(Math.min(from, to), layout.top, Math.abs(to - from), layout.bottom - layout.top);
      above.globalAlpha = 1;
    }
    const x = model.cursor.peek();
    if (x === null) return;
    const px = layout.xs.map(x);
    if (!(px >= layout.left && px <= layout.right)) return;
    above.fillStyle = chartColours.peek().text;
    above.globalAlpha = 0.55;
    above.fillRect(Math.round(px), layout.top, 1, layout.bottom - layout.top);
    above.globalAlpha = 1;
    for (const hit of hitsAt(lines, layout, x, overlayState.pointer ? overlayState.y : null).slice(0, MAXIMUM_ROWS)) {
      if (Number.isNaN(hit.py)) continue;
      above.beginPath();
      above.arc(hit.px, hit.py, 3, 0, 2 * Math.PI);
      above.fillStyle = hit.line.colour;
      above.fill();
      above.lineWidth = 1.5;
      above.strokeStyle = chartColours.peek().background;
      above.stroke();
    }
  };

  effect(() => {
    // Everything the picture depends on; drawing itself waits for its frame.
    scene();
    schedule(draw);
  });
  effect(() => {
    model.cursor();
    model.hovered();
    schedule(drawOverlay);
  });
  onCleanup(() => {
    unschedule(draw);
    unschedule(drawOverlay);
    hideTooltip();
  });

  follow(model, element, overlayState, () => layout, () => schedule(drawOverlay));
  return { element, layout: () => layout, scene };
}

/** @param {{ width: number, height: number, ratio: number }} a @param {{ width: number, height: number, ratio: number }} b */
const sameSize = (a, b) => a.width === b.width && a.height === b.height && a.ratio === b.ratio;

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height @param {number} ratio */
function fit(canvas, width, height, ratio) {
  const w = Math.round(width * ratio);
  const h = Math.round(height * ratio);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
}

/**
 * Pointer, wheel and keys.
 * @param {Model} model
 * @param {HTMLElement} element
 * @param {{ selecting: [number, number] | null, pointer: boolean, y: number }} state
 * @param {() => Layout | null} layoutNow
 * @param {() => void} redraw
 */
function follow(model, element, state, layoutNow, redraw) {
  /** @type {Map<string, Exact>} */
  let exact = new Map();
  let restTimer = 0;
  /** @type {AbortController | null} */
  let fetching = null;
  let window = { x: 0, y: 0 };

  const tip = () => {
    const layout = layoutNow();
    const x = model.cursor.peek();
    if (!layout || x === null || !state.pointer) return hideTooltip();
    const hits = hitsAt(model.lines(), layout, x, state.y);
    const notes = nonFiniteAt(model.lines(), layout, x).slice(0, 4).map((found) => {
      const parts = [[found.nan, "NaN"], [found.positive, "+∞"], [found.negative, "−∞"]];
      return `${found.line.run}: ${parts.filter(([n]) => n).map(([n, name]) => `${n} × ${name}`).join(", ")}`;
    });
    if (hits.length === 0 && notes.length === 0) return hideTooltip();
    const smoothed = hits.some((hit) => hit.smooth !== null);
    showTooltip({ title: xText(model.xKind(), x), hits, notes, exact, smoothed }, window);
  };

  const rest = () => {
    const layout = layoutNow();
    const x = model.cursor.peek();
    if (!layout || x === null || !state.pointer) return;
    const runs = [
      ...new Set(hitsAt(model.lines(), layout, x, state.y).slice(0, MAXIMUM_ROWS).map((hit) => hit.line.run)),
    ];
    if (runs.length === 0) return;
    fetching = new AbortController();
    model.exact(runs, x, fetching.signal).then((points) => {
      exact = new Map(points.map((point) => [point.run, point]));
      tip();
    }, (error) => {
      // The tooltip already shows what is known; exact values are an addition.
      if (!isAbort(error)) exact = new Map();
    });
  };

  const forget = () => {
    clearTimeout(restTimer);
    fetching?.abort();
    fetching = null;
    exact = new Map();
  };

  /** @param {PointerEvent} event */
  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  listen(element, "pointermove", (/** @type {PointerEvent} */ event) => {
    const layout = layoutNow();
    if (!layout) return;
    const { x, y } = place(event);
    window = { x: event.clientX, y: event.clientY };
    state.pointer = true;
    state.y = y;
    forget();
    if (state.selecting) state.selecting[1] = Math.min(Math.max(x, layout.left), layout.right);
    if (x < layout.left - 4 || x > layout.right + 4) {
      model.cursor.set(null);
      model.hovered.set(null);
      hideTooltip();
      redraw();
      return;
    }
    model.cursor.set(layout.xs.invert(Math.min(Math.max(x, layout.left), layout.right)));
    const first = hitsAt(model.lines(), layout, /** @type {number} */ (model.cursor.peek()), y)[0];
    model.hovered.set(first && first.distance < 6 && !state.selecting ? first.line.run : null);
    redraw();
    tip();
    restTimer = setTimeout(rest, REST_MS);
  });

  listen(element, "pointerleave", () => {
    if (state.selecting) return;
    forget();
    state.pointer = false;
    model.cursor.set(null);
    model.hovered.set(null);
    hideTooltip();
  });

  listen(element, "pointerdown", (/** @type {PointerEvent} */ event) => {
    const layout = layoutNow();
    const { x, y } = place(event);
    if (!layout || event.button !== 0 || x < layout.left || x > layout.right || y > layout.bottom) return;
    state.selecting = [x, x];
    element.setPointerCapture(event.pointerId);
  });

  listen(element, "pointerup", () => {
    const layout = layoutNow();
    const selected = state.selecting;
    state.selecting = null;
    redraw();
    if (!layout || !selected || Math.abs(selected[1] - selected[0]) < 5) return;
    const [a, b] = selected.map((pixel) => layout.xs.invert(pixel)).sort((p, q) => p - q);
    model.zoom([a, b]);
  });

  listen(element, "pointercancel", () => {
    state.selecting = null;
    redraw();
  });

  listen(element, "dblclick", () => model.zoom(null));

  listen(element, "wheel", (/** @type {WheelEvent} */ event) => {
    const layout = layoutNow();
    if (!layout || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const at = event.clientX - element.getBoundingClientRect().left;
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY * 0.004)));
    const left = at - (at - layout.left) * factor;
    const right = at + (layout.right - at) * factor;
    model.zoom([layout.xs.invert(left), layout.xs.invert(right)]);
  }, { passive: false });

  listen(element, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const layout = layoutNow();
    if (!layout || event.target !== element) return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const step = event.key === "ArrowRight" ? 1 : -1;
      const next = moved(model, layout, model.cursor.peek(), step, event.shiftKey);
      if (next === null) return;
      model.cursor.set(next);
      forget();
      const box = element.getBoundingClientRect();
      state.pointer = true;
      state.y = (layout.top + layout.bottom) / 2;
      window = { x: box.left + layout.xs.map(next), y: box.top + layout.top };
      tip();
      restTimer = setTimeout(rest, REST_MS);
    } else if (event.key === "Escape" && model.cursor.peek() !== null) {
      forget();
      state.pointer = false;
      model.cursor.set(null);
      hideTooltip();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  listen(element, "blur", () => {
    if (!element.matches(":hover")) {
      state.pointer = false;
      hideTooltip();
    }
  });
  onCleanup(forget);
}

/**
 * The cursor one point (or a tenth of the range) further.
 * @param {Model} model
 * @param {Layout} layout
 * @param {number | null} cursor
 * @param {number} step
 * @param {boolean} far
 */
function moved(model, layout, cursor, step, far) {
  const [low, high] = layout.xs.domain;
  const line = model.lines().find((candidate) => candidate.series.x.length > 0);
  if (!line) return null;
  if (cursor === null) return step > 0 ? low : high;
  const inside = (/** @type {number} */ x) => Math.min(high, Math.max(low, x));
  if (far) return inside(cursor + step * (high - low) / 10);
  const x = line.series.x;
  const at = nearest(x, cursor);
  return inside(x[Math.min(x.length - 1, Math.max(0, at + step))]);
}

/** One sentence about the chart. @param {Model} model */
function summary(model) {
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
  return `${model.name}, ${format.plural(runs, "run")}, ${xText(model.xKind(), low)} to ${
    xText(model.xKind(), high)
  }; ` +
    `lowest last value ${format.number(best.value)} (${best.run})`;
}

/** The lines as a table, for those who cannot see them. @param {Model} model */
function accessibleTable(model) {
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
