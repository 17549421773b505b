/** What the Curves page shows when there are no curves, and what to do about it. */

import { h } from "../../core/dom.js";
import { integer } from "../../core/format.js";
import { loading } from "../../core/live.js";
import { hidden, refreshRuns, runFilterText, runNames, runsState, setHidden } from "../../core/runs.js";
import { setQuery } from "../../core/router.js";
import { signal } from "../../core/signal.js";
import { refreshTags, scalarTags, tagsState } from "../../core/tags.js";
import { ApiError } from "../../core/api.js";
import { emptyPanel, errorPanel, loadingLine } from "../../view/states.js";

/** @typedef {typeof import("./start.js").noRuns} NoRuns */

/** What a folder without runs is told, once loaded: everybody else does without. */
const start = signal(/** @type {NoRuns | null} */ (null));

/** The state instead of charts, or `null` when there are charts to show. */
export function emptyState() {
  const runs = runsState();
  const tags = tagsState();
  const failed = runs instanceof ApiError ? runs : tags instanceof ApiError ? tags : null;
  if (failed && scalarTags().size === 0) {
    return errorPanel("The runs could not be loaded", failed, () => {
      refreshRuns();
      refreshTags();
    });
  }
  if (runs === "loading" || tags === "loading") return loadingLine();
  if (scalarTags().size > 0) return null;
  const progress = loading();
  if (progress) {
    return emptyPanel(
      "Reading the logs",
      `Indexing file ${integer(progress.files_done)} of ${integer(progress.files)}. Curves appear as runs are found; ` +
        "the next start will be instant.",
    );
  }
  if (runNames().length > 0) {
    return emptyPanel(
      "No scalars",
      "These runs hold no scalar summaries. Their graphs and checkpoints have pages of their own; new scalars appear here as they are written.",
    );
  }
  const noRuns = start();
  if (noRuns) return noRuns();
  import("./start.js").then((module) => start.set(module.noRuns), reportError);
  return loadingLine();
}

/** Runs exist, but none is shown. */
export function nothingShown() {
  const filtered = runFilterText() !== "";
  return emptyPanel(
    "No run is shown",
    filtered
      ? "No run matches the filter, or those that do are switched off."
      : "All runs are switched off in the list.",
    h("button.button", {
      type: "button",
      onclick: () => {
        if (hidden.peek().size > 0) setHidden(new Set());
        if (filtered) setQuery({ runs: null });
      },
    }, "Show all runs"),
  );
}
