/** A chart as a file: PNG and SVG of the picture, CSV and JSON of all its points. */

import { getJSON } from "../core/api.js";
import { toNumber } from "../core/format.js";
import { drawPicture, FONT, layOut } from "./picture.js";
import { SvgContext } from "./svg.js";

/** @typedef {import("./picture.js").Scene} Scene */

/** PNGs have this many pixels for each of the page. */
const PNG_SCALE = 2;
const TITLE_HEIGHT = 28;
const LEGEND_ROW = 16;

/** Hands a file to the browser. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A file name without characters that some systems refuse. @param {string} tag @param {string} extension */
export function fileName(tag, extension) {
  const clean = tag.replace(/[^\p{L}\p{N}._=-]+/gu, "_").replace(/^[._]+|_+$/g, "").slice(0, 100);
  return `${clean || "chart"}.${extension}`;
}

/**
 * Title, picture and legend. @param {import("./paint.js").Pen} pen @param {Scene} scene @param {string} title
 */
function drawSheet(pen, scene, title) {
  const runs = legend(scene);
  const height = TITLE_HEIGHT + scene.height + Math.ceil(runs.length / 2) * LEGEND_ROW + 12;
  pen.globalAlpha = 1;
  pen.fillStyle = scene.colours.background;
  pen.fillRect(0, 0, scene.width, height);
  pen.font = "13px system-ui, sans-serif";
  pen.fillStyle = scene.colours.text;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillText(title, 12, TITLE_HEIGHT / 2 + 2);
  runs.forEach((line, index) => {
    const x = 12 + (index % 2) * (scene.width - 12) / 2;
    const y = TITLE_HEIGHT + scene.height + 12 + Math.floor(index / 2) * LEGEND_ROW;
    pen.fillStyle = line.colour;
    pen.fillRect(x, y - 1, 14, 2);
    pen.fillStyle = scene.colours.text;
    pen.font = FONT;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(line.run, x + 20, y);
  });
  return height;
}

/** @param {Scene} scene */
function legend(scene) {
  const seen = new Set();
  return scene.lines.filter((line) => !seen.has(line.run) && seen.add(line.run));
}

/** @param {Scene} scene */
const sheetHeight = (scene) => TITLE_HEIGHT + scene.height + Math.ceil(legend(scene).length / 2) * LEGEND_ROW + 12;

/** @param {Scene} scene @param {string} title */
export function svgOf(scene, title) {
  const pen = new SvgContext(scene.width, sheetHeight(scene));
  drawSheet(pen, scene, title);
  const layout = layOut(pen, scene);
  if (layout) {
    pen.parts.push(`<g transform="translate(0 ${TITLE_HEIGHT})">`);
    drawPicture(pen, scene, layout);
    pen.parts.push("</g>");
  }
  return pen.toString();
}

/** @param {Scene} scene @param {string} title @returns {Promise<Blob>} */
export function pngOf(scene, title) {
  const canvas = document.createElement("canvas");
  canvas.width = scene.width * PNG_SCALE;
  canvas.height = sheetHeight(scene) * PNG_SCALE;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(PNG_SCALE, 0, 0, PNG_SCALE, 0, 0);
  drawSheet(pen, scene, title);
  const layout = layOut(pen, scene);
  if (layout) {
    pen.setTransform(PNG_SCALE, 0, 0, PNG_SCALE, 0, TITLE_HEIGHT * PNG_SCALE);
    drawPicture(pen, scene, layout);
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be made."))), "image/png");
  });
}

/** All points of all runs, not only those drawn. @param {string} tag @param {readonly string[]} runs */
async function allPoints(tag, runs) {
  const answers = [];
  for (const run of runs) answers.push(await getJSON("/scalars", { run, tag, branches: "all" }));
  return answers;
}

/** @param {string} text */
export function csvField(text) {
  // A field that begins like a formula is not run by a spreadsheet when it is quoted text after an apostrophe.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** @param {string} tag @param {readonly string[]} runs */
export async function csvOf(tag, runs) {
  const rows = ["run,step,wall_time,value"];
  for (const { run, points } of await allPoints(tag, runs)) {
    const name = csvField(run);
    for (const point of points) rows.push(`${name},${point.step},${point.wall_time},${number(point.value)}`);
  }
  return `${rows.join("\r\n")}\r\n`;
}

/** @param {number | string} value */
function number(value) {
  const x = toNumber(value);
  return Number.isFinite(x) ? String(x) : Number.isNaN(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity";
}

/** @param {string} tag @param {readonly string[]} runs */
export async function jsonOf(tag, runs) {
  return JSON.stringify(await allPoints(tag, runs));
}
