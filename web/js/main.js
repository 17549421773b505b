/**
 * Starts the application and shows the page that the address names.
 *
 * ## How a page is written
 *
 * A page is a module `page/NAME.js`, loaded when its route (the first part of the path, see `ROUTES`) is opened first:
 *
 *     export const title = "Graph";                    // of the window
 *     export const styles = ["css/graph.css"];         // loaded before the page is shown; optional
 *     export function mount(root, context) {           // root: an empty element that fills the page area
 *       const name = memo(() => context.location().segments[1]);
 *       root.append(h("h1", null, name));
 *       return { update(location) {…}, unmount() {…} };  // optional, as are both methods
 *     }
 *
 * `mount` runs in a scope (core/signal.js): effects, memos, `listen`, key bindings and `onCleanup` end by themselves when
 * the page is left. `update` is called when the address changes within the page; reading `context.location()` in an
 * effect does the same.
 *
 * What pages build on, each a module with a comment of its own:
 * - `core/dom.js`: `h("button.button", { onclick }, "Text")`, `s` for SVG, `each` for lists, `icon`, `iconButton`.
 *   Text is never parsed as HTML; functions as children or property values follow signals.
 * - `core/signal.js`: `signal`, `memo`, `effect`, `batch`, `onCleanup`, `listen`.
 * - `core/router.js`: `location()`, `href(segments, query)`, `go`, `setQuery` (state of the view), `nameSegments`.
 * - `core/api.js`: `getJSON`, `getFrame` (binary with JSON header), `getBytes`, `postJSON`, `apiURL`, `ApiError`.
 * - `core/live.js`: `onChange(change => …)`; use it with `onCleanup(onChange(…))`.
 * - `core/runs.js`: `runs()`, `shownNames()`, `runStyle(name)`, `hovered`, `health`.
 * - `core/keys.js`: `bind(group, keys, description, run)`; `?` lists what is bound.
 * - `core/format.js`, `core/theme.js` (`theme()`, `token("accent")` for canvases), `core/filter.js`.
 * - `view/states.js`: `errorPanel`, `emptyPanel`, `loadingLine`: the states every page needs.
 *
 * Style: tokens of css/tokens.css, controls of css/base.css (`.button`, `.icon-button`, `.field`, `.select`,
 * `.segments`, `.chip`, `.table`). Set `element.style` by code where needed; style attributes are refused.
 */

import { isAbort } from "./core/api.js";
import { replace } from "./core/dom.js";
import { startKeys } from "./core/keys.js";
import { startLive } from "./core/live.js";
import { BASE, go, href, location, startRouter } from "./core/router.js";
import { startRuns } from "./core/runs.js";
import { createScope, effect, memo } from "./core/signal.js";
import { announce, pageHref, PAGES, shell } from "./view/shell.js";
import { errorPanel, unknownPanel } from "./view/states.js";

/**
 * @typedef {object} Context
 * @property {import("./core/signal.js").Readable<import("./core/router.js").Location>} location
 * @property {(text: string) => void} announce Says something to users of screen readers.
 * @property {(text: string | null) => void} setTitle What is shown, for the window's title.
 * @property {HTMLElement} scroller The element that scrolls the page.
 */
/** @typedef {{ update?: (location: import("./core/router.js").Location) => void, unmount?: () => void }} Page */
/** @typedef {{ title: string, styles?: string[], mount: (root: HTMLElement, context: Context) => Page | void }} PageModule */

/** @type {Record<string, () => Promise<PageModule>>} */
const ROUTES = {
  curves: () => import("./page/curves.js"),
  runs: () => import("./page/runs.js"),
  graph: () => import("./page/graph.js"),
  checkpoints: () => import("./page/checkpoints.js"),
  status: () => import("./page/status.js"),
};

/** Loads a style sheet once. @param {string} path */
function loadStyle(path) {
  const address = BASE + path;
  if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = address;
    // A page without its style can still be read.
    link.onload = link.onerror = () => resolve(undefined);
    document.head.append(link);
  });
}

/** Shows the page of the present route; the old one stays until the new one is there. @param {HTMLElement} area */
function showPages(area) {
  const route = memo(() => location().segments[0] ?? "");
  /** @type {(() => void) | null} */
  let leave = null;
  let wanted = 0;

  /** @param {string} name */
  const open = async (name) => {
    wanted += 1;
    const turn = wanted;
    const root = document.createElement("div");
    root.className = `page-root page-${name}`;
    /** @type {PageModule} */
    let module;
    if (!Object.hasOwn(ROUTES, name)) {
      leave?.();
      leave = null;
      document.title = "No such page · Trainscope";
      replace(area, unknownPanel(name, PAGES.map((page) => [page.name, pageHref(page.route)])));
      return;
    }
    try {
      module = await ROUTES[name]();
      await Promise.all((module.styles ?? []).map(loadStyle));
    } catch (error) {
      if (isAbort(error) || turn !== wanted) return;
      leave?.();
      leave = null;
      document.title = "Trainscope";
      replace(area, errorPanel("This page could not be opened", error, () => open(name)));
      return;
    }
    if (turn !== wanted) return;
    leave?.();
    area.replaceChildren(root);
    area.scrollTop = 0;
    const setTitle = (/** @type {string | null} */ text) => {
      document.title = text ? `${text} · Trainscope` : "Trainscope";
    };
    setTitle(module.title);
    const scope = createScope(() => {
      const page = module.mount(root, { location, announce, setTitle, scroller: area }) ?? {};
      effect(() => {
        const now = location();
        if (route.peek() === name) page.update?.(now);
      });
      return page;
    }, { detached: true });
    leave = () => {
      scope.value.unmount?.();
      scope.dispose();
    };
  };

  effect(() => {
    const name = route();
    if (name === "") go(href(["curves"], location.peek().query), { replace: true });
    else open(name);
  });
}

startRouter();
startKeys();
startRuns();
startLive();
createScope(() => showPages(shell().page));
