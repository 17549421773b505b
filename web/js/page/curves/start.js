/** What the Curves page tells about a folder that holds no runs: how they come there. */

import { environment } from "../../core/runs.js";
import { emptyPanel, snippet } from "../../view/states.js";

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

/** The panel. */
export function noRuns() {
  const root = environment()?.root;
  return emptyPanel(
    "No runs yet",
    `There are no event files or checkpoints${root ? ` under ${root}` : ""}. The folder is watched: what is written ` +
      "there appears here by itself.",
    SNIPPETS.map(([title, code]) => snippet(title, code)),
  );
}
