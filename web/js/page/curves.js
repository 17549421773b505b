/** Curves of scalars. */

import { h } from "../core/dom.js";

export const title = "Curves";

/** @param {HTMLElement} root */
export function mount(root) {
  root.append(h("p", null, "Curves"));
}
