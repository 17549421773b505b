/** What the pointer, the wheel and the keys do on a chart. */

import { isAbort } from "../core/api.js";
import { listen, onCleanup } from "../core/signal.js";
import { xText } from "./describe.js";
import { hitsAt, nonFiniteAt } from "./hover.js";
import { nearest } from "./scale.js";
import { hideTooltip, MAXIMUM_ROWS, showTooltip } from "./tooltip.js";

/** @typedef {import("./chart.js").Model} Model */
/** @typedef {import("./picture.js").Layout} Layout */
/** @typedef {import("./tooltip.js").Exact} Exact */

/** How long the pointer rests before exact values are fetched. */
const REST_MS = 140;

/**
 * Pointer, wheel and keys.
 * @param {Model} model
 * @param {HTMLElement} element
 * @param {{ selecting: [number, number] | null, pointer: boolean, y: number }} state
 * @param {() => Layout | null} layoutNow
 * @param {() => void} redraw
 */
export function follow(model, element, state, layoutNow, redraw) {
  /** @type {Map<string, Exact>} */
  let exact = new Map();
  let restTimer = 0;
  /** @type {AbortController | null} */
  let fetching = null;
  let window = { x: 0, y: 0 };
  /** Where the pointer was while it moves the range. @type {{ x: number } | null} */
  let panning = null;

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
    if (panning) {
      const move = layout.xs.invert(panning.x) - layout.xs.invert(x);
      panning.x = x;
      if (layout.xs.kind === "linear" && move !== 0) {
        const [low, high] = model.x() ?? layout.xs.domain;
        model.zoom([low + move, high + move], true);
      }
      return hideTooltip();
    }
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
    if (event.shiftKey) panning = { x };
    else state.selecting = [x, x];
    element.setPointerCapture(event.pointerId);
  });

  listen(element, "pointerup", () => {
    const layout = layoutNow();
    const selected = state.selecting;
    state.selecting = null;
    panning = null;
    redraw();
    if (!layout || !selected || Math.abs(selected[1] - selected[0]) < 5) return;
    const [a, b] = selected.map((pixel) => layout.xs.invert(pixel)).sort((p, q) => p - q);
    model.zoom([a, b]);
  });

  listen(element, "pointercancel", () => {
    state.selecting = null;
    panning = null;
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
    model.zoom([layout.xs.invert(left), layout.xs.invert(right)], true);
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
