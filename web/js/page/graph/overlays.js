/** What stands over the picture: place of the selection, legend, remarks, and the states without a picture. */

import { h, icon } from "../../core/dom.js";
import { integer, plural } from "../../core/format.js";
import { theme } from "../../core/theme.js";
import { emptyPanel, errorPanel, loadingLine, snippet } from "../../view/states.js";

/** @typedef {import("./state.js").GraphPage} GraphPage */

/** Scopes around the selection, to go up. @param {GraphPage} page */
export function breadcrumb(page) {
  const { select, shown, view } = page;
  const id = shown();
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

/** What the colours mean. @param {GraphPage} page */
export function legend(page) {
  const { canvas, colour, view } = page;
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

/** What the server left closed, and what is odd in the graph. @param {GraphPage} page */
export function notice(page) {
  const { view } = page;
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

/** Loading, empty and error states, over the picture. @param {GraphPage} page */
export function state(page) {
  const { graph, graphs, listError, loadGraphs, view, viewError } = page;
  const failed = listError();
  if (failed && graphs() === null) {
    return h("div.graph-state", null, errorPanel("The graphs could not be listed", failed, loadGraphs));
  }
  if (graphs() === null) return h("div.graph-state", null, loadingLine("Looking for graphs…"));
  if (graph() === null) return h("div.graph-state", null, noGraph(page));
  const problem = viewError();
  if (problem) {
    return h(
      "div.graph-state",
      null,
      errorPanel("This graph cannot be shown", problem, page.reload),
    );
  }
  return view() === null ? h("div.graph-state", null, loadingLine("Laying out…")) : null;
}

/** @param {GraphPage} page */
function noGraph(page) {
  const { graphs, run } = page;
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
