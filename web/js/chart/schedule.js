/**
 * Draws many charts without long tasks: each frame draws until its share of time is used up, the rest follows in the
 * next frames, those asked for first come first.
 */

/** Milliseconds a frame may spend on drawing. */
const FRAME_MS = 10;

/** @type {Set<() => void>} */
const waiting = new Set();
let asked = false;

/** Draws soon, once, however often it is asked for. @param {() => void} draw */
export function schedule(draw) {
  waiting.add(draw);
  if (asked) return;
  asked = true;
  requestAnimationFrame(run);
}

/** @param {() => void} draw */
export function unschedule(draw) {
  waiting.delete(draw);
}

function run() {
  const start = performance.now();
  asked = false;
  for (const draw of waiting) {
    waiting.delete(draw);
    try {
      draw();
    } catch (error) {
      reportError(error);
    }
    if (performance.now() - start > FRAME_MS) break;
  }
  if (waiting.size > 0) {
    asked = true;
    requestAnimationFrame(run);
  }
}
