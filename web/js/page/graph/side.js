/** The panel at the side of the graph page. */

import { getJSON, isAbort } from "../../core/api.js";
import { h, iconButton, replace } from "../../core/dom.js";
import { effect, onCleanup } from "../../core/signal.js";
import { panel } from "../../graph/panel.js";
import { errorPanel } from "../../view/states.js";

/**
 * The panel at the side: loads what is known of the selection.
 * @param {() => string | null} graph @param {() => string | null} selected
 * @param {import("../../graph/panel.js").Actions} actions @param {() => void} close
 */
export function detailsPanel(graph, selected, actions, close) {
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
