/**
 * The computation graph of a run, collapsed by name scope. The server lays out what is visible with the open scopes; this
 * page draws it, and asks again when a scope is opened or closed.
 *
 * Address: `/graph/<run>?graph=ID&open=SCOPE…&node=NAME&colour=op&dir=lr&view=outline`. Without `open` the server chooses;
 * `open=/` alone means that nothing is open.
 */

import { getJSON, isAbort } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { onChange } from "../core/live.js";
import { setQuery } from "../core/router.js";
import { effect, memo, onCleanup, signal } from "../core/signal.js";
import { theme } from "../core/theme.js";
import { DOUBLE_CLICK_MS, GraphCanvas } from "../graph/canvas.js";
import { Minimap } from "../graph/minimap.js";
import { outline } from "../graph/outline.js";
import { searchBox } from "../graph/search.js";
import { bindKeys } from "./graph/keys.js";
import { breadcrumb, legend, notice, state } from "./graph/overlays.js";
import { detailsPanel } from "./graph/side.js";
import { toolbar } from "./graph/toolbar.js";

/** @typedef {import("../main.js").Context} Context */
/** @typedef {import("./graph/state.js").GraphPage} GraphPage */
/** @typedef {import("./graph/state.js").GraphEntry} GraphEntry */
/** @typedef {import("./graph/state.js").View} View */
/** @typedef {import("./graph/state.js").Trace} Trace */

/** At most; in narrow windows the panel is below the picture and takes less than half of it. As in css/graph.css. */
const PANEL_WIDTH = 320;
const BREADCRUMB_HEIGHT = 44;
const isNarrow = matchMedia("(max-width: 700px)");

export const title = "Graph";
export const styles = ["css/graph.css"];

/** @param {HTMLElement} root @param {Context} context */
export function mount(root, context) {
  const graphs = signal(/** @type {GraphEntry[] | null} */ (null));
  const listError = signal(/** @type {unknown} */ (null));
  const view = signal(/** @type {View | null} */ (null));
  const viewError = signal(/** @type {unknown} */ (null));
  const busy = signal(false);
  const trace = signal(/** @type {Trace} */ ("off"));

  // Where we are ------------------------------------------------------------------------------------------------------

  const run = memo(() => {
    const { segments, query } = context.location();
    return query.get("run") ?? (segments.length > 1 ? segments.slice(1).join("/") : null);
  });
  const ofRun = memo(() => {
    const all = graphs() ?? [];
    const wanted = run();
    return wanted === null ? all : all.filter((entry) => entry.run === wanted);
  });
  const graph = memo(() => {
    const id = context.location().query.get("graph");
    const list = ofRun();
    return list.find((entry) => entry.id === id) ?? list.find((entry) => entry.problem === null) ?? list[0] ?? null;
  });
  const graphId = memo(() => graph()?.id ?? null);
  const selected = memo(() => context.location().query.get("node"));
  const colour = memo(() => {
    const value = context.location().query.get("colour");
    return value === "op" || value === "device" ? value : "structure";
  });
  const direction = memo(() => context.location().query.get("dir") === "lr" ? "lr" : "tb");
  const isOutline = memo(() => context.location().query.get("view") === "outline");
  const openText = memo(() => {
    const { query } = context.location();
    return query.has("open") ? JSON.stringify(query.getAll("open").filter((id) => id !== "/")) : "";
  });

  // Loading -----------------------------------------------------------------------------------------------------------

  const loadGraphs = async () => {
    try {
      graphs.set(await getJSON("/graphs"));
      listError.set(null);
    } catch (error) {
      if (!isAbort(error)) listError.set(error);
    }
  };
  loadGraphs();
  onCleanup(onChange((change) => {
    if (change.graphs || graphs.peek() === null) loadGraphs();
  }));

  const canvas = new GraphCanvas({
    select: (id, at) => {
      if (id !== null && selected.peek() === null && isCoveredLater(at.x, at.y)) waitForSecondClick();
      select(id, false);
    },
    toggle: (id) => toggle(id, true),
    moved: () => minimap.draw(),
  });
  const minimap = new Minimap(canvas);
  /** @type {string | null} */
  let anchor = null;
  /** @type {string | null} */
  let revealNext = selected.peek();
  let shownGraph = "";
  /** @type {AbortController | null} */
  let controller = null;
  onCleanup(() => controller?.abort());

  const loadView = async (/** @type {string} */ id, /** @type {string} */ open, /** @type {string} */ dir) => {
    controller?.abort();
    controller = new AbortController();
    busy.set(true);
    try {
      /** @type {import("../core/api.js").Parameters} */
      const parameters = { id, direction: dir };
      if (open !== "") {
        const list = /** @type {string[]} */ (JSON.parse(open));
        parameters.open = list.length > 0 ? list : [""];
      }
      const answer = /** @type {View} */ (await getJSON("/graphs/view", parameters, controller.signal));
      if (shownGraph !== `${id} ${dir}`) canvas.reset();
      shownGraph = `${id} ${dir}`;
      viewError.set(null);
      canvas.show(answer, anchor);
      // What follows the view looks at the picture.
      view.set(answer);
      anchor = null;
      if (revealNext !== null) revealSelected(revealNext);
      revealNext = null;
      busy.set(false);
    } catch (error) {
      if (isAbort(error)) return;
      // The picture of another graph must not stay under this one's name.
      if (shownGraph !== `${id} ${dir}`) {
        shownGraph = "";
        canvas.reset();
        view.set(null);
      }
      viewError.set(error);
      busy.set(false);
    }
  };
  effect(() => {
    const id = graphId();
    const open = openText();
    const dir = direction();
    if (id === null) return;
    loadView(id, open, dir);
  });
  effect(() => {
    const name = graph()?.run ?? null;
    context.setTitle(name === null ? title : `${name} · Graph`);
  });

  // Drawing follows the address -----------------------------------------------------------------------------------------

  effect(() => {
    theme();
    // The new colours are in force after the style has been applied.
    requestAnimationFrame(() => canvas.restyle());
  });
  effect(() => canvas.colour(/** @type {any} */ (colour())));
  effect(() => {
    view();
    const id = selected();
    const visible = id === null ? null : canvas.picture?.visible(id)?.id ?? null;
    const way = trace();
    canvas.select(visible, visible !== null && way !== "off" ? traced(visible, way) : null);
  });

  /** A frame is traced by what is inside it. @param {string} id @param {"inputs" | "outputs"} way */
  function traced(id, way) {
    const { picture } = canvas;
    if (!picture) return null;
    /** @type {Set<string>} */
    const all = new Set([id]);
    for (const node of picture.view.nodes) {
      if (node.id !== id && !node.id.startsWith(`${id}/`)) continue;
      for (const reached of picture.reach(node.id, way)) all.add(reached);
    }
    for (const one of [...all]) {
      for (let at = picture.nodes.get(one)?.parent; at; at = picture.nodes.get(at)?.parent) all.add(at);
    }
    return all;
  }

  // What a selection brings up must not catch the second click of a double click on what it covers.

  const waiting = signal(false);
  let waitingTimer = 0;
  onCleanup(() => clearTimeout(waitingTimer));
  const shown = memo(() => waiting() ? null : selected());

  function waitForSecondClick() {
    clearTimeout(waitingTimer);
    waiting.set(true);
    waitingTimer = setTimeout(() => waiting.set(false), DOUBLE_CLICK_MS);
  }

  /** Whether the panel or the breadcrumb may come to stand there. @param {number} x @param {number} y On the canvas. */
  function isCoveredLater(x, y) {
    const { width, height } = canvas;
    return y < BREADCRUMB_HEIGHT || (isNarrow.matches ? y > height / 2 : x > width - PANEL_WIDTH);
  }

  // Actions -----------------------------------------------------------------------------------------------------------

  /** @param {string | null} id @param {boolean} [show] */
  function select(id, show = true) {
    setQuery({ node: id });
    if (id === null) return;
    context.announce(`Selected ${id}`);
    if (show) showNode(id);
  }

  /** Opens what hides a node and brings it onto the screen. @param {string} name */
  function showNode(name) {
    if (!view.peek()) return;
    if (canvas.picture?.nodes.has(name)) {
      canvas.reveal(name);
      return;
    }
    const id = graphId.peek();
    if (id === null) return;
    // The server knows what hides it: scopes around it, and series.
    getJSON("/graphs/node", { id, name }).then(
      ({ around }) => {
        const open = view.peek()?.open ?? [];
        const missing = around.filter((/** @type {string} */ scope) => !open.includes(scope));
        if (missing.length === 0) {
          canvas.reveal(name);
          return;
        }
        revealNext = name;
        setOpen([...open, ...missing]);
      },
      () => {},
    );
  }

  /** @param {string} id */
  function revealSelected(id) {
    if (canvas.picture?.visible(id)) canvas.reveal(id, !canvas.isFirst);
  }

  /** @param {readonly string[]} open */
  function setOpen(open) {
    setQuery({ open: open.length > 0 ? open : ["/"] }, { push: true });
  }

  /** @param {string} id @param {boolean} [atPointer] The box stays under the pointer; else it is brought into sight. */
  function toggle(id, atPointer = false) {
    const now = view.peek();
    if (!now) return;
    anchor = id;
    revealNext = atPointer ? null : id;
    if (now.open.includes(id)) {
      // With all that is open inside it.
      setOpen(now.open.filter((scope) => scope !== id && !canvas.picture?.isInside(scope, id)));
      context.announce(`Closed ${id}`);
    } else {
      setOpen([...now.open, id]);
      context.announce(`Opened ${id}`);
    }
  }

  // Parts -------------------------------------------------------------------------------------------------------------

  const search = searchBox(graphId, (id) => select(id));
  const reload = () => {
    const id = graphId.peek();
    if (id !== null) loadView(id, openText.peek(), direction.peek());
  };
  /** @type {GraphPage} */
  const page = {
    context,
    graphs,
    listError,
    view,
    viewError,
    trace,
    run,
    graph,
    graphId,
    selected,
    shown,
    colour,
    direction,
    isOutline,
    canvas,
    search,
    select,
    toggle,
    loadGraphs,
    reload,
  };
  const side = detailsPanel(graphId, shown, {
    select: (id) => select(id),
    toggle,
    isOpen: (id) => view()?.open.includes(id) ?? false,
  }, () => setQuery({ node: null }));

  const tree = h("div.graph-tree");
  effect(() => {
    const now = view();
    const id = selected();
    if (!isOutline() || !now || !canvas.picture) return;
    const focused = document.activeElement;
    const hadFocus = focused instanceof HTMLElement && tree.contains(focused) ? focused.dataset.id : null;
    const top = tree.scrollTop;
    replace(tree, outline(canvas.picture, id, { select: (name) => select(name), toggle }));
    tree.scrollTop = top;
    if (hadFocus) {
      const rows = /** @type {HTMLElement[]} */ ([...tree.querySelectorAll("[data-id]")]);
      rows.find((row) => row.dataset.id === hadFocus)?.focus();
    }
  });

  root.append(
    h(
      "div.graph-page",
      { class: () => `${shown() !== null ? "with-side" : ""} ${isOutline() ? "with-tree" : ""}` },
      toolbar(page),
      h(
        "div.graph-body",
        null,
        tree,
        h(
          "div.graph-stage",
          { "aria-busy": () => String(busy()) },
          canvas.element,
          () => breadcrumb(page),
          h("div.graph-corner", null, () => legend(page), minimap.canvas),
          () => busy() ? h("div.graph-progress", { role: "progressbar", "aria-label": "Laying out" }) : null,
          () => notice(page),
          () => state(page),
        ),
        side,
      ),
    ),
  );
  bindKeys(page);
}
