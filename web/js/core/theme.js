/** Light or dark: the system's choice unless the person chose. */

import { memo, signal } from "./signal.js";
import { load, save } from "./storage.js";

/** @typedef {"auto" | "light" | "dark"} Choice */

const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", () => systemDark.set(system.matches));

const stored = load("theme", "auto");
/** What was chosen; `auto` follows the system. */
export const choice = signal(/** @type {Choice} */ (stored === "light" || stored === "dark" ? stored : "auto"));

/** What is shown. */
export const theme = memo(() => {
  const chosen = choice();
  return /** @type {"light" | "dark"} */ (chosen === "auto" ? (systemDark() ? "dark" : "light") : chosen);
});

/** @param {Choice} next */
export function setTheme(next) {
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  save("theme", next);
  choice.set(next);
}

/** auto → the opposite of what is shown → the other → auto. */
export function cycleTheme() {
  const opposite = systemDark.peek() ? "light" : "dark";
  const same = systemDark.peek() ? "dark" : "light";
  setTheme(choice.peek() === "auto" ? opposite : choice.peek() === opposite ? same : "auto");
}

/** The value of a colour token of tokens.css, for canvases. Read `theme()` beside it to hear of changes. @param {string} name */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
