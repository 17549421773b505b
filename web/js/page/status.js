/** Health of the files: what could not be read, where, and why; how far indexing is. */

import { h } from "../core/dom.js";
import { bytes, integer, loadingParts, plural } from "../core/format.js";
import { loading } from "../core/live.js";
import { environment, health } from "../core/runs.js";
import { emptyPanel, loadingLine } from "../view/states.js";

export const title = "Status";
export const styles = ["css/status.css"];

/** @typedef {import("../core/api.js").FileHealth} FileHealth */

/** Skipped records shown before "… more". */
const MAXIMUM_SKIPPED = 50;

/** @param {any} tail */
function tailText(tail) {
  if (!tail) return null;
  if (typeof tail !== "object") return "The last record is cut off; it is read as soon as the rest is written.";
  const have = typeof tail.bytes === "number" ? ` ${bytes(tail.bytes)} are there` : "";
  const want = typeof tail.expected === "number" ? ` of ${bytes(tail.expected)}` : "";
  return `The last record is cut off:${have}${want}. It is read as soon as the rest is written.`;
}

/** Messages are written to follow a path and a colon. @param {string} text */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** @param {FileHealth} file */
function fileSection(file) {
  const skipped = file.skipped ?? [];
  return h(
    "article.damage",
    null,
    h("h3.mono", null, file.path),
    h(
      "p.muted",
      null,
      [
        file.run === "." ? null : `run ${file.run}`,
        `${plural(file.records, "record")} read`,
        skipped.length > 0 ? `${plural(skipped.length, "record")} skipped` : null,
        file.bytes_lost > 0 ? `${bytes(file.bytes_lost)} lost` : null,
      ].filter(Boolean).join(" · "),
    ),
    h("p", null, file.message ? sentence(file.message) : tailText(file.truncated_tail)),
    skipped.length > 0
      ? h(
        "table.table.offsets",
        null,
        h("thead", null, h("tr", null, h("th.number", null, "Offset"), h("th", null, "Reason"))),
        h(
          "tbody",
          null,
          skipped.slice(0, MAXIMUM_SKIPPED).map((record) =>
            h("tr", null, h("td.number.mono", null, integer(record.offset)), h("td.reason", null, record.reason))
          ),
        ),
      )
      : null,
    skipped.length > MAXIMUM_SKIPPED
      ? h("p.muted", null, `… and ${plural(skipped.length - MAXIMUM_SKIPPED, "more record")}`)
      : null,
  );
}

function progress() {
  const now = loading();
  if (!now) return null;
  return h(
    "section",
    null,
    h("h2", null, "Indexing"),
    h("progress.progress", {
      max: Math.max(1, now.bytes),
      value: now.bytes_done,
      "aria-label": "Bytes read",
    }),
    h("p.muted", null, loadingParts(now).join(" · ")),
  );
}

/** @param {HTMLElement} root */
export function mount(root) {
  root.append(
    h(
      "div.status",
      null,
      h("h1", null, "Status"),
      () => {
        const about = environment();
        if (!about) return null;
        const mode = about.read_only ? ", read only" : "";
        return h("p.muted", null, h("span.mono", null, about.root), ` · Trainscope ${about.version}${mode}`);
      },
      progress,
      () => {
        const answer = health();
        if (!answer) return loadingLine();
        if (answer.files.length === 0) {
          return emptyPanel("No files yet", "The folder is watched; files are listed here as soon as they are found.");
        }
        const damaged = answer.files.filter((file) => !file.ok);
        const records = answer.files.reduce((sum, file) => sum + file.records, 0);
        return [
          h(
            "p.summary",
            { class: damaged.length > 0 ? "warn" : "ok" },
            h("span.dot", { class: damaged.length > 0 ? "warn" : "ok" }),
            damaged.length > 0
              ? `${plural(damaged.length, "file")} of ${integer(answer.files.length)} could not be read completely. ` +
                "Everything else is shown."
              : `All ${plural(answer.files.length, "file")} are whole.`,
          ),
          damaged.map(fileSection),
          h(
            "details.all",
            { open: damaged.length === 0 },
            h("summary", null, `All files: ${plural(answer.files.length, "file")}, ${plural(records, "record")}`),
            h(
              "div.wide",
              null,
              h(
                "table.table",
                null,
                h(
                  "thead",
                  null,
                  h(
                    "tr",
                    null,
                    ["File", "Run", "Kind"].map((name) => h("th", null, name)),
                    h("th.number", null, "Records"),
                  ),
                ),
                h(
                  "tbody",
                  null,
                  answer.files.map((file) =>
                    h(
                      "tr",
                      null,
                      h("td.mono", null, file.path),
                      h("td", null, file.run),
                      h("td.muted", null, file.kind),
                      h("td.number", null, integer(file.records)),
                    )
                  ),
                ),
              ),
            ),
          ),
        ];
      },
    ),
  );
}
