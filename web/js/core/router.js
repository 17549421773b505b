/**
 * Every view is a URL: the path says what is shown, the query how. Both are read from one signal, `location()`.
 *
 * Paths here are relative to where the application is served (`BASE`), so that the same code works at the root of a
 * server and below a prefix.
 */

import { signal } from "./signal.js";

/** @typedef {{ segments: readonly string[], query: URLSearchParams }} Location */
/** @typedef {Record<string, string | number | boolean | readonly string[] | null | undefined>} QueryChange */

/** Where the application is served, with a slash at both ends: this file is `BASE/js/core/router.js`. */
export const BASE = new URL("../../", import.meta.url).pathname;

/**
 * @param {string} pathname
 * @param {string} search
 * @param {string} [base]
 * @returns {Location}
 */
export function parseLocation(pathname, search, base = BASE) {
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname.replace(/^\/+/, "");
  const segments = path === "" ? [] : path.split("/").map(decodeSegment);
  while (segments.length > 0 && segments[segments.length - 1] === "") segments.pop();
  return { segments, query: new URLSearchParams(search) };
}

/** @param {string} text */
function decodeSegment(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The address of a path, given as its decoded segments.
 * @param {readonly string[]} segments
 * @param {URLSearchParams | QueryChange} [query]
 * @param {string} [base]
 */
export function href(segments, query, base = BASE) {
  const parameters = query instanceof URLSearchParams ? query : changed(new URLSearchParams(), query ?? {});
  const search = readable(parameters);
  return base + segments.map(encodeURIComponent).join("/") + (search === "" ? "" : `?${search}`);
}

/** Characters that need no escape in a query, left readable. @param {URLSearchParams} parameters */
function readable(parameters) {
  return parameters.toString().replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%2C/g, ",");
}

/**
 * A copy of `query` with some parameters set; `null`, `undefined`, `false`, `""` and empty lists remove one.
 * @param {URLSearchParams} query
 * @param {QueryChange} change
 */
export function changed(query, change) {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    next.delete(name);
    if (value === null || value === undefined || value === false || value === "") continue;
    if (Array.isArray(value)) { for (const item of value) next.append(name, item); }
    else next.set(name, value === true ? "1" : String(value));
  }
  return next;
}

/**
 * Path segments for a name that may hold slashes, such as a tag; `null` where a path cannot say it (URLs fold `.`, `..`
 * and empty segments), and the name has to go into the query.
 * @param {string} name
 * @returns {string[] | null}
 */
export function nameSegments(name) {
  const parts = name.split("/");
  return parts.every((part) => part !== "" && part !== "." && part !== "..") ? parts : null;
}

const inBrowser = typeof globalThis.document !== "undefined" && typeof globalThis.history !== "undefined";

/** Where we are. */
export const location = signal(
  inBrowser ? parseLocation(globalThis.location.pathname, globalThis.location.search) : parseLocation("/", ""),
);

/** The address that `location` says; the address bar may lag behind by `WRITE_MS`. */
let address = inBrowser ? globalThis.location.pathname + globalThis.location.search : "/";
let writeTimer = 0;

/** Browsers drop calls of `replaceState` that come too fast (a slider being dragged), so replacements are collected. */
const WRITE_MS = 150;

/** @param {string} next */
function show(next) {
  address = next;
  const [path, search = ""] = splitOnce(next, "?");
  location.set(parseLocation(path, search));
}

/** @param {string} text @param {string} separator */
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at)];
}

/** Brings the address bar up to date at once. */
export function flushAddress() {
  clearTimeout(writeTimer);
  if (address !== globalThis.location.pathname + globalThis.location.search) history.replaceState(null, "", address);
}

/** @param {string} next From `href`. @param {{ replace?: boolean }} [options] */
export function go(next, options = {}) {
  if (options.replace) {
    clearTimeout(writeTimer);
    writeTimer = setTimeout(flushAddress, WRITE_MS);
  } else {
    flushAddress();
    history.pushState(null, "", next);
  }
  show(next);
}

/**
 * Changes parameters of the present view. Replaces the history entry unless told otherwise: settings are not stations.
 * @param {QueryChange} change
 * @param {{ push?: boolean }} [options]
 */
export function setQuery(change, options = {}) {
  const now = location.peek();
  const next = href(now.segments, changed(now.query, change));
  if (next !== address) go(next, { replace: !options.push });
}

/** Starts to follow the back button and clicks on links inside the application. */
export function startRouter() {
  addEventListener("popstate", () => {
    clearTimeout(writeTimer);
    show(globalThis.location.pathname + globalThis.location.search);
  });
  addEventListener("pagehide", flushAddress);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    const inside = link.origin === globalThis.location.origin && link.pathname.startsWith(BASE) &&
      !link.pathname.startsWith(`${BASE}api/`);
    if (!inside || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
