/** What the Curves page shows when there are no curves, and what to do about it. */

import { h } from "../../core/dom.js";
import { integer } from "../../core/format.js";
import { loading } from "../../core/live.js";
import { environment, hidden, refreshRuns, runFilterText, runNames, runsState, setHidden } from "../../core/runs.js";
import { setQuery } from "../../core/router.js";
import { refreshTags, scalarTags, tagsState } from "../../core/tags.js";
import { ApiError } from "../../core/api.js";
import { emptyPanel, errorPanel, loadingLine, snippet } from "../../view/states.js";

const SNIPPETS = /** @type {const} */ ([
  [
    "Swift",
    'let writer = try EventFileWriter(directory: "logs/run1")\ntry writer.addScalar(tag: "loss", value: 0.5, step: 1)',
  ],
  [
    "TensorFlow 2",
    'writer = tf.summary.create_file_writer("logs/run1")\nwith writer.as_default(): tf.summary.scalar("loss", 0.5, step=1)',
  ],
  ["PyTorch", 'writer = SummaryWriter("logs/run1")\nwriter.add_scalar("loss", 0.5, 1)'],
]);

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
  const root = environment()?.root;
  return emptyPanel(
    "No runs yet",
    `There are no event files or checkpoints${root ? ` under ${root}` : ""}. The folder is watched: what is written ` +
      "there appears here by itself.",
    SNIPPETS.map(([title, code]) => snippet(title, code)),
  );
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
