/**
 * A chart: two canvases on one another (lines below, crosshair and selection above), so that following the pointer never
 * redraws data; a tooltip; keys; and a hidden table that says in words what the lines show.
 *
 * A chart shows what its `model` says and follows the signals read in it. It changes nothing but the shared cursor; a
 * selection is handed to `zoom`.
 */

import { h, replace } from "../core/dom.js";
import { effect, memo, onCleanup, signal } from "../core/signal.js";
import { theme, token } from "../core/theme.js";
import { accessibleTable, summary } from "./describe.js";
import { hitsAt } from "./hover.js";
import { drawLines, drawPicture, layOut } from "./picture.js";
import { follow } from "./pointer.js";
import { schedule, unschedule } from "./schedule.js";
import { hideTooltip, MAXIMUM_ROWS } from "./tooltip.js";

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
 * @property {(range: readonly [number, number] | null, small?: boolean) => void} zoom `small` is one of many small moves.
 * @property {(runs: readonly string[], x: number, signal: AbortSignal) => Promise<Exact[]>} exact
 */
/** @typedef {{ element: HTMLElement, layout: () => Layout | null, scene: () => Scene }} Chart */

/** Colours of axes in the present theme. */
export const chartColours = memo(() => {
  theme();
  return { grid: token("grid"), axis: token("line-strong"), text: token("muted"), background: token("bg") };
});

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
