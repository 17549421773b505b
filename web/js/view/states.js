/** Empty, loading and error states. They stand in the page, never over it. */

import { ApiError } from "../core/api.js";
import { h } from "../core/dom.js";

/** A sentence about an error. @param {unknown} error */
export function errorText(error) {
  if (error instanceof ApiError) return error.detail || error.title;
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {string} title
 * @param {unknown} error
 * @param {(() => void) | null} [retry]
 */
export function errorPanel(title, error, retry = null) {
  return h(
    "section.panel",
    { role: "alert" },
    h("h1", null, title),
    h("p", null, errorText(error)),
    retry ? h("button.button", { type: "button", onclick: retry }, "Retry") : null,
  );
}

/** @param {string} title @param {string} text @param {...import("../core/dom.js").Child} more */
export function emptyPanel(title, text, ...more) {
  return h("section.panel", null, h("h1", null, title), h("p", null, text), ...more);
}

/**
 * An address that is no page, with those that are.
 * @param {string} name @param {readonly (readonly [string, string])[]} pages Name and address.
 */
export function unknownPanel(name, pages) {
  return h(
    "section.panel",
    null,
    h("h1", null, "No such page"),
    h("p", null, `There is no page “${name}”. These are the pages:`),
    h("p.panel-links", null, pages.map(([title, address]) => h("a.button", { href: address }, title))),
  );
}

/** A line that appears only when loading takes long enough to be noticed. @param {import("../core/dom.js").Child} [text] */
export function loadingLine(text = "Loading…") {
  return h("p.loading-line", { role: "status" }, text);
}

/** Code to copy. @param {string} title @param {string} code */
export function snippet(title, code) {
  return h("div", null, h("p.snippet-title", null, title), h("pre.snippet", null, code));
}
