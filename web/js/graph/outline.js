/** The picture as a tree of names: the equal alternative for keyboards and screen readers. */

import { h, icon } from "../core/dom.js";
import { leafOf } from "./panel.js";

/** @typedef {import("./model.js").Picture} Picture */
/** @typedef {import("./model.js").ViewNode} ViewNode */

/** Rows beyond this are left out; the search finds them. */
const MAXIMUM_ROWS = 1000;

/**
 * @param {Picture} picture
 * @param {string | null} selected
 * @param {{ select: (id: string) => void, toggle: (id: string) => void }} actions
 */
export function outline(picture, selected, actions) {
  let left = MAXIMUM_ROWS;
  /** @param {ViewNode} node @returns {HTMLElement} */
  const row = (node) => {
    left -= 1;
    const children = node.open ? picture.children.get(node.id) ?? [] : [];
    const isScope = node.kind !== "op";
    const button = h(
      "div.outline-row",
      {
        role: "treeitem",
        tabindex: node.id === selected ? 0 : -1,
        "aria-expanded": isScope ? String(node.open) : null,
        "aria-level": String(node.depth),
        "aria-selected": String(node.id === selected),
        dataset: { id: node.id },
        onclick: (/** @type {MouseEvent} */ event) => {
          const target = /** @type {Element} */ (event.target);
          if (isScope && target.closest(".twist")) actions.toggle(node.id);
          else actions.select(node.id);
        },
        ondblclick: () => isScope && actions.toggle(node.id),
      },
      h("span.twist", { class: node.open ? "open" : "" }, isScope ? icon("chevron") : null),
      h("span.name", null, leafOf(node.id)),
      h("span.aside", null, isScope ? String(node.ops) : node.op ?? ""),
    );
    button.style.setProperty("--depth", String(node.depth - 1));
    const inside = [];
    for (const child of children) {
      if (left <= 0) break;
      inside.push(row(child));
    }
    return inside.length > 0 ? h("div", { role: "none" }, button, h("div", { role: "group" }, inside)) : button;
  };
  const rows = [];
  for (const node of picture.children.get(null) ?? []) {
    if (left <= 0) break;
    rows.push(row(node));
  }
  const tree = h("div.graph-outline", { role: "tree", "aria-label": "Name scopes and ops" }, rows);
  if (left <= 0) tree.append(h("p.muted", null, "More rows are left out; search for a name."));
  if (!tree.querySelector('[tabindex="0"]')) tree.querySelector('[role="treeitem"]')?.setAttribute("tabindex", "0");
  tree.addEventListener("keydown", (event) => onKey(event, tree, actions));
  return tree;
}

/** Arrow keys as in every tree. @param {KeyboardEvent} event @param {HTMLElement} tree @param {{ select: (id: string) => void, toggle: (id: string) => void }} actions */
function onKey(event, tree, actions) {
  const now = /** @type {HTMLElement | null} */ (document.activeElement);
  if (!now || !tree.contains(now)) return;
  const rows = /** @type {HTMLElement[]} */ ([...tree.querySelectorAll('[role="treeitem"]')]);
  const at = rows.indexOf(now);
  const id = now.dataset.id ?? "";
  const expanded = now.getAttribute("aria-expanded");
  const move = (/** @type {number} */ to) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, to))];
    now.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  switch (event.key) {
    case "ArrowDown":
      move(at + 1);
      break;
    case "ArrowUp":
      move(at - 1);
      break;
    case "Home":
      move(0);
      break;
    case "End":
      move(rows.length - 1);
      break;
    case "ArrowRight":
      if (expanded === "false") actions.toggle(id);
      else move(at + 1);
      break;
    case "ArrowLeft":
      if (expanded === "true") actions.toggle(id);
      else move(rows.findLastIndex((row, index) => index < at && Number(row.ariaLevel) < Number(now.ariaLevel)));
      break;
    case "Enter":
    case " ":
      actions.select(id);
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
}
