/** The controls of the graph page: run and graph, search, colours, direction, outline, export. */

import { apiURL } from "../../core/api.js";
import { h, icon, iconButton } from "../../core/dom.js";
import { plural } from "../../core/format.js";
import { go, href, nameSegments, setQuery } from "../../core/router.js";

/** @typedef {import("./state.js").GraphPage} GraphPage */
/** @typedef {import("./state.js").GraphEntry} GraphEntry */

/** Controls above the picture. @param {GraphPage} page */
export function toolbar(page) {
  const { canvas, colour, direction, isOutline, search, view, viewError } = page;
  return h(
    "div.graph-toolbar",
    { role: "toolbar", "aria-label": "Graph" },
    () => graphChoice(page),
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
      return now && !viewError() ? plural(now.total, "node") : "";
    }),
    iconButton("reset", "The scopes that were open at first", () => setQuery({ open: null, node: null })),
    iconButton("expand", "Fit the picture (f)", () => canvas.fit()),
    exportMenu(page),
  );
}

/** Runs that have a graph, and the graphs of a run where there are several. @param {GraphPage} page */
function graphChoice(page) {
  const { graph, graphs, run } = page;
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
        onchange: (/** @type {Event} */ event) => openRun(page, /** @type {HTMLSelectElement} */ (event.target).value),
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
        list.map((entry) => h("option", { value: entry.id, selected: entry.id === now?.id }, entryName(entry, list))),
      )
      : null,
  ];
}

/** @param {GraphPage} page @param {string} name */
function openRun(page, name) {
  const { query } = page.context.location.peek();
  const kept = new URLSearchParams();
  for (const [key, value] of query) {
    if (!["graph", "open", "node", "run"].includes(key)) kept.append(key, value);
  }
  const segments = nameSegments(name);
  if (segments === null) kept.set("run", name);
  go(href(["graph", ...(segments ?? [])], kept));
}

/** @param {GraphPage} page */
function exportMenu(page) {
  const { direction, graphId, view } = page;
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
          savePNG(page);
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
    menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
  });
  return [button, menu];
}

/** @param {GraphPage} page */
async function savePNG(page) {
  const { canvas, context, graph } = page;
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

/**
 * What tells a graph from the others comes first, for the control shows only the beginning.
 * @param {GraphEntry} entry @param {readonly GraphEntry[]} all Of the run.
 */
export function entryName(entry, all) {
  const file = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  const damage = entry.problem ? " (damaged)" : "";
  if (entry.source === "event_file") {
    const name = entry.kind === "meta_graph" ? "meta graph" : "graph";
    const same = all.filter((other) => other.source === "event_file" && other.kind === entry.kind);
    // The number tells files apart whose names begin alike.
    return `${name}${same.length > 1 ? ` ${same.indexOf(entry) + 1}` : ""} · ${file}${damage}`;
  }
  const kinds = { meta: "checkpoint graph", pb: "graph file", pbtxt: "graph file" };
  return `${file} · ${kinds[/** @type {keyof typeof kinds} */ (entry.source)] ?? entry.source}${damage}`;
}
