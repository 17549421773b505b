/** The whole picture in small, with the part that is on screen; click or drag to go there. */

import { h } from "../core/dom.js";
import { listen } from "../core/signal.js";

/** @typedef {import("./canvas.js").GraphCanvas} GraphCanvas */

const WIDTH = 168;
const HEIGHT = 128;

export class Minimap {
  /** @param {GraphCanvas} graph */
  constructor(graph) {
    this.graph = graph;
    this.canvas = h("canvas.graph-minimap", { width: WIDTH * 2, height: HEIGHT * 2, "aria-hidden": "true" });
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    const go = (/** @type {PointerEvent} */ event) => {
      if (event.type === "pointermove" && event.buttons === 0) return;
      const { clientWidth } = this.canvas;
      const ratio = WIDTH / Math.max(1, clientWidth);
      graph.centre((event.offsetX * ratio - this.left) / this.scale, (event.offsetY * ratio - this.top) / this.scale);
    };
    listen(this.canvas, "pointerdown", (/** @type {PointerEvent} */ event) => {
      this.canvas.setPointerCapture(event.pointerId);
      go(event);
    });
    listen(this.canvas, "pointermove", go);
    /** @type {import("./model.js").Picture | null} */
    this.drawn = null;
    this.below = document.createElement("canvas");
    this.below.width = WIDTH * 2;
    this.below.height = HEIGHT * 2;
  }

  /** Called after every frame of the picture; the boxes are drawn again only when the view or the colours changed. */
  draw() {
    const { picture, palette } = this.graph;
    const context = this.canvas.getContext("2d");
    if (!picture || !palette || !context || this.canvas.offsetParent === null) return;
    if (this.drawn !== picture || this.colours !== this.graph.hueOf) this.drawBoxes(picture, palette);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.below, 0, 0);
    const seen = this.graph.visible();
    const whole = seen.x <= 0 && seen.y <= 0 && seen.x + seen.width >= picture.view.width &&
      seen.y + seen.height >= picture.view.height;
    this.canvas.classList.toggle("whole", whole);
    context.setTransform(2, 0, 0, 2, 0, 0);
    const x = Math.max(1, this.left + seen.x * this.scale);
    const y = Math.max(1, this.top + seen.y * this.scale);
    const right = Math.min(WIDTH - 1, this.left + (seen.x + seen.width) * this.scale);
    const bottom = Math.min(HEIGHT - 1, this.top + (seen.y + seen.height) * this.scale);
    context.strokeStyle = palette.accent;
    context.lineWidth = 1.5;
    context.globalAlpha = 0.12;
    context.fillStyle = palette.accent;
    context.fillRect(x, y, Math.max(3, right - x), Math.max(3, bottom - y));
    context.globalAlpha = 1;
    context.strokeRect(x, y, Math.max(3, right - x), Math.max(3, bottom - y));
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** @param {import("./model.js").Picture} picture @param {import("./paint.js").Palette} palette */
  drawBoxes(picture, palette) {
    const context = this.below.getContext("2d");
    if (!context) return;
    this.drawn = picture;
    this.colours = this.graph.hueOf;
    const { width, height } = picture.view;
    this.scale = Math.min((WIDTH - 12) / width, (HEIGHT - 12) / height);
    this.left = (WIDTH - width * this.scale) / 2;
    this.top = (HEIGHT - height * this.scale) / 2;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.below.width, this.below.height);
    context.setTransform(2 * this.scale, 0, 0, 2 * this.scale, 2 * this.left, 2 * this.top);
    for (const node of picture.view.nodes) {
      const hue = this.graph.hueOf(node);
      context.globalAlpha = node.open ? 0.12 : hue ? 0.75 : 0.45;
      context.fillStyle = hue ?? palette.muted;
      const least = 1.2 / this.scale;
      context.fillRect(node.x, node.y, Math.max(node.width, least), Math.max(node.height, least));
    }
    context.globalAlpha = 1;
  }
}
