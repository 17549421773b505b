/**
 * The picture on screen: a canvas with pan, zoom, selection and animated changes of view.
 *
 * Mouse: drag pans, wheel zooms at the pointer, click selects, double click opens or closes a scope. Touch: one finger
 * pans, two fingers zoom. The canvas draws only when something changed.
 */

import { h } from "../core/dom.js";
import { listen, onCleanup } from "../core/signal.js";
import { theme, token } from "../core/theme.js";
import { colouring } from "./colour.js";
import { between, firstLook, fit, isCovered, reveal, toView, visibleRect, zoomAt } from "./camera.js";
import { Picture } from "./model.js";
import { anchored, DURATION_MS, Motion } from "./motion.js";
import { paint } from "./paint.js";

/** @typedef {import("./model.js").View} View */
/** @typedef {import("./model.js").ViewNode} ViewNode */
/** @typedef {import("./model.js").ViewEdge} ViewEdge */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./colour.js").Colouring} Colouring */
/**
 * @typedef {object} Handlers
 * @property {(id: string | null, at: { x: number, y: number }) => void} select With the place of the click on screen.
 * @property {(id: string) => void} toggle Of a scope.
 * @property {(camera: Camera) => void} moved
 */

/** Pointer movement below this is a click. */
const CLICK_DISTANCE = 4;
/** Time for a second click before the page or the picture moves. */
export const DOUBLE_CLICK_MS = 450;

export class GraphCanvas {
  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.canvas = h("canvas.graph-canvas", {
      tabindex: 0,
      role: "application",
      "aria-roledescription": "graph",
      "aria-label": "Computation graph",
    });
    this.tip = h("div.graph-tip", { hidden: true });
    this.element = h("div.graph-view", null, this.canvas, this.tip);
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("The browser offers no 2D canvas.");
    this.context = context;
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {Camera} */
    this.camera = { scale: 1, x: 0, y: 0 };
    /** @type {Motion | null} */
    this.motion = null;
    this.width = 0;
    this.height = 0;
    /** @type {string | null} */
    this.selected = null;
    /** @type {string | null} */
    this.hovered = null;
    /** @type {ViewEdge | null} */
    this.edge = null;
    /** @type {Set<string> | null} */
    this.traced = null;
    /** @type {Colouring} */
    this.colourBy = "structure";
    /** @type {(node: ViewNode) => string | null} */
    this.hueOf = () => null;
    /** @type {Map<string, string>} */
    this.legend = new Map();
    this.request = 0;
    /** When the last click was, by `performance.now()`. */
    this.clickedAt = -Infinity;
    this.isFirst = true;
    /** @type {import("./paint.js").Palette | null} */
    this.palette = null;
    this.watch();
  }

  // Changes ---------------------------------------------------------------------------------------------------------

  /**
   * Shows a view; boxes that were there move to their new places.
   * @param {View} view @param {string | null} anchor The box that stays where it is on screen.
   */
  show(view, anchor) {
    const next = new Picture(view);
    const old = this.picture;
    const whole = { x: 0, y: 0, width: view.width, height: view.height };
    const target = this.isFirst
      ? firstLook(whole, this.width, this.height, view.direction, next.start(), view.divider)
      : anchored(old, next, this.camera, anchor);
    const still = this.isFirst || matchMedia("(prefers-reduced-motion: reduce)").matches;
    // With an anchor the camera jumps with the layout: interpolating both keeps the anchor still.
    this.motion = new Motion(old, next, this.camera, target, still);
    this.isFirst = false;
    this.picture = next;
    this.edge = null;
    this.recolour();
    this.draw();
  }

  /** The next view is a new graph: show it from its start. */
  reset() {
    this.isFirst = true;
    this.picture = null;
    this.motion = null;
    this.edge = null;
    this.traced = null;
    this.draw();
  }

  /** @param {string | null} id @param {Set<string> | null} traced */
  select(id, traced) {
    this.selected = id;
    this.traced = traced;
    this.draw();
  }

  /** @param {Colouring} by */
  colour(by) {
    this.colourBy = by;
    this.recolour();
    this.draw();
  }

  recolour() {
    const { of, legend } = colouring(this.picture?.view.nodes ?? [], this.colourBy, theme.peek());
    this.hueOf = of;
    this.legend = legend;
  }

  /** Reads the colours of the theme again. */
  restyle() {
    const dark = theme.peek() === "dark";
    this.palette = {
      bg: token("bg"),
      surface: token("surface"),
      raised: token("raised"),
      text: token("text"),
      muted: token("muted"),
      faint: token("faint"),
      line: token("line"),
      lineStrong: token("line-strong"),
      accent: token("accent"),
      reference: dark ? "#e0995a" : "#c2691c",
      font: getComputedStyle(document.body).fontFamily,
      dark,
    };
    this.recolour();
    this.draw();
  }

  // Camera ----------------------------------------------------------------------------------------------------------

  /** @param {Camera} camera @param {boolean} [smooth] */
  moveTo(camera, smooth = true) {
    if (smooth && this.picture && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.glide(camera);
    else {
      this.stopMotion();
      this.camera = camera;
      this.draw();
    }
  }

  /** @param {Camera} target */
  glide(target) {
    this.stopMotion();
    const from = this.camera;
    let start = -1;
    /** @param {number} now */
    const step = (now) => {
      if (start < 0) start = now;
      const t = Math.min(1, (now - start) / DURATION_MS);
      this.camera = between(from, target, 1 - Math.pow(1 - t, 3));
      this.drawNow();
      this.gliding = t < 1 ? requestAnimationFrame(step) : 0;
    };
    this.gliding = requestAnimationFrame(step);
  }

  stopMotion() {
    if (this.gliding) cancelAnimationFrame(this.gliding);
    this.gliding = 0;
    if (this.motion) this.camera = this.motion.to;
    this.motion = null;
  }

  fit() {
    if (!this.picture) return;
    const { width, height } = this.picture.view;
    this.moveTo(fit({ x: 0, y: 0, width, height }, this.width, this.height));
  }

  /** @param {number} factor */
  zoom(factor) {
    this.moveTo(zoomAt(this.motion?.to ?? this.camera, factor, this.width / 2, this.height / 2));
  }

  actualSize() {
    this.zoom(1 / this.camera.scale);
  }

  /** @param {number} dx @param {number} dy In screen pixels. */
  pan(dx, dy) {
    this.stopMotion();
    this.camera = { ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy };
    this.draw();
  }

  /** Brings a box onto the screen. @param {string} id @param {boolean} [smooth] */
  reveal(id, smooth = true) {
    const node = this.picture?.visible(id);
    if (node) this.moveTo(reveal(this.motion?.to ?? this.camera, node, this.width, this.height), smooth);
  }

  /** Brings the selection back that the panel has covered. @param {number} width @param {number} height Without it. */
  revealCovered(width, height) {
    const node = this.selected === null ? null : this.picture?.nodes.get(this.selected);
    if (!node || this.canvas.classList.contains("dragging")) return;
    // Of a frame its title matters: it need not fit.
    const rect = node.open ? { ...node, width: Math.min(node.width, 80), height: Math.min(node.height, 30) } : node;
    const camera = this.motion?.to ?? this.camera;
    if (isCovered(camera, rect, { width, height }, this)) this.moveTo(reveal(camera, rect, this.width, this.height));
  }

  /** @param {number} x @param {number} y In the view. */
  centre(x, y) {
    this.stopMotion();
    const { scale } = this.camera;
    this.camera = { scale, x: this.width / 2 - x * scale, y: this.height / 2 - y * scale };
    this.draw();
  }

  visible() {
    return visibleRect(this.camera, this.width, this.height);
  }

  // Drawing ---------------------------------------------------------------------------------------------------------

  draw() {
    if (this.request) return;
    this.request = requestAnimationFrame((now) => {
      this.request = 0;
      if (this.motion) {
        const more = this.motion.step(now);
        this.camera = this.motion.camera();
        this.drawNow();
        if (more) this.draw();
        else this.motion = null;
      } else this.drawNow();
    });
  }

  drawNow() {
    if (!this.palette || this.width === 0) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { picture, motion } = this;
    if (!picture) {
      this.context.fillStyle = this.palette.bg;
      this.context.fillRect(0, 0, this.width, this.height);
      return;
    }
    paint(this.context, {
      picture,
      camera: this.camera,
      width: this.width,
      height: this.height,
      palette: this.palette,
      hueOf: this.hueOf,
      selected: this.selected,
      hovered: this.hovered,
      edge: this.edge,
      traced: this.traced,
      place: (node) =>
        motion ? motion.place(node) : { x: node.x, y: node.y, width: node.width, height: node.height, alpha: 1 },
      edgeAlpha: motion ? motion.edgeAlpha() : 1,
    });
    this.handlers.moved(this.camera);
  }

  /** The whole picture as PNG, at most about 8,000 pixels a side. @returns {Promise<Blob>} */
  png() {
    const { picture, palette } = this;
    if (!picture || !palette) return Promise.reject(new Error("There is no picture yet."));
    const { width, height } = picture.view;
    const scale = Math.min(2, 8000 / width, 8000 / height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(width * scale);
    canvas.height = Math.ceil(height * scale);
    const context = canvas.getContext("2d");
    if (!context) return Promise.reject(new Error("The browser offers no 2D canvas."));
    paint(context, {
      picture,
      camera: { scale, x: 0, y: 0 },
      width: canvas.width,
      height: canvas.height,
      palette,
      hueOf: this.hueOf,
      selected: null,
      hovered: null,
      edge: null,
      traced: null,
      place: (node) => ({ x: node.x, y: node.y, width: node.width, height: node.height, alpha: 1 }),
      edgeAlpha: 1,
    });
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error("The picture is too large for the browser.")));
    });
  }

  // Pointer ---------------------------------------------------------------------------------------------------------

  watch() {
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.element);
    onCleanup(() => {
      observer.disconnect();
      clearTimeout(this.settle);
      if (this.request) cancelAnimationFrame(this.request);
      if (this.gliding) cancelAnimationFrame(this.gliding);
    });
    /** @type {Map<number, { x: number, y: number }>} */
    const pointers = new Map();
    let travelled = 0;
    let spread = 0;
    const { canvas } = this;
    listen(canvas, "pointerdown", (/** @type {PointerEvent} */ event) => {
      if (event.button > 1) return;
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      travelled = 0;
      spread = distance(pointers);
      this.stopMotion();
    });
    listen(canvas, "pointermove", (/** @type {PointerEvent} */ event) => {
      const before = pointers.get(event.pointerId);
      if (!before) {
        this.hover(event.offsetX, event.offsetY);
        return;
      }
      const now = { x: event.offsetX, y: event.offsetY };
      pointers.set(event.pointerId, now);
      if (pointers.size === 1) {
        travelled += Math.hypot(now.x - before.x, now.y - before.y);
        if (travelled < CLICK_DISTANCE) return;
        canvas.classList.add("dragging");
        this.hideTip();
        this.pan(now.x - before.x, now.y - before.y);
      } else if (pointers.size === 2) {
        travelled = Infinity;
        const wide = distance(pointers);
        const centre = middle(pointers);
        if (spread > 0 && wide > 0) {
          this.camera = zoomAt(this.camera, wide / spread, centre.x, centre.y);
          this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
        }
        spread = wide;
      }
    });
    const release = (/** @type {PointerEvent} */ event) => {
      const known = pointers.delete(event.pointerId);
      canvas.classList.remove("dragging");
      spread = distance(pointers);
      if (known && event.type === "pointerup" && travelled < CLICK_DISTANCE) this.click(event.offsetX, event.offsetY);
    };
    listen(canvas, "pointerup", release);
    listen(canvas, "pointercancel", release);
    listen(canvas, "pointerleave", () => this.hover(-1e6, -1e6));
    listen(canvas, "dblclick", (/** @type {MouseEvent} */ event) => {
      const node = this.at(event.offsetX, event.offsetY);
      if (node && node.kind !== "op") this.handlers.toggle(node.id);
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.stopMotion();
      if (event.shiftKey && !event.ctrlKey) {
        this.pan(-(event.deltaX || event.deltaY), 0);
        return;
      }
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      // A pinch on a touch pad comes as a wheel with Ctrl and small steps.
      const speed = event.ctrlKey ? 0.01 : 0.0016;
      const step = Math.max(-0.5, Math.min(0.5, -event.deltaY * lines * speed));
      this.camera = zoomAt(this.camera, Math.exp(step), event.offsetX, event.offsetY);
      this.draw();
    }, { passive: false });
  }

  resize() {
    const width = this.element.clientWidth;
    const height = this.element.clientHeight;
    if (width === this.width && height === this.height) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    // The picture stays where it is: the panel opens on the first click of a double click.
    const before = { width: this.width, height: this.height };
    this.width = width;
    this.height = height;
    this.drawNow();
    clearTimeout(this.settle);
    const wait = Math.max(0, this.clickedAt + DOUBLE_CLICK_MS - performance.now());
    this.settle = setTimeout(() => this.revealCovered(before.width, before.height), wait);
  }

  /** @param {number} x @param {number} y On screen. */
  at(x, y) {
    return this.picture?.nodeAt(...toView(this.camera, x, y)) ?? null;
  }

  /** @param {number} x @param {number} y */
  click(x, y) {
    const { picture } = this;
    if (!picture) return;
    this.clickedAt = performance.now();
    const point = toView(this.camera, x, y);
    const mark = this.camera.scale > 0.3 ? picture.markAt(...point) : null;
    const node = this.at(x, y);
    if (mark && (!node || node.open)) this.handlers.select(mark.mark.id, { x, y });
    else if (node && !node.open) this.handlers.select(node.id, { x, y });
    else {
      const edge = picture.edgeAt(...point, 6 / this.camera.scale);
      // A frame is selected by its title, so that its inside can be used like the background.
      const isTitle = node !== null && (point[1] - node.y < 30 || this.camera.scale < 0.3);
      if (edge) {
        this.edge = edge;
        this.handlers.select(edge.from, { x, y });
      } else this.handlers.select(node && isTitle ? node.id : null, { x, y });
    }
    this.canvas.focus({ preventScroll: true });
  }

  /** @param {number} x @param {number} y */
  hover(x, y) {
    const { picture } = this;
    if (!picture) return;
    const point = toView(this.camera, x, y);
    const node = this.at(x, y);
    const mark = this.camera.scale > 0.3 && (!node || node.open) ? picture.markAt(...point) : null;
    const edge = !mark && (!node || node.open) ? picture.edgeAt(...point, 5 / this.camera.scale) : null;
    const next = node?.id ?? null;
    this.canvas.style.cursor = mark || edge || (node && !node.open) ? "pointer" : "";
    if (mark) {
      const what = { constant: "constant", summary: "summary", proxy: mark.mark.input ? "from" : "to" }[mark.mark.kind];
      this.showTip(x, y, `${what} ${mark.mark.id}`);
    } else if (edge) {
      const count = edge.control
        ? "control edge"
        : edge.label || (edge.tensors === 1 ? "1 tensor" : `${edge.tensors} tensors`);
      this.showTip(x, y, `${edge.from} → ${edge.to}: ${count}${edge.reference ? ", changed there" : ""}`);
    } else if (node && !node.open && (this.camera.scale < 0.6 || node.label.includes("…"))) {
      this.showTip(x, y, node.id);
    } else this.hideTip();
    if (next === this.hovered && edge === this.edge) return;
    this.hovered = next;
    this.edge = edge;
    this.draw();
  }

  /** @param {number} x @param {number} y @param {string} text */
  showTip(x, y, text) {
    this.tip.textContent = text;
    this.tip.hidden = false;
    const left = Math.max(4, Math.min(x + 12, this.width - this.tip.offsetWidth - 8));
    const below = y + 18 + this.tip.offsetHeight < this.height;
    this.tip.style.transform = `translate(${left}px, ${below ? y + 16 : y - this.tip.offsetHeight - 8}px)`;
  }

  hideTip() {
    this.tip.hidden = true;
  }
}

/** @param {Map<number, { x: number, y: number }>} pointers */
function distance(pointers) {
  const [a, b] = [...pointers.values()];
  return b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

/** @param {Map<number, { x: number, y: number }>} pointers */
function middle(pointers) {
  const [a, b] = [...pointers.values()];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
