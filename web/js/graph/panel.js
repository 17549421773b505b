/** What is known of the selected node or scope: attributes, inputs and outputs to jump along, op counts. */

import { h, icon, iconButton } from "../core/dom.js";
import { integer, plural } from "../core/format.js";

/**
 * @typedef {object} Connection
 * @property {string} id
 * @property {string} name
 * @property {string} op
 * @property {string} shape
 * @property {string} dtype
 * @property {boolean} control
 */
/**
 * @typedef {object} Details
 * @property {string} id
 * @property {string[]} around What has to be open for it to be visible.
 * @property {string} name
 * @property {"scope" | "op" | "series" | "function"} kind
 * @property {string | null} [op]
 * @property {string | null} [device]
 * @property {{ name: string, type: string, value: string }[]} attributes
 * @property {Connection[]} inputs
 * @property {Connection[]} outputs
 * @property {number} more_inputs
 * @property {number} more_outputs
 * @property {string[]} missing
 * @property {number} ops
 * @property {{ op: string, count: number }[]} op_counts
 * @property {string[]} same_structure
 * @property {string[]} functions
 */
/**
 * @typedef {object} Actions
 * @property {(id: string) => void} select Selects and shows a node, wherever it is.
 * @property {(id: string) => void} toggle
 * @property {(id: string) => boolean} isOpen
 */

/** Rows of a list shown before "more". */
const FIRST_ROWS = 12;

/** @param {string} name Without its last part. */
function scopeOf(name) {
  const slash = name.lastIndexOf("/");
  return slash < 0 ? "" : name.slice(0, slash + 1);
}

/** @param {string} name */
export function leafOf(name) {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** A name whose last part stands out. @param {string} name */
export function pathText(name) {
  return [h("span.path-scope", null, scopeOf(name)), h("span.path-leaf", null, leafOf(name))];
}

/** @param {Details} details @param {Actions} actions */
export function panel(details, actions) {
  const isOp = details.kind === "op";
  const what = isOp
    ? details.op
    : { scope: "Name scope", series: "Series", function: "Function", op: "" }[details.kind];
  return h(
    "div.graph-details",
    null,
    h(
      "header",
      null,
      h("p.kind", null, what, !isOp ? h("span.muted", null, ` · ${plural(details.ops, "op")}`) : null),
      h("h2", null, leafOf(details.id)),
      h(
        "p.full-name.mono",
        null,
        details.name,
        iconButton("link", "Copy the name", () => navigator.clipboard?.writeText(details.name), { class: "copy" }),
      ),
      isOp ? null : h(
        "button.button",
        { type: "button", onclick: () => actions.toggle(details.id) },
        () => actions.isOpen(details.id) ? "Close scope" : "Open scope",
      ),
    ),
    details.missing.length > 0
      ? h(
        "p.graph-warning",
        null,
        icon("warning"),
        h("span", null, `Not in the graph: ${details.missing.join(", ")}`),
      )
      : null,
    details.device ? section("Device", h("p.mono.wrap", null, details.device)) : null,
    details.attributes.length > 0 ? section("Attributes", attributes(details)) : null,
    details.functions.length > 0 ? section("Calls", links(details.functions, actions)) : null,
    connections("Inputs", details.inputs, details.more_inputs, actions),
    connections("Outputs", details.outputs, details.more_outputs, actions),
    details.op_counts.length > 0 ? section("Ops", opCounts(details)) : null,
    details.same_structure.length > 0
      ? section(`Same structure (${details.same_structure.length})`, links(details.same_structure, actions))
      : null,
  );
}

/** @param {string} name @param {...import("../core/dom.js").Child} content */
function section(name, ...content) {
  return h("section", null, h("h3", null, name), ...content);
}

/** Attributes that people look for come first; the graph's own bookkeeping last. @param {Details} details */
function attributes(details) {
  const order = (/** @type {string} */ name) => (name.startsWith("_") ? 1 : 0);
  const list = [...details.attributes].sort((a, b) => order(a.name) - order(b.name));
  return h(
    "dl.graph-attributes",
    null,
    list.map((
      item,
    ) => [h("dt", { title: item.type }, item.name), h("dd.mono", { title: item.type }, item.value || "–")]),
  );
}

/** @param {string[]} ids @param {Actions} actions */
function links(ids, actions) {
  return more(
    ids,
    (id) =>
      h("li", null, h("button.graph-link.mono", { type: "button", onclick: () => actions.select(id) }, pathText(id))),
  );
}

/** @param {string} name @param {Connection[]} list @param {number} extra @param {Actions} actions */
function connections(name, list, extra, actions) {
  const total = list.length + extra;
  if (total === 0) return null;
  return section(
    `${name} (${integer(total)})`,
    more(list, (item) =>
      h(
        "li",
        null,
        h(
          "button.graph-link",
          { type: "button", onclick: () => actions.select(item.id), title: item.id },
          h("span.mono", null, item.control ? "^" : "", pathText(item.id)),
          h(
            "span.aside",
            null,
            item.control ? "control" : [item.dtype, item.shape].filter(Boolean).join(" ") || item.op,
          ),
        ),
      ), extra),
  );
}

/**
 * The first rows, and a button for the rest.
 * @template T @param {T[]} items @param {(item: T) => HTMLElement} row @param {number} [extra]
 */
function more(items, row, extra = 0) {
  const list = h("ul.graph-list", null, items.slice(0, FIRST_ROWS).map(row));
  if (items.length <= FIRST_ROWS) return list;
  const rest = items.length - FIRST_ROWS;
  const button = h("button.link-button", {
    type: "button",
    onclick: () => {
      button.remove();
      for (const item of items.slice(FIRST_ROWS)) list.append(row(item));
    },
  }, `${rest} more${extra > 0 ? ` (of ${integer(rest + extra)})` : ""}`);
  return [list, button];
}

/** @param {Details} details */
function opCounts(details) {
  const largest = details.op_counts[0]?.count ?? 1;
  return more(details.op_counts, (item) =>
    h(
      "li.graph-op-count",
      null,
      h("span.mono", null, item.op),
      h("span.bar-track", null, h("span.bar-fill", { style: { width: `${(100 * item.count) / largest}%` } })),
      h("span.number", null, integer(item.count)),
    ));
}
