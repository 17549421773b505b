/** From a point of a curve to the checkpoint that was saved there: both are a run and a step. */

import { getJSON } from "../../core/api.js";
import { onChange } from "../../core/live.js";
import { onCleanup, signal } from "../../core/signal.js";

/** @typedef {{ id: string, run: string, step: number | null, problem: string | null }} Checkpoint */

/**
 * The last checkpoint at or before a step, or the first one after it.
 * @param {readonly Checkpoint[]} list
 * @param {string} run
 * @param {number} step
 * @returns {Checkpoint | null}
 */
export function checkpointAt(list, run, step) {
  /** @type {Checkpoint | null} */
  let before = null;
  /** @type {Checkpoint | null} */
  let after = null;
  for (const checkpoint of list) {
    if (checkpoint.run !== run || checkpoint.step === null) continue;
    if (checkpoint.step <= step) {
      if (before === null || checkpoint.step >= (before.step ?? 0)) before = checkpoint;
    } else if (after === null || checkpoint.step < (after.step ?? 0)) after = checkpoint;
  }
  return before ?? after;
}

/** All checkpoints, kept up to date while the present scope lasts. */
export function followCheckpoints() {
  const list = signal(/** @type {readonly Checkpoint[]} */ ([]));
  const load = async () => {
    try {
      list.set(await getJSON("/checkpoints"));
    } catch {
      // Without the list there are no links; the page of checkpoints says what is wrong.
    }
  };
  load();
  onCleanup(onChange((change) => {
    if (change.checkpoints) load();
  }));
  return list;
}
