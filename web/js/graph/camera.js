/** The part of the picture that is on screen: screen = view × scale + offset. */

/** @typedef {import("./model.js").Rect} Rect */
/** @typedef {{ scale: number, x: number, y: number }} Camera */

export const MINIMUM_SCALE = 0.02;
export const MAXIMUM_SCALE = 4;

/** @param {number} scale */
export function clampScale(scale) {
  return Math.max(MINIMUM_SCALE, Math.min(MAXIMUM_SCALE, scale));
}

/**
 * Shows a rectangle as large as it fits, centred, but never larger than `limit`.
 * @param {Rect} rect @param {number} width @param {number} height @param {number} [limit] @param {number} [margin]
 * @returns {Camera}
 */
export function fit(rect, width, height, limit = 1.15, margin = 24) {
  const scale = clampScale(
    Math.min(
      limit,
      Math.max(1, width - 2 * margin) / Math.max(1, rect.width),
      Math.max(1, height - 2 * margin) / Math.max(1, rect.height),
    ),
  );
  return {
    scale,
    x: width / 2 - (rect.x + rect.width / 2) * scale,
    y: height / 2 - (rect.y + rect.height / 2) * scale,
  };
}

/**
 * The first look at a picture: whole if it can be read then, else its beginning at a size that can be read.
 * @param {Rect} rect @param {number} width @param {number} height @param {"tb" | "lr"} direction
 * @param {number} [start] Where the flow begins, across it: what is looked at when not all fits.
 * @param {number | null} [divider] Where what was set aside begins, across the flow: it may stay out of sight.
 * @returns {Camera}
 */
export function firstLook(rect, width, height, direction, start, divider) {
  const whole = fit(rect, width, height);
  const readable = 0.55;
  if (whole.scale >= readable) return whole;
  const across = direction === "tb" ? width / rect.width : height / rect.height;
  let scale = Math.max(readable, Math.min(1, across * 0.96));
  const size = direction === "tb" ? width : height;
  const [low, extent] = direction === "tb" ? [rect.x, rect.width] : [rect.y, rect.height];
  let margin = 24;
  if (extent * scale > size) {
    // A little smaller is better than cut off.
    const main = typeof divider === "number" ? divider - low : extent;
    const fitting = Math.min(scale, size / Math.max(1, main));
    if (fitting >= 0.45) {
      scale = fitting;
      start = low + main / 2;
      margin = 0;
    }
  }
  const middle = extent * scale <= size || start === undefined ? low + extent / 2 : start;
  // Not further out than the picture goes.
  const most = margin - low * scale;
  const least = size - margin - (low + extent) * scale;
  let offset = size / 2 - middle * scale;
  if (extent * scale > size) offset = Math.max(Math.min(offset, most), Math.min(least, most));
  return direction === "tb"
    ? { scale, x: offset, y: 16 - rect.y * scale }
    : { scale, x: 16 - rect.x * scale, y: offset };
}

/** Zooms so that the point under (x, y) on screen stays there. @param {Camera} camera @param {number} factor @param {number} x @param {number} y @returns {Camera} */
export function zoomAt(camera, factor, x, y) {
  const scale = clampScale(camera.scale * factor);
  const ratio = scale / camera.scale;
  return { scale, x: x - (x - camera.x) * ratio, y: y - (y - camera.y) * ratio };
}

/** @param {Camera} camera @param {number} x @param {number} y @returns {[number, number]} */
export function toView(camera, x, y) {
  return [(x - camera.x) / camera.scale, (y - camera.y) / camera.scale];
}

/** What of the view is on a screen of this size. @param {Camera} camera @param {number} width @param {number} height @returns {Rect} */
export function visibleRect(camera, width, height) {
  return {
    x: -camera.x / camera.scale,
    y: -camera.y / camera.scale,
    width: width / camera.scale,
    height: height / camera.scale,
  };
}

/** @param {Rect} a @param {Rect} b */
export function overlaps(a, b) {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}

/** @param {Camera} a @param {Camera} b @param {number} t @returns {Camera} */
export function between(a, b, t) {
  // Scale by ratio, so that zooming looks even.
  const scale = a.scale * Math.pow(b.scale / a.scale, t);
  return { scale, x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
}

/**
 * Whether part of a rectangle that could be seen on the screen as it was cannot be seen any more.
 * @param {Camera} camera @param {Rect} rect
 * @param {{ width: number, height: number }} before @param {{ width: number, height: number }} now
 */
export function isCovered(camera, rect, before, now) {
  const [right, bottom] = [
    (rect.x + rect.width) * camera.scale + camera.x,
    (rect.y + rect.height) * camera.scale + camera.y,
  ];
  const [left, top] = [rect.x * camera.scale + camera.x, rect.y * camera.scale + camera.y];
  const seen = (/** @type {{ width: number, height: number }} */ { width, height }) =>
    Math.max(0, Math.min(right, width) - Math.max(left, 0)) * Math.max(0, Math.min(bottom, height) - Math.max(top, 0));
  return seen(now) < seen(before) - 1;
}

/** Moves the camera as little as needed to bring a rectangle onto the screen. @param {Camera} camera @param {Rect} rect @param {number} width @param {number} height @returns {Camera} */
export function reveal(camera, rect, width, height) {
  let { scale } = camera;
  const needed = Math.min((width - 48) / rect.width, (height - 48) / rect.height);
  if (scale < 0.35) scale = Math.min(1, Math.max(0.35, needed));
  const next = scale === camera.scale ? { ...camera } : fit(rect, width, height, scale);
  const [left, top] = [rect.x * next.scale + next.x, rect.y * next.scale + next.y];
  const [w, h] = [rect.width * next.scale, rect.height * next.scale];
  const margin = 32;
  if (w < width - 2 * margin) {
    if (left < margin) next.x += margin - left;
    else if (left + w > width - margin) next.x -= left + w - (width - margin);
  } else next.x += margin - left;
  if (h < height - 2 * margin) {
    if (top < margin) next.y += margin - top;
    else if (top + h > height - margin) next.y -= top + h - (height - margin);
  } else next.y += margin - top;
  return next;
}
