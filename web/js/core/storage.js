/** What the browser remembers for this page. Storage can be full, broken or forbidden: then nothing is remembered. */

const PREFIX = "trainscope.";

/** @param {string} key @param {string} fallback @returns {string} */
export function load(key, fallback) {
  try {
    return localStorage.getItem(PREFIX + key) ?? fallback;
  } catch {
    return fallback;
  }
}

/** @param {string} key @param {string} value */
export function save(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Nothing is remembered.
  }
}

/** @template T @param {string} key @param {T} fallback @returns {T} */
export function loadJSON(key, fallback) {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** @param {string} key @param {unknown} value */
export function saveJSON(key, value) {
  save(key, JSON.stringify(value));
}
