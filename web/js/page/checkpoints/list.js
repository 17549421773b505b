/** The list of checkpoints, by run. */

import { h, icon } from "../../core/dom.js";
import { parseFilter } from "../../core/filter.js";
import { ago, bytes, integer, plural, time } from "../../core/format.js";
import { bind } from "../../core/keys.js";
import { changed, href, location, setQuery } from "../../core/router.js";
import { hidden, runFilter, runStyle } from "../../core/runs.js";
import { memo } from "../../core/signal.js";
import { emptyPanel, snippet } from "../../view/states.js";
import { fileName, groupsOf } from "./groups.js";

/** @typedef {import("../checkpoints.js").Checkpoint} Checkpoint */

export const FORMATS = {
  V1: "V1, one file",
  V2: "V2",
  object: "object-based",
  saved_model: "SavedModel",
};

/** The address of a checkpoint; what belongs to the other views of this page is left out. @param {Checkpoint} checkpoint */
export function checkpointHref(checkpoint) {
  const query = changed(location().query, { filter: null, sort: null, tensor: null, at: null, zoom: null });
  return href(["checkpoints", checkpoint.id], query);
}

/** @param {() => readonly Checkpoint[]} checkpoints */
export function list(checkpoints) {
  const filterText = memo(() => location().query.get("filter") ?? "");
  const filter = memo(() => parseFilter(filterText()));
  const groups = memo(() =>
    groupsOf(
      checkpoints(),
      (run) => !hidden().has(run) && runFilter().test(run),
      (text) => filter().test(text),
    )
  );
  const box = h("input.field", {
    type: "search",
    placeholder: "Filter checkpoints",
    "aria-label": "Filter checkpoints",
    spellcheck: "false",
    autocomplete: "off",
    value: filterText.peek(),
    "aria-invalid": () => (filter().error ? "true" : null),
    title: () => filter().error ?? "Words that must all occur in run or file name, or a /regular expression/",
    oninput: () => setQuery({ filter: box.value }),
  });
  /** @param {number} step */
  const move = (step) => {
    const links = /** @type {HTMLElement[]} */ ([...page.querySelectorAll("a.ckpt-link")]);
    const now = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    links[Math.max(0, Math.min(links.length - 1, now + step))]?.focus();
  };
  bind("Checkpoints", "j", "Next checkpoint", () => move(1));
  bind("Checkpoints", "k", "Previous checkpoint", () => move(-1));
  bind("Checkpoints", "f", "Filter checkpoints", () => box.focus());

  const page = h(
    "div.ckpt-list",
    null,
    () => checkpoints().length === 0 ? nothing() : null,
    h(
      "div.ckpt-toolbar",
      { hidden: () => checkpoints().length === 0 },
      h("h1", null, "Checkpoints"),
      h("span.muted", null, () => {
        const shown = groups().reduce((sum, group) => sum + group.items.length, 0);
        return shown === checkpoints().length
          ? integer(shown)
          : `${integer(shown)} of ${integer(checkpoints().length)}`;
      }),
      h("span.spring"),
      box,
    ),
    () =>
      checkpoints().length > 0 && groups().length === 0
        ? emptyPanel("None match", "No checkpoint of the runs that are switched on matches the filter.")
        : null,
    () => groups().map((group) => section(group)),
  );
  return page;
}

/** @param {import("./groups.js").Group} group */
function section(group) {
  return h(
    "section.ckpt-group",
    { "aria-label": `Run ${group.run}` },
    h(
      "h2",
      null,
      h("span.run-mark", { style: () => ({ background: runStyle(group.run).colour }) }),
      h("span.run-name", null, group.run === "." ? ". (the root itself)" : group.run),
      h("span.muted", null, `${plural(group.items.length, "checkpoint")}, ${bytes(group.bytes)}`),
    ),
    track(group),
    h(
      "table.table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th.number", { scope: "col" }, "Step"),
          h("th", { scope: "col" }, "Checkpoint"),
          h("th", { scope: "col" }, "Format"),
          h("th.number", { scope: "col" }, "Size"),
          h("th.when", { scope: "col" }, "Saved"),
        ),
      ),
      h("tbody", null, group.items.map(row)),
    ),
  );
}

/** Where the checkpoints lie along the steps of the run. @param {import("./groups.js").Group} group */
function track(group) {
  const steps = group.items.filter((item) => item.step !== null);
  const last = Math.max(...steps.map((item) => item.step ?? 0));
  if (steps.length < 2 || last <= 0) return null;
  return h(
    "div.ckpt-track",
    { "aria-hidden": "true" },
    steps.map((item) =>
      h("a.ckpt-dot", {
        tabindex: -1,
        href: () => checkpointHref(item),
        title: `Step ${integer(item.step)}`,
        class: item.problem ? "bad" : "",
        style: () => ({
          left: `${(100 * (item.step ?? 0)) / last}%`,
          background: item.problem ? "var(--warn)" : runStyle(item.run).colour,
        }),
      })
    ),
    h("span.ckpt-track-end", null, integer(last)),
  );
}

/** @param {Checkpoint} checkpoint */
function row(checkpoint) {
  return h(
    "tr",
    null,
    h("td.number.step", null, checkpoint.step === null ? h("span.muted", null, "–") : integer(checkpoint.step)),
    h(
      "td.ckpt-name",
      null,
      h(
        "a.ckpt-link",
        { href: () => checkpointHref(checkpoint), title: checkpoint.prefix },
        fileName(checkpoint.prefix),
      ),
      checkpoint.problem ? h("p.ckpt-problem", null, icon("warning"), h("span", null, checkpoint.problem)) : null,
    ),
    h("td.muted", null, FORMATS[/** @type {keyof typeof FORMATS} */ (checkpoint.format)] ?? checkpoint.format),
    h("td.number", null, bytes(checkpoint.bytes)),
    h("td.muted.when", { title: time(checkpoint.modified) }, ago(checkpoint.modified)),
  );
}

function nothing() {
  return emptyPanel(
    "No checkpoints yet",
    "No checkpoint lies below the log root. One appears here as soon as it is saved.",
    snippet("TensorFlow 1", 'saver = tf.train.Saver()\nsaver.save(session, "logs/run/model.ckpt", global_step=step)'),
    snippet("TensorFlow 2", 'tf.train.Checkpoint(model=model).save("logs/run/ckpt")'),
  );
}
