/**
 * Keyboard shortcuts. A binding is "l", "Escape", "g c" (one key after the other) or "Shift+ArrowLeft"; it goes with the
 * scope it was made in. The list that `?` shows is made from the bindings, so it cannot drift from them.
 */

import { onCleanup, signal } from "./signal.js";

/**
 * @typedef {object} Binding
 * @property {string} keys
 * @property {string} description
 * @property {string} group
 * @property {(event: KeyboardEvent) => void} run
 */

/** All bindings now in force, oldest first. The youngest for a key wins. */
export const bindings = signal(/** @type {readonly Binding[]} */ ([]));

/** How long the second key of a sequence may take. */
const SEQUENCE_MS = 1200;

/**
 * @param {string} group Heading in the list of shortcuts.
 * @param {string} keys
 * @param {string} description
 * @param {(event: KeyboardEvent) => void} run
 */
export function bind(group, keys, description, run) {
  const binding = { group, keys, description, run };
  bindings.update((all) => [...all, binding]);
  onCleanup(() => bindings.update((all) => all.filter((other) => other !== binding)));
}

/**
 * What a list of shortcuts shows: of several bindings of a key the one in force, of several keys for the same the first.
 * @param {readonly Binding[]} all Oldest first.
 */
export function listed(all) {
  const inForce = all.filter((binding, index) => !all.slice(index + 1).some(({ keys }) => keys === binding.keys));
  return inForce.filter((binding, index) =>
    index === inForce.findIndex((one) => one.group === binding.group && one.description === binding.description)
  );
}

/** The name of the pressed key with its modifiers; a character already says whether Shift was held. @param {KeyboardEvent} event */
export function keyName(event) {
  const named = event.key.length > 1;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && named) parts.push("Shift");
  parts.push(event.key === " " ? "Space" : event.key);
  return parts.join("+");
}

/** Keys belong to a field while it is used. @param {EventTarget | null} target */
function takesText(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) {
    return true;
  }
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type);
}

/** Keys that work a control and are therefore not shortcuts while it has the focus. @param {KeyboardEvent} event */
function worksControl(event) {
  const target = event.target;
  if (event.key === "Enter" || event.key === " ") {
    return target instanceof HTMLElement && target.matches("button, a, summary");
  }
  return event.key.startsWith("Arrow") && target instanceof HTMLInputElement;
}

/** @type {string | null} */
let pending = null;
let pendingTimer = 0;

/** @param {KeyboardEvent} event */
function onKeyDown(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const name = keyName(event);
  if (takesText(event.target)) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
    return;
  }
  if (worksControl(event)) return;
  const all = bindings.peek();
  const wanted = pending ? `${pending} ${name}` : name;
  pending = null;
  clearTimeout(pendingTimer);
  const found = all.findLast((binding) => binding.keys === wanted) ??
    all.findLast((binding) => binding.keys === name);
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (all.some((binding) => binding.keys.startsWith(`${name} `))) {
    pending = name;
    pendingTimer = setTimeout(() => pending = null, SEQUENCE_MS);
  }
}

export function startKeys() {
  addEventListener("keydown", onKeyDown);
}
