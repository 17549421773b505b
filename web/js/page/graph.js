/**
 * The computation graph of a run, collapsed by name scope. The server lays out what is visible with the open scopes; this
 * page draws it, and asks again when a scope is opened or closed.
 *
 * Address: `/graph/<run>?graph=ID&open=SCOPE…&node=NAME&colour=op&dir=lr&view=outline`. Without `open` the server chooses;
 * `open=/` alone means that nothing is open.
 */

import { apiURL, getJSON, isAbort } from "../core/api.js";
import { h, icon, iconButton, replace } from "../core/dom.js";
import { integer, plural } from "../core/format.js";
import { bind } from "../core/keys.js";
import { onChange } from "../core/live.js";
import { go, href, nameSegments, setQuery } from "../core/router.js";
import { effect, memo, onCleanup, signal } from "../core/signal.js";
import { theme } from "../core/theme.js";
import { GraphCanvas } from "../graph/canvas.js";
import { Minimap } from "../graph/minimap.js";
import { outline } from "../graph/outline.js";
import { panel } from "../graph/panel.js";
import { searchBox } from "../graph/search.js";
import { emptyPanel, errorPanel, loadingLine, snippet } from "../view/states.js";

/** @typedef {import("../main.js").Context} Context */
/** @typedef {import("../graph/model.js").View} View */
/** @typedef {{ id: string, run: string, source: string, tag: string | null, path: string, nodes: number | null, problem: string | null }} GraphEntry */
/** @typedef {"off" | "inputs" | "outputs"} Trace */

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
    select: (id) => select(id, false),
    toggle: (id) => toggle(id),
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
    const shown = id === null ? null : canvas.picture?.visible(id)?.id ?? null;
    const way = trace();
    canvas.select(shown, shown !== null && way !== "off" ? traced(shown, way) : null);
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

  /** @param {string} id */
  function toggle(id) {
    const now = view.peek();
    if (!now) return;
    anchor = id;
    if (now.open.includes(id)) {
      // With all that is open inside it.
      setOpen(now.open.filter((scope) => scope !== id && !canvas.picture?.isInside(scope, id)));
      context.announce(`Closed ${id}`);
    } else {
      setOpen([...now.open, id]);
      context.announce(`Opened ${id}`);
    }
  }

  /** The parent scope of the selection. */
  function up() {
    const id = selected.peek();
    if (id === null) return;
    const parent = canvas.picture?.nodes.get(id)?.parent ??
      (id.includes("/") ? id.slice(0, id.lastIndexOf("/")) : null);
    select(parent);
  }

  /** @param {number} step */
  function next(step) {
    const nodes = canvas.picture?.view.nodes ?? [];
    if (nodes.length === 0) return;
    const at = nodes.findIndex((node) => node.id === canvas.selected);
    select(nodes[(at + step + nodes.length) % nodes.length].id);
  }

  const selectionIsScope = () => {
    const node = canvas.selected === null ? null : canvas.picture?.nodes.get(canvas.selected);
    return node && node.kind !== "op" ? node : null;
  };

  // Parts -------------------------------------------------------------------------------------------------------------

  const search = searchBox(graphId, (id) => select(id));
  const side = detailsPanel(graphId, selected, {
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
      { class: () => `${selected() !== null ? "with-side" : ""} ${isOutline() ? "with-tree" : ""}` },
      toolbar(),
      h(
        "div.graph-body",
        null,
        tree,
        h(
          "div.graph-stage",
          { "aria-busy": () => String(busy()) },
          canvas.element,
          () => breadcrumb(),
          h("div.graph-corner", null, () => legend(), minimap.canvas),
          () => busy() ? h("div.graph-progress", { role: "progressbar", "aria-label": "Laying out" }) : null,
          () => notice(),
          () => state(),
        ),
        side,
      ),
    ),
  );

  function toolbar() {
    return h(
      "div.graph-toolbar",
      { role: "toolbar", "aria-label": "Graph" },
      () => graphChoice(),
      search.element,
      h(
        "label.label",
        null,
        h("span.wide", null, "Colour"),
        h(
          "select.select",
          {
            "aria-label": "Colour by",
            value: () => colour(),
            onchange: (/** @type {Event} */ event) => {
              const { value } = /** @type {HTMLSelectElement} */ (event.target);
              setQuery({ colour: value === "structure" ? null : value });
            },
          },
          [["structure", "Structure"], ["op", "Op type"], ["device", "Device"]].map(([value, name]) =>
            h("option", { value, selected: colour.peek() === value }, name)
          ),
        ),
      ),
      h(
        "div.segments",
        { role: "group", "aria-label": "Direction of the flow" },
        [["tb", "↓", "From top to bottom"], ["lr", "→", "From left to right"]].map(([value, text, name]) =>
          h("button", {
            type: "button",
            title: name,
            "aria-label": name,
            "aria-pressed": () => String(direction() === value),
            onclick: () => setQuery({ dir: value === "tb" ? null : value }),
          }, text)
        ),
      ),
      h(
        "button.button.outline-button",
        {
          type: "button",
          title: "Outline of names (w)",
          "aria-pressed": () => String(isOutline()),
          onclick: () => setQuery({ view: isOutline() ? null : "outline" }),
        },
        icon("rail"),
        h("span.wide", null, "Outline"),
      ),
      h("span.spring"),
      h("span.muted.graph-count.wide", null, () => {
        const now = view();
        return now ? plural(now.total, "node") : "";
      }),
      iconButton("reset", "The scopes that were open at first", () => setQuery({ open: null, node: null })),
      iconButton("expand", "Fit the picture (f)", () => canvas.fit()),
      exportMenu(),
    );
  }

  /** Runs that have a graph, and the graphs of a run where there are several. */
  function graphChoice() {
    const all = graphs() ?? [];
    if (all.length === 0) return null;
    const runs = [...new Set(all.map((entry) => entry.run))];
    const now = graph();
    const list = all.filter((entry) => entry.run === now?.run);
    return [
      h(
        "select.select.graph-run",
        {
          "aria-label": "Run",
          onchange: (/** @type {Event} */ event) => openRun(/** @type {HTMLSelectElement} */ (event.target).value),
        },
        now ? null : h("option", { value: "", selected: true }, run() ?? "Choose a run"),
        runs.map((name) => h("option", { value: name, selected: name === now?.run }, name === "." ? "log root" : name)),
      ),
      list.length > 1
        ? h(
          "select.select.graph-file",
          {
            "aria-label": "Graph",
            onchange: (/** @type {Event} */ event) =>
              setQuery({ graph: /** @type {HTMLSelectElement} */ (event.target).value, open: null, node: null }, {
                push: true,
              }),
          },
          list.map((entry) => h("option", { value: entry.id, selected: entry.id === now?.id }, entryName(entry))),
        )
        : null,
    ];
  }

  /** @param {string} name */
  function openRun(name) {
    const { query } = context.location.peek();
    const kept = new URLSearchParams();
    for (const [key, value] of query) {
      if (!["graph", "open", "node", "run"].includes(key)) kept.append(key, value);
    }
    const segments = nameSegments(name);
    if (segments === null) kept.set("run", name);
    go(href(["graph", ...(segments ?? [])], kept));
  }

  function exportMenu() {
    const id = "graph-export";
    const item = (/** @type {string} */ format, /** @type {string} */ text, /** @type {string} */ about) =>
      h(
        "a.menu-item",
        {
          href: () => {
            const open = view()?.open ?? [];
            const parameters = { id: graphId() ?? "", format, direction: direction() };
            return apiURL(
              "/graphs/export",
              ["svg", "dot"].includes(format)
                ? { ...parameters, open: open.length > 0 ? open : [""] }
                : { id: parameters.id, format },
            );
          },
          download: "",
          onclick: () => menu.hidePopover(),
        },
        h("span", null, text),
        h("span.muted", null, about),
      );
    const menu = h(
      "div.graph-menu",
      { popover: "auto", id },
      item("svg", "SVG", "this picture"),
      h(
        "button.menu-item",
        {
          type: "button",
          onclick: () => {
            menu.hidePopover();
            savePNG();
          },
        },
        h("span", null, "PNG"),
        h("span.muted", null, "this picture"),
      ),
      item("dot", "DOT", "this picture, for Graphviz"),
      item("pbtxt", "pbtxt", "the whole graph as text"),
      item("pb", "pb", "the whole graph, binary"),
      item("json", "JSON", "the whole graph"),
    );
    const button = h(
      "button.button",
      { type: "button", popovertarget: id, title: "Export" },
      icon("download"),
      h("span.wide", null, "Export"),
    );
    menu.addEventListener("toggle", () => {
      const { right, bottom } = button.getBoundingClientRect();
      menu.style.top = `${bottom + 4}px`;
      menu.style.right = `${Math.max(8, innerWidth - right)}px`;
    });
    return [button, menu];
  }

  async function savePNG() {
    try {
      const blob = await canvas.png();
      const link = h("a", {
        href: URL.createObjectURL(blob),
        download: `${(graph.peek()?.run ?? "graph").replace(/\W+/g, "-")}.png`,
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      context.announce(error instanceof Error ? error.message : String(error));
    }
  }

  function breadcrumb() {
    const id = selected();
    if (id === null || view() === null) return null;
    const parts = id.split("/");
    return h(
      "nav.graph-breadcrumb",
      { "aria-label": "Place of the selection" },
      h("button.crumb", { type: "button", onclick: () => select(null) }, "graph"),
      parts.map((part, index) => [
        h("span.slash", { "aria-hidden": "true" }, "/"),
        h("button.crumb", {
          type: "button",
          "aria-current": index === parts.length - 1 ? "location" : null,
          onclick: () => select(parts.slice(0, index + 1).join("/")),
        }, part || "·"),
      ]),
    );
  }

  function legend() {
    view();
    const by = colour();
    theme();
    if (by === "structure" || canvas.legend.size === 0) return null;
    return h(
      "ul.graph-legend",
      { "aria-label": "Colours" },
      [...canvas.legend].map(([name, tint]) =>
        h("li", null, h("span.swatch", { style: { background: tint } }), h("span", null, name))
      ),
    );
  }

  /** What the server left closed, and what is odd in the graph. */
  function notice() {
    const now = view();
    if (!now) return null;
    const texts = now.problems.map((problem) => problem.message);
    if (now.folded.length > 0) {
      texts.unshift(
        `${plural(now.folded.length, "scope")} stayed closed: a picture holds at most ${integer(2000)} boxes.`,
      );
    }
    if (texts.length === 0) return null;
    return h(
      "details.graph-notice",
      null,
      h("summary", null, icon("warning"), texts.length === 1 ? texts[0] : `${texts.length} remarks on this graph`),
      texts.length === 1 ? null : h("ul", null, texts.map((text) => h("li", null, text))),
    );
  }

  function state() {
    const failed = listError();
    if (failed && graphs() === null) {
      return h("div.graph-state", null, errorPanel("The graphs could not be listed", failed, loadGraphs));
    }
    if (graphs() === null) return h("div.graph-state", null, loadingLine("Looking for graphs…"));
    if (graph() === null) return h("div.graph-state", null, noGraph());
    const problem = viewError();
    if (problem) {
      const id = graphId() ?? "";
      return h(
        "div.graph-state",
        null,
        errorPanel("This graph cannot be shown", problem, () => loadView(id, openText(), direction())),
      );
    }
    return view() === null ? h("div.graph-state", null, loadingLine("Laying out…")) : null;
  }

  function noGraph() {
    const name = run();
    if (name !== null && (graphs() ?? []).length > 0) {
      return emptyPanel(
        "This run has no graph",
        `Nothing in “${name}” holds a computation graph. Another run can be chosen above.`,
      );
    }
    return emptyPanel(
      "No graphs yet",
      "A graph is shown when a run's event file has one, or when a .meta, .pb or .pbtxt file lies in the folder.",
      snippet("TensorFlow 1", 'tf.summary.FileWriter("logs/run", sess.graph)'),
      snippet("Trainscope", "try EventFileWriter(directory: logs).addGraph(graph.graphDef())"),
    );
  }

  // Keys --------------------------------------------------------------------------------------------------------------

  bind("Graph", "/", "Search a name", () => search.focus());
  bind("Graph", "f", "Fit the picture", () => canvas.fit());
  bind("Graph", "1", "100 %", () => canvas.actualSize());
  bind("Graph", "+", "Zoom in", () => canvas.zoom(1.3));
  bind("Graph", "=", "Zoom in", () => canvas.zoom(1.3));
  bind("Graph", "-", "Zoom out", () => canvas.zoom(1 / 1.3));
  bind("Graph", "ArrowLeft", "Move left", () => canvas.pan(80, 0));
  bind("Graph", "ArrowRight", "Move right", () => canvas.pan(-80, 0));
  bind("Graph", "ArrowUp", "Move up", () => canvas.pan(0, 80));
  bind("Graph", "ArrowDown", "Move down", () => canvas.pan(0, -80));
  bind("Graph", "j", "Next box", () => next(1));
  bind("Graph", "k", "Previous box", () => next(-1));
  bind("Graph", "Enter", "Open or close the scope", () => {
    const node = selectionIsScope();
    if (node) toggle(node.id);
  });
  bind("Graph", "e", "Open the scope", () => {
    const node = selectionIsScope();
    if (node && !node.open) toggle(node.id);
  });
  bind("Graph", "c", "Close the scope", () => {
    const node = selectionIsScope();
    if (node?.open) toggle(node.id);
    else up();
  });
  bind("Graph", "u", "To the scope around", up);
  bind("Graph", "t", "Trace to inputs, to outputs, off", () => {
    const order = /** @type {const} */ (["off", "inputs", "outputs"]);
    trace.update((now) => order[(order.indexOf(now) + 1) % order.length]);
    context.announce(`Trace: ${trace.peek()}`);
  });
  bind("Graph", "w", "Outline of names", () => setQuery({ view: isOutline.peek() ? null : "outline" }));
  bind("Graph", "Escape", "Clear the selection", () => {
    trace.set("off");
    select(null);
  });
}

/** @param {GraphEntry} entry */
function entryName(entry) {
  const kinds = { event_file: "logged graph", meta: "checkpoint graph", pb: "graph file", pbtxt: "graph file" };
  const kind = kinds[/** @type {keyof typeof kinds} */ (entry.source)] ?? entry.source;
  return `${kind} · ${entry.path.slice(entry.path.lastIndexOf("/") + 1)}${entry.problem ? " (damaged)" : ""}`;
}

/**
 * The panel at the side: loads what is known of the selection.
 * @param {() => string | null} graph @param {() => string | null} selected
 * @param {import("../graph/panel.js").Actions} actions @param {() => void} close
 */
function detailsPanel(graph, selected, actions, close) {
  const content = h("div.graph-side-content");
  /** @type {AbortController | null} */
  let controller = null;
  onCleanup(() => controller?.abort());
  effect(() => {
    const id = graph();
    const name = selected();
    controller?.abort();
    if (id === null || name === null) return;
    const mine = new AbortController();
    controller = mine;
    getJSON("/graphs/node", { id, name }, mine.signal).then(
      (details) => {
        replace(content, panel(details, actions));
        content.scrollTop = 0;
      },
      (error) => {
        if (!isAbort(error)) replace(content, errorPanel("Nothing is known of this node", error));
      },
    );
  });
  return h(
    "aside.graph-side",
    { "aria-label": "Selection", hidden: () => selected() === null },
    iconButton("close", "Close (Esc)", close, { class: "graph-close" }),
    content,
  );
}
