/**
 * Elements without HTML text: everything that comes from a log is set as text or as an attribute value, never parsed.
 *
 * A function in place of a property value or a child is an effect: it runs again when a signal it read changes.
 */

import { createScope, effect, onCleanup } from "./signal.js";

/** @typedef {Node | string | number | boolean | null | undefined | (() => any) | any[]} Child */
/** @typedef {Record<string, any>} Properties */

/** Set as DOM properties, since their attributes only give the first value. */
const LIVE = new Set(["value", "checked", "disabled", "indeterminate", "selected", "hidden", "open", "tabIndex"]);

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element: `h("button.icon", { title: "Close", onclick: close }, "×")`.
 *
 * Properties: `class` adds to the classes of the selector; `style` and `dataset` are objects; names that begin with `on`
 * add listeners; `ref` is called with the element; `null`, `undefined` and `false` leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K | `${K}.${string}` | `${K}#${string}`} selector
 * @param {Properties | null} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(selector, properties, ...children) {
  const { tag, id, classes } = parse(selector);
  const element = document.createElement(tag);
  if (id) element.id = id;
  if (classes.length) element.classList.add(...classes);
  fill(element, properties, children);
  return /** @type {any} */ (element);
}

/**
 * The same for SVG elements (icons, overlays).
 * @template {keyof SVGElementTagNameMap} K
 * @param {K | `${K}.${string}`} selector
 * @param {Properties | null} [properties]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(selector, properties, ...children) {
  const { tag, classes } = parse(selector);
  const element = document.createElementNS(SVG, tag);
  if (classes.length) element.classList.add(...classes);
  fill(element, properties, children);
  return /** @type {any} */ (element);
}

/** @param {string} selector */
function parse(selector) {
  const [head, ...classes] = selector.split(".");
  const [tag, id] = head.split("#");
  return { tag, id, classes };
}

/** @param {HTMLElement | SVGElement} element @param {Properties | null | undefined} properties @param {Child[]} children */
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name === "ref") value(element);
    else if (name.startsWith("on")) listener(element, name.slice(2), value);
    else if (typeof value === "function") effect(() => assign(element, name, value()));
    else assign(element, name, value);
  }
  append(element, children);
}

/** @param {Element} element @param {string} type @param {unknown} value */
function listener(element, type, value) {
  if (value === null || value === undefined) return;
  // A string here would be an inline script, which the content policy refuses.
  if (typeof value !== "function") throw new TypeError(`on${type} needs a function`);
  element.addEventListener(type, /** @type {EventListener} */ (value));
}

/** @param {HTMLElement | SVGElement} element @param {string} name @param {any} value */
function assign(element, name, value) {
  if (name === "class") {
    // Classes of the selector stay; those of the last run of an effect go.
    const old = /** @type {any} */ (element).reactiveClasses ?? [];
    if (old.length) element.classList.remove(...old);
    const names = (value || "").split(/\s+/).filter(Boolean);
    if (names.length) element.classList.add(...names);
    /** @type {any} */ (element).reactiveClasses = names;
  } else if (name === "style") {
    for (const [key, setting] of Object.entries(value ?? {})) {
      if (setting === null || setting === undefined) element.style.removeProperty(key);
      else element.style.setProperty(key, String(setting));
    }
  } else if (name === "dataset") {
    for (const [key, setting] of Object.entries(value ?? {})) element.dataset[key] = String(setting);
  } else if (LIVE.has(name) && name in element) {
    /** @type {any} */ (element)[name] = value;
  } else if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Appends children: nodes, text, lists of both, and functions that give them. @param {Node} parent @param {Child[]} children */
export function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || typeof child === "boolean") continue;
    if (typeof child === "function") region(parent, child);
    else if (Array.isArray(child)) append(parent, child);
    else parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** What `content` gives, between two empty texts, replaced whenever it changes. @param {Node} parent @param {() => any} content */
function region(parent, content) {
  const start = document.createTextNode("");
  const end = document.createTextNode("");
  parent.appendChild(start);
  parent.appendChild(end);
  effect(() => {
    const value = content();
    const made = document.createDocumentFragment();
    append(made, [value]);
    while (start.nextSibling !== null && start.nextSibling !== end) start.nextSibling.remove();
    end.parentNode?.insertBefore(made, end);
  });
}

/** Replaces all children. @param {Element} parent @param {...Child} children */
export function replace(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * Keeps `parent`'s children in step with a list: one element per key, made once, moved when the order changes, disposed
 * when its key is gone.
 * @template T
 * @param {Element} parent
 * @param {() => readonly T[]} items
 * @param {(item: T) => string | number} key
 * @param {(item: T, key: string | number) => Element} render
 */
export function each(parent, items, key, render) {
  /** @type {Map<string | number, { element: Element, dispose: () => void }>} */
  let shown = new Map();
  effect(() => {
    const next = new Map();
    /** @type {Element | null} */
    let previous = null;
    for (const item of items()) {
      const name = key(item);
      if (next.has(name)) continue;
      let entry = shown.get(name);
      if (!entry) {
        const made = createScope(() => render(item, name), { detached: true });
        entry = { element: made.value, dispose: made.dispose };
      }
      next.set(name, entry);
      /** @type {Element | null} */
      const place = previous ? /** @type {Element} */ (previous).nextElementSibling : parent.firstElementChild;
      if (place !== entry.element) parent.insertBefore(entry.element, place);
      previous = entry.element;
    }
    for (const [name, entry] of shown) {
      if (next.has(name)) continue;
      entry.dispose();
      entry.element.remove();
    }
    shown = next;
  });
  onCleanup(() => {
    for (const entry of shown.values()) entry.dispose();
  });
}

/** Icons of 16 × 16, drawn in the colour of the text around them. */
const ICONS = {
  sun:
    "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.85.85M11.75 11.75l.85.85M3.4 12.6l.85-.85M11.75 4.25l.85-.85",
  moon: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z",
  auto: "M8 2.2a5.8 5.8 0 1 0 0 11.6 5.8 5.8 0 0 0 0-11.6M8 2.2v11.6M8 5l3.6-1.2M8 8h5.6M8 11l3.6 1.2",
  help: "M5.9 6.1a2.1 2.1 0 1 1 3.1 1.85c-.7.4-1 .8-1 1.55M8 11.9v.1",
  rail: "M2.5 3.5h11v9h-11zM6.5 3.5v9",
  expand: "M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9",
  pin: "M5.5 2.5h5M6.5 2.5v4L4.5 9h7l-2-2.5v-4M8 9v4.5",
  log: "M2.5 2.5v11h11M2.5 13.5c5 0 8-2 11-10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  close: "M4 4l8 8M12 4l-8 8",
  chevron: "M6 4l4 4-4 4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.2 3.2",
  warning: "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1",
  download: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  reset: "M3.2 8a4.8 4.8 0 1 1 1.5 3.5M3.2 13v-2.6h2.6",
  back: "M9.5 4 5.5 8l4 4",
  link: "M6.5 9.5l3-3M7.5 4.8l1.2-1.2a2.6 2.6 0 0 1 3.7 3.7l-1.2 1.2M8.5 11.2l-1.2 1.2a2.6 2.6 0 0 1-3.7-3.7l1.2-1.2",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return s(
    "svg.icon",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    s("path", { d: ICONS[name] }),
  );
}

/**
 * A button that shows an icon; its title is also its name for assistive technology.
 * @param {keyof typeof ICONS} name
 * @param {string} title
 * @param {(event: MouseEvent) => void} onclick
 * @param {Properties} [more]
 */
export function iconButton(name, title, onclick, more = {}) {
  return h("button.icon-button", { type: "button", title, "aria-label": title, onclick, ...more }, icon(name));
}
