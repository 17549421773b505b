/** The search box: names of nodes and scopes while typing; arrow keys choose, Enter goes there. */

import { ApiError, getJSON, isAbort } from "../core/api.js";
import { h } from "../core/dom.js";
import { onCleanup } from "../core/signal.js";
import { pathText } from "./panel.js";

/** @typedef {{ id: string, name: string, op: string | null, kind: string }} Hit */

/** Time after the last key before the server is asked. */
const PAUSE_MS = 90;
let number = 0;

/** @param {() => string | null} graph Id of the graph. @param {(id: string) => void} choose */
export function searchBox(graph, choose) {
  number += 1;
  const listId = `graph-hits-${number}`;
  /** @type {Hit[]} */
  let hits = [];
  let chosen = -1;
  let timer = 0;
  /** @type {AbortController | null} */
  let controller = null;
  const list = h("ul.graph-hits", { id: listId, role: "listbox", "aria-label": "Found names", hidden: true });
  const field = h("input.field", {
    type: "search",
    placeholder: "Search names and ops",
    "aria-label": "Search names and ops",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": listId,
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    },
    onfocus: () => hits.length > 0 && show(true),
    onblur: () => setTimeout(() => show(false), 120),
    onkeydown: onKey,
  });
  onCleanup(() => {
    clearTimeout(timer);
    controller?.abort();
  });

  async function ask() {
    controller?.abort();
    controller = new AbortController();
    const id = graph();
    const text = field.value.trim();
    if (id === null || text === "") {
      hits = [];
      render("");
      show(false);
      return;
    }
    try {
      hits = await getJSON("/graphs/search", { id, q: text, limit: 50 }, controller.signal);
      render(hits.length === 0 ? "No name contains this." : "");
    } catch (error) {
      if (isAbort(error)) return;
      hits = [];
      render(error instanceof ApiError ? error.message : String(error));
    }
    show(true);
  }

  /** @param {string} message */
  function render(message) {
    chosen = hits.length > 0 ? 0 : -1;
    list.replaceChildren(
      ...hits.map((hit, index) =>
        h(
          "li",
          {
            role: "option",
            id: `${listId}-${index}`,
            "aria-selected": String(index === chosen),
            onpointerdown: () => pick(index),
          },
          h("span.mono", null, pathText(hit.id)),
          h("span.aside", null, hit.op ?? hit.kind),
        )
      ),
    );
    if (message !== "") list.append(h("li.muted", { role: "presentation" }, message));
  }

  /** @param {boolean} visible */
  function show(visible) {
    list.hidden = !visible || list.childElementCount === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    field.setAttribute("aria-activedescendant", list.hidden || chosen < 0 ? "" : `${listId}-${chosen}`);
  }

  /** @param {number} index */
  function pick(index) {
    const hit = hits[index];
    if (!hit) return;
    show(false);
    field.blur();
    choose(hit.id);
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (hits.length === 0) return;
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length;
      [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
      list.children[chosen].scrollIntoView({ block: "nearest" });
      show(true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      pick(chosen);
    } else if (event.key === "Escape") {
      show(false);
    }
  }

  return { element: h("div.graph-search", { role: "search" }, field, list), focus: () => field.select() };
}
