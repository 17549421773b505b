/**
 * A pen that writes SVG: the part of the canvas interface that charts draw with, so that the exported picture is made by
 * the same code as the one on screen.
 */

/** @param {string} text */
function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;")
    // Characters that XML cannot hold.
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 100) / 100);

export class SvgContext {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    /** @type {string[]} */
    this.parts = [];
    this.path = "";
    this.fillStyle = "#000";
    this.strokeStyle = "#000";
    this.globalAlpha = 1;
    this.lineWidth = 1;
    this.lineJoin = "miter";
    this.font = "12px sans-serif";
    /** @type {CanvasTextAlign} */
    this.textAlign = "left";
    /** @type {CanvasTextBaseline} */
    this.textBaseline = "alphabetic";
    /** @type {number[]} */
    this.dash = [];
    this.groups = 0;
    this.clips = 0;
    this.box = { x: 0, y: 0, width: 0, height: 0 };
  }

  beginPath() {
    this.path = "";
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`;
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.path += `L${short(x)} ${short(y)}`;
  }

  closePath() {
    this.path += "Z";
  }

  /** Whole circles only. @param {number} x @param {number} y @param {number} radius @param {number} _from @param {number} _to */
  arc(x, y, radius, _from, _to) {
    const r = short(radius);
    this.path += `M${short(x + radius)} ${short(y)}A${r} ${r} 0 1 1 ${short(x - radius)} ${short(y)}` +
      `A${r} ${r} 0 1 1 ${short(x + radius)} ${short(y)}Z`;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  rect(x, y, width, height) {
    this.box = { x, y, width, height };
  }

  /** Clips to the last rectangle until `restore`. */
  clip() {
    this.clips += 1;
    const { x, y, width, height } = this.box;
    this.parts.push(
      `<clipPath id="c${this.clips}"><rect x="${short(x)}" y="${short(y)}" width="${short(width)}" ` +
        `height="${short(height)}"/></clipPath><g clip-path="url(#c${this.clips})">`,
    );
    this.groups += 1;
  }

  save() {}

  restore() {
    if (this.groups > 0) this.parts.push("</g>");
    this.groups = Math.max(0, this.groups - 1);
  }

  /** @param {number[]} dash */
  setLineDash(dash) {
    this.dash = dash;
  }

  stroke() {
    if (this.path === "") return;
    const dash = this.dash.length > 0 ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    const colour = escaped(String(this.strokeStyle));
    this.parts.push(
      `<path d="${this.path}" fill="none" stroke="${colour}" stroke-width="${this.lineWidth}"` +
        ` stroke-linejoin="${this.lineJoin}"${this.opacity()}${dash}/>`,
    );
  }

  fill() {
    if (this.path === "") return;
    this.parts.push(`<path d="${this.path}" fill="${escaped(String(this.fillStyle))}"${this.opacity()}/>`);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    this.parts.push(
      `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"` +
        ` fill="${escaped(String(this.fillStyle))}"${this.opacity()}/>`,
    );
  }

  /** @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    const anchor = { left: "start", start: "start", center: "middle", right: "end", end: "end" }[this.textAlign];
    const size = Number.parseFloat(this.font) || 12;
    const shift = this.textBaseline === "middle" ? size * 0.35 : this.textBaseline === "top" ? size * 0.85 : 0;
    this.parts.push(
      `<text x="${short(x)}" y="${short(y + shift)}" text-anchor="${anchor}" font-size="${size}"` +
        ` fill="${escaped(String(this.fillStyle))}"${this.opacity()}>${escaped(text)}</text>`,
    );
  }

  /** Near enough for layout. @param {string} text */
  measureText(text) {
    return { width: text.length * (Number.parseFloat(this.font) || 12) * 0.56 };
  }

  opacity() {
    return this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : "";
  }

  toString() {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.height}" ` +
      `viewBox="0 0 ${this.width} ${this.height}" font-family="system-ui, sans-serif">${this.parts.join("")}` +
      `${"</g>".repeat(this.groups)}</svg>\n`;
  }
}
