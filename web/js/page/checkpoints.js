/**
 * Checkpoints: which there are (`/checkpoints`), and what is in one (`/checkpoints/ID?tensor=NAME`).
 *
 * State of the view, all in the address: `filter`, `sort` (`-bytes` is descending), `tensor`, `row`, `column`, `at` (axes
 * of the picture and table), `zoom`, `cell` (mean, min, max), `scale` (full, sigma).
 */

import { getJSON } from "../core/api.js";
import { h } from "../core/dom.js";
import { onChange } from "../core/live.js";
import { effect, memo, onCleanup, signal } from "../core/signal.js";
import { errorPanel, loadingLine } from "../view/states.js";
import { detail } from "./checkpoints/detail.js";
import { list } from "./checkpoints/list.js";

export const title = "Checkpoints";
export const styles = ["css/checkpoints.css"];

/**
 * @typedef {object} Checkpoint
 * @property {string} id
 * @property {string} run
 * @property {string} prefix
 * @property {number | null} step
 * @property {string} format
 * @property {number} bytes
 * @property {number} modified Seconds since 1970.
 * @property {string | null} problem
 */

/** @param {HTMLElement} root @param {import("../main.js").Context} context */
export function mount(root, context) {
  const checkpoints = signal(/** @type {readonly Checkpoint[] | null} */ (null));
  const failure = signal(/** @type {unknown} */ (null));
  let turn = 0;

  const load = async () => {
    turn += 1;
    const mine = turn;
    try {
      const answer = await getJSON("/checkpoints");
      if (mine !== turn) return;
      failure.set(null);
      checkpoints.set(answer);
    } catch (error) {
      if (mine === turn) failure.set(error);
    }
  };
  load();
  onCleanup(onChange((change) => {
    if (change.checkpoints) load();
  }));

  /** Turns true once and stays, so that news do not rebuild the view. */
  const ready = memo(() => checkpoints() !== null);
  const id = memo(() => context.location().segments[1] ?? null);
  effect(() => {
    if (id() === null) context.setTitle(title);
  });
  root.append(h("div.checkpoints", null, () => {
    if (ready()) return null;
    return failure() ? errorPanel("The checkpoints could not be listed", failure(), load) : loadingLine();
  }, () => {
    if (!ready()) return null;
    const name = id();
    return name === null ? list(() => checkpoints() ?? []) : detail(name, () => checkpoints() ?? [], context);
  }));
}
