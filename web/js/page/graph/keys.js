/** Keys of the graph page. */

import { bind } from "../../core/keys.js";
import { setQuery } from "../../core/router.js";

/** @typedef {import("./state.js").GraphPage} GraphPage */

/** @param {GraphPage} page */
export function bindKeys(page) {
  const { canvas, context, isOutline, search, select, selected, toggle, trace } = page;

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
