/**
 * What the parts of the graph page share: where we are, what was loaded, and what can be done. Made by `page/graph.js`.
 *
 * @typedef {import("../../graph/model.js").View} View
 * @typedef {{ id: string, run: string, source: string, kind: "graph" | "meta_graph" | null, tag: string | null, path: string, nodes: number | null, problem: string | null }} GraphEntry
 * @typedef {"off" | "inputs" | "outputs"} Trace
 */
/**
 * @template T
 * @typedef {import("../../core/signal.js").Readable<T>} Readable
 */
/**
 * @typedef {object} GraphPage
 * @property {import("../../main.js").Context} context
 * @property {Readable<GraphEntry[] | null>} graphs Null until listed.
 * @property {Readable<unknown>} listError
 * @property {Readable<View | null>} view
 * @property {Readable<unknown>} viewError
 * @property {import("../../core/signal.js").Signal<Trace>} trace
 * @property {Readable<string | null>} run The run of the address.
 * @property {Readable<GraphEntry | null>} graph The graph that is shown.
 * @property {Readable<string | null>} graphId
 * @property {Readable<string | null>} selected
 * @property {Readable<string | null>} shown The selection that panel and breadcrumb show: not before a double click is over.
 * @property {Readable<string>} colour
 * @property {Readable<string>} direction
 * @property {Readable<boolean>} isOutline
 * @property {import("../../graph/canvas.js").GraphCanvas} canvas
 * @property {{ element: HTMLElement, focus: () => void }} search
 * @property {(id: string | null) => void} select
 * @property {(id: string, atPointer?: boolean) => void} toggle
 * @property {() => void} loadGraphs
 * @property {() => void} reload The view.
 */

export {};
