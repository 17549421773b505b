/** Draws a picture on a canvas. Pure drawing: what is selected, hovered or moving comes in as arguments. */

import { overlaps, visibleRect } from "./camera.js";
import { curve, labelPlace, MARK_SPACING, markPlaces, subtitle } from "./model.js";

/** @typedef {import("./model.js").Picture} Picture */
/** @typedef {import("./model.js").ViewNode} ViewNode */
/** @typedef {import("./model.js").ViewEdge} ViewEdge */
/** @typedef {import("./model.js").Rect} Rect */
/** @typedef {import("./camera.js").Camera} Camera */
/**
 * @typedef {object} Palette Colours of the theme, from css/tokens.css.
 * @property {string} bg
 * @property {string} surface
 * @property {string} raised
 * @property {string} text
 * @property {string} muted
 * @property {string} faint
 * @property {string} line
 * @property {string} lineStrong
 * @property {string} accent
 * @property {string} reference
 * @property {string} font
 * @property {boolean} dark
 */
/**
 * @typedef {object} Scene
 * @property {Picture} picture
 * @property {Camera} camera
 * @property {number} width Of the canvas, in CSS pixels.
 * @property {number} height
 * @property {Palette} palette
 * @property {(node: ViewNode) => string | null} hueOf
 * @property {string | null} selected
 * @property {string | null} hovered
 * @property {ViewEdge | null} edge The selected or hovered line.
 * @property {Set<string> | null} traced When set, everything else is faint.
 * @property {(node: ViewNode) => Rect & { alpha: number }} place Where a box stands now: differs while it moves.
 * @property {number} edgeAlpha
 */

/** Text smaller than this on screen is left out. */
const SMALLEST_TEXT = 5.2;

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
export function paint(context, scene) {
  const { camera, picture, palette } = scene;
  const screen = visibleRect(camera, scene.width, scene.height);
  context.fillStyle = palette.bg;
  context.fillRect(0, 0, scene.width, scene.height);
  context.save();
  context.translate(camera.x, camera.y);
  context.scale(camera.scale, camera.scale);
  context.lineJoin = "round";
  for (const node of picture.view.nodes) if (node.open) frame(context, scene, node, screen);
  dividers(context, scene);
  context.globalAlpha = 1;
  for (const edge of picture.edges) {
    if (!isLifted(scene, edge)) line(context, scene, edge, screen, false);
  }
  for (const edge of picture.edges) {
    if (isLifted(scene, edge)) line(context, scene, edge, screen, true);
  }
  for (const node of picture.view.nodes) if (node.open) frameTitle(context, scene, node, screen);
  for (const node of picture.view.nodes) if (!node.open) box(context, scene, node, screen);
  context.globalAlpha = 1;
  labels(context, scene, screen);
  context.restore();
}

/** @param {Scene} scene @param {ViewEdge} edge */
function isLifted(scene, edge) {
  if (edge === scene.edge) return true;
  return scene.selected !== null && (edge.from === scene.selected || edge.to === scene.selected);
}

/** @param {Scene} scene @param {ViewNode} node */
function isFaint(scene, node) {
  return scene.traced !== null && !scene.traced.has(node.id);
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} w @param {number} h @param {number} r */
function rounded(context, x, y, w, h, r) {
  context.beginPath();
  context.roundRect(x, y, w, h, Math.min(r, w / 2, h / 2));
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {ViewNode} node @param {Rect} screen */
function frame(context, scene, node, screen) {
  const at = scene.place(node);
  if (!overlaps(at, screen)) return;
  const { palette, camera } = scene;
  const hue = scene.hueOf(node);
  rounded(context, at.x, at.y, at.width, at.height, 9);
  context.globalAlpha = at.alpha * (palette.dark ? 0.09 : 0.055);
  context.fillStyle = hue ?? palette.muted;
  context.fill();
  context.globalAlpha = at.alpha * (isFaint(scene, node) ? 0.35 : 1);
  const isSelected = scene.selected === node.id;
  context.strokeStyle = isSelected ? palette.accent : hue ?? palette.lineStrong;
  context.lineWidth = (isSelected ? 2 : scene.hovered === node.id ? 1.6 : 1) / Math.max(0.6, Math.min(1, camera.scale));
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
function dividers(context, scene) {
  const { view } = scene.picture;
  const isDown = view.direction === "tb";
  context.strokeStyle = scene.palette.lineStrong;
  context.lineWidth = 1;
  context.setLineDash([2, 4]);
  context.globalAlpha = scene.edgeAlpha;
  /** @param {number} at @param {number} from @param {number} to */
  const draw = (at, from, to) => {
    context.beginPath();
    context.moveTo(isDown ? at : from, isDown ? from : at);
    context.lineTo(isDown ? at : to, isDown ? to : at);
    context.stroke();
  };
  if (typeof view.divider === "number") draw(view.divider, 16, (isDown ? view.height : view.width) - 16);
  for (const node of view.nodes) {
    if (!node.open || typeof node.divider !== "number") continue;
    if (isDown) draw(node.divider, node.y + 30, node.y + node.height - 12);
    else draw(node.divider, node.x + 14, node.x + node.width - 12);
  }
  context.setLineDash([]);
}

/** A frame's name, which stays in sight while the frame is on screen. @param {CanvasRenderingContext2D} context @param {Scene} scene @param {ViewNode} node @param {Rect} screen */
function frameTitle(context, scene, node, screen) {
  const { palette, camera } = scene;
  if (12.5 * camera.scale < SMALLEST_TEXT) return;
  const at = scene.place(node);
  if (!overlaps(at, screen)) return;
  context.globalAlpha = at.alpha * (isFaint(scene, node) ? 0.35 : 1);
  // The title stays in sight while the frame is on screen.
  const top = Math.max(at.y, Math.min(screen.y, at.y + at.height - 34));
  const left = Math.max(at.x, Math.min(screen.x, at.x + at.width - 120));
  context.font = `600 12.5px ${palette.font}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  const most = Math.max(20, at.width - 44);
  // Lines may run behind the title.
  context.strokeStyle = palette.bg;
  context.lineWidth = 4;
  context.strokeText(node.label, left + 12, top + 19, most);
  context.fillStyle = palette.text;
  context.fillText(node.label, left + 12, top + 19, most);
  const end = Math.min(at.x + at.width, screen.x + screen.width);
  if (end - left > context.measureText(node.label).width + 60) {
    // A minus: a double click here closes the scope.
    context.strokeStyle = palette.faint;
    context.lineWidth = 1.3;
    context.beginPath();
    context.moveTo(end - 20, top + 15);
    context.lineTo(end - 12, top + 15);
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {ViewEdge} edge @param {Rect} screen @param {boolean} lifted */
function line(context, scene, edge, screen, lifted) {
  const bounds = scene.picture.bounds.get(edge);
  if (bounds && !overlaps(bounds, screen)) return;
  const { palette, camera } = scene;
  const { direction } = scene.picture.view;
  const faint = scene.traced !== null && !(scene.traced.has(edge.from) && scene.traced.has(edge.to));
  const colour = lifted ? palette.accent : edge.reference ? palette.reference : palette.faint;
  context.globalAlpha = scene.edgeAlpha * (faint ? 0.15 : edge.control && !lifted ? 0.75 : 1);
  context.strokeStyle = colour;
  context.fillStyle = colour;
  // Never thinner than a hairline on screen.
  context.lineWidth = Math.max(lifted ? edge.width + 0.8 : edge.width, 0.7 / camera.scale);
  if (edge.control) context.setLineDash([4, 3]);
  context.beginPath();
  const { points } = edge;
  context.moveTo(points[0][0], points[0][1]);
  for (let index = 1; index < points.length; index += 1) {
    const q = points[index];
    const control = curve(points[index - 1], q, direction);
    if (control) context.bezierCurveTo(...control, q[0], q[1]);
    else context.lineTo(q[0], q[1]);
  }
  context.stroke();
  context.setLineDash([]);
  if (camera.scale > 0.18) head(context, edge, direction);
}

/** A triangle at the end, pointing along the flow. @param {CanvasRenderingContext2D} context @param {ViewEdge} edge @param {"tb" | "lr"} direction */
function head(context, edge, direction) {
  const end = edge.points[edge.points.length - 1];
  const before = edge.points[edge.points.length - 2];
  const along = direction === "tb" ? 1 : 0;
  const sign = end[along] >= before[along] ? 1 : -1;
  const length = 5 + edge.width * 0.7;
  const half = 2.6 + edge.width * 0.55;
  context.beginPath();
  context.moveTo(end[0], end[1]);
  if (direction === "tb") {
    context.lineTo(end[0] - half, end[1] - sign * length);
    context.lineTo(end[0] + half, end[1] - sign * length);
  } else {
    context.lineTo(end[0] - sign * length, end[1] - half);
    context.lineTo(end[0] - sign * length, end[1] + half);
  }
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {ViewNode} node @param {Rect} screen */
function box(context, scene, node, screen) {
  const at = scene.place(node);
  const margin = { x: at.x - 100, y: at.y - 12, width: at.width + 200, height: at.height + 24 };
  if (!overlaps(margin, screen)) return;
  const { palette, camera } = scene;
  const alpha = at.alpha * (isFaint(scene, node) ? 0.22 : 1);
  const hue = scene.hueOf(node);
  const isSelected = scene.selected === node.id;
  const isHovered = scene.hovered === node.id;
  const isOp = node.kind === "op";
  const radius = isOp ? 13 : 7;
  if (node.marks.length > 0 && camera.scale > 0.3) marks(context, scene, node, at, alpha);
  const stroke = isSelected ? palette.accent : hue ?? (isHovered ? palette.faint : palette.lineStrong);
  context.lineWidth = (isSelected ? 2.2 : isHovered ? 1.6 : 1.1) / Math.max(0.5, Math.min(1, camera.scale));
  /** @param {number} shift */
  const rect = (shift) => {
    rounded(context, at.x + shift, at.y + shift, at.width, at.height, radius);
    context.globalAlpha = alpha;
    context.fillStyle = isOp ? palette.bg : palette.raised;
    context.fill();
    if (hue || !isOp) {
      context.globalAlpha = alpha * (hue ? (palette.dark ? 0.22 : 0.15) : palette.dark ? 0.1 : 0.06);
      context.fillStyle = hue ?? palette.muted;
      context.fill();
    }
    context.globalAlpha = alpha;
    context.strokeStyle = stroke;
    context.stroke();
  };
  if (node.kind === "series") {
    rect(5);
    rect(2.5);
  }
  rect(0);
  const size = isOp || node.kind === "series" ? 11.5 : 12.5;
  if (size * camera.scale < SMALLEST_TEXT) return;
  const centre = at.x + at.width / 2;
  const middle = at.y + at.height / 2;
  const second = subtitle(node);
  const showSecond = second !== "" && 9.5 * camera.scale >= SMALLEST_TEXT;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillStyle = palette.text;
  context.font = `${isOp || node.kind === "series" ? 400 : 600} ${size}px ${palette.font}`;
  context.fillText(node.label, centre, middle + (showSecond ? -2 : 4), at.width - 10);
  if (showSecond) {
    context.fillStyle = palette.muted;
    context.font = `9.5px ${palette.font}`;
    context.fillText(second, centre, middle + 11, at.width - 8);
  }
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {ViewNode} node @param {Rect} at @param {number} alpha */
function marks(context, scene, node, at, alpha) {
  const { palette, camera } = scene;
  const { direction } = scene.picture.view;
  const shift = { x: at.x - node.x, y: at.y - node.y };
  const places = markPlaces(node, direction);
  const showText = direction === "tb" && 9 * camera.scale >= SMALLEST_TEXT;
  context.globalAlpha = alpha;
  context.lineWidth = 1;
  context.font = `9px ${palette.font}`;
  context.textBaseline = "alphabetic";
  for (const place of places) {
    const { mark } = place;
    const x = place.x + shift.x;
    const y = place.y + shift.y;
    context.strokeStyle = palette.lineStrong;
    context.setLineDash(mark.control ? [2, 2] : []);
    context.beginPath();
    context.moveTo(x, y);
    if (direction === "tb") context.lineTo(mark.input ? at.x : at.x + at.width, y);
    else context.lineTo(x, mark.input ? at.y : at.y + at.height);
    context.stroke();
    context.setLineDash([]);
    context.strokeStyle = palette.faint;
    context.fillStyle = palette.bg;
    context.beginPath();
    if (mark.kind === "constant") context.arc(x, y, 3, 0, 2 * Math.PI);
    else if (mark.kind === "proxy") {
      context.moveTo(x - 3.5, y);
      context.lineTo(x, y - 3.5);
      context.lineTo(x + 3.5, y);
      context.lineTo(x, y + 3.5);
      context.closePath();
    } else {
      for (const [dx, high] of [[-3, 3], [0, 6], [3, 4]]) {
        context.moveTo(x + dx, y + 3);
        context.lineTo(x + dx, y + 3 - high);
      }
    }
    context.fill();
    context.stroke();
    if (mark.kind === "proxy" && showText) {
      context.fillStyle = palette.muted;
      context.textAlign = mark.input ? "right" : "left";
      context.fillText(mark.label, x + (mark.input ? -7 : 7), y + 3);
    }
  }
  if (!showText) return;
  context.fillStyle = palette.muted;
  for (const input of [true, false]) {
    const more = input ? node.more_input_marks : node.more_output_marks;
    if (more === 0) continue;
    const count = node.marks.filter((mark) => mark.input === input).length;
    const y = at.y + at.height / 2 + (count / 2) * MARK_SPACING + 3;
    context.textAlign = input ? "right" : "left";
    context.fillText(`+${more}`, input ? at.x - 9 : at.x + at.width + 9, y);
  }
}

/** Shapes on lines, above everything else. @param {CanvasRenderingContext2D} context @param {Scene} scene @param {Rect} screen */
function labels(context, scene, screen) {
  const { palette, camera } = scene;
  if (9 * camera.scale < SMALLEST_TEXT + 0.6) return;
  context.font = `9px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.strokeStyle = palette.bg;
  context.lineWidth = 3;
  for (const edge of scene.picture.edges) {
    if (edge.label === "") continue;
    const place = labelPlace(edge, scene.picture.view.direction);
    if (!place || !overlaps({ x: place[0] - 60, y: place[1] - 10, width: 120, height: 20 }, screen)) continue;
    const faint = scene.traced !== null && !(scene.traced.has(edge.from) && scene.traced.has(edge.to));
    context.globalAlpha = scene.edgeAlpha * (faint ? 0.12 : 1);
    context.strokeText(edge.label, place[0], place[1]);
    context.fillStyle = isLifted(scene, edge) ? palette.accent : palette.muted;
    context.fillText(edge.label, place[0], place[1]);
  }
}
