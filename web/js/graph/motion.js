/** Moves the picture from one view to the next: boxes by name, the camera so that one box stays where it is. */

import { between } from "./camera.js";

/** @typedef {import("./model.js").Picture} Picture */
/** @typedef {import("./model.js").ViewNode} ViewNode */
/** @typedef {import("./model.js").Rect} Rect */
/** @typedef {import("./camera.js").Camera} Camera */

export const DURATION_MS = 180;

/** @param {number} t */
function eased(t) {
  return 1 - Math.pow(1 - t, 3);
}

export class Motion {
  /**
   * @param {Picture | null} old @param {Picture} next @param {Camera} from @param {Camera} to
   * @param {boolean} still No movement: reduced motion, or the first picture.
   */
  constructor(old, next, from, to, still) {
    this.old = old;
    this.next = next;
    this.from = from;
    this.to = to;
    this.still = still || old === null;
    this.start = -1;
    this.progress = this.still ? 1 : 0;
    /** @type {Map<string, { rect: Rect, alpha: number }>} */
    this.origins = new Map();
    if (!this.still && old) {
      for (const node of next.view.nodes) this.origins.set(node.id, origin(node, old));
    }
  }

  /** @param {number} now Milliseconds. @returns {boolean} Whether there is more to come. */
  step(now) {
    if (this.start < 0) this.start = now;
    if (!this.still) this.progress = Math.min(1, (now - this.start) / DURATION_MS);
    return this.progress < 1;
  }

  camera() {
    return this.progress >= 1 ? this.to : between(this.from, this.to, eased(this.progress));
  }

  edgeAlpha() {
    return this.progress >= 1 ? 1 : Math.max(0, this.progress * 2 - 1);
  }

  /** @param {ViewNode} node @returns {Rect & { alpha: number }} */
  place(node) {
    const begin = this.progress >= 1 ? undefined : this.origins.get(node.id);
    if (!begin) return { x: node.x, y: node.y, width: node.width, height: node.height, alpha: 1 };
    const t = eased(this.progress);
    const { rect } = begin;
    return {
      x: rect.x + (node.x - rect.x) * t,
      y: rect.y + (node.y - rect.y) * t,
      width: rect.width + (node.width - rect.width) * t,
      height: rect.height + (node.height - rect.height) * t,
      alpha: begin.alpha + (1 - begin.alpha) * t,
    };
  }
}

/** Where a box comes from: its old place, else the old place of the scope that held it. @param {ViewNode} node @param {Picture} old */
function origin(node, old) {
  const before = old.nodes.get(node.id);
  if (before) return { rect: { x: before.x, y: before.y, width: before.width, height: before.height }, alpha: 1 };
  const around = old.visible(node.id);
  if (!around) return { rect: { x: node.x, y: node.y, width: node.width, height: node.height }, alpha: 0 };
  const rect = {
    x: around.x + around.width * 0.3,
    y: around.y + around.height * 0.3,
    width: around.width * 0.4,
    height: around.height * 0.4,
  };
  return { rect, alpha: 0 };
}

/**
 * The camera for a new view that keeps a box where it is on screen: by its centre, or, where one of both is a frame, by
 * the middle of the frame's title.
 * @param {Picture | null} old @param {Picture} next @param {Camera} camera @param {string | null} id
 * @returns {Camera}
 */
export function anchored(old, next, camera, id) {
  const before = id === null ? null : old?.nodes.get(id);
  const after = id === null ? null : next.nodes.get(id);
  if (!before || !after) return camera;
  const a = anchor(before);
  const b = anchor(after);
  return { ...camera, x: camera.x + (a[0] - b[0]) * camera.scale, y: camera.y + (a[1] - b[1]) * camera.scale };
}

/** @param {ViewNode} node */
function anchor(node) {
  return [node.x + node.width / 2, node.open ? node.y + 16 : node.y + node.height / 2];
}
