/** All runs in a table: how far, how long, how much, how whole. */

import { swatchOf } from "../core/colour.js";
import { h } from "../core/dom.js";
import * as format from "../core/format.js";
import { href, location, setQuery } from "../core/router.js";
import { filteredNames, hidden, hovered, runs, runsState, runStyle, setShown } from "../core/runs.js";
import { memo, signal } from "../core/signal.js";
import { ApiError } from "../core/api.js";
import { emptyPanel, errorPanel, loadingLine } from "../view/states.js";

export const title = "Runs";
export const styles = ["css/runs.css"];

/** @typedef {import("../core/api.js").Run} Run */
/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} name
 * @property {boolean} number
 * @property {(run: Run) => string | number | null} value What it is sorted by.
 * @property {(run: Run) => import("../core/dom.js").Child} cell
 */

/** Rows made at first; more are made when asked for. */
const PAGE = 200;

/** @param {Run} run */
const lasted = (run) =>
  run.first_wall_time === null || run.last_wall_time === null ? null : run.last_wall_time - run.first_wall_time;

/** @type {Column[]} */
const COLUMNS = [
  { key: "run", name: "Run", number: false, value: (run) => run.run, cell: (run) => run.run },
  {
    key: "step",
    name: "Last step",
    number: true,
    value: (run) => run.last_step,
    cell: (run) => format.integer(run.last_step),
  },
  {
    key: "points",
    name: "Points",
    number: true,
    value: (run) => run.points,
    cell: (run) => format.integer(run.points),
  },
  { key: "tags", name: "Tags", number: true, value: (run) => run.tags, cell: (run) => format.integer(run.tags) },
  { key: "files", name: "Files", number: true, value: (run) => run.files, cell: (run) => format.integer(run.files) },
  {
    key: "checkpoints",
    name: "Checkpoints",
    number: true,
    value: (run) => run.checkpoints,
    cell: (run) => format.integer(run.checkpoints),
  },
  {
    key: "start",
    name: "Started",
    number: false,
    value: (run) => run.first_wall_time,
    cell: (run) => format.time(run.first_wall_time),
  },
  { key: "duration", name: "Duration", number: true, value: lasted, cell: (run) => format.duration(lasted(run)) },
  {
    key: "health",
    name: "Health",
    number: false,
    value: (run) => -run.damaged_files,
    cell: (run) =>
      run.damaged_files > 0
        ? h("a.damaged", { href: href(["status"]) }, format.plural(run.damaged_files, "damaged file"))
        : h("span.muted", null, "whole"),
  },
];

/** @param {string | number | null} a @param {string | number | null} b */
function compare(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "string" || typeof b === "string") {
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }
  return a - b;
}

/** @param {HTMLElement} root */
export function mount(root) {
  const limit = signal(PAGE);
  const sort = memo(() => location().query.get("sort") ?? "");
  const rows = memo(() => {
    const wanted = new Set(filteredNames());
    const list = runs().filter((run) => wanted.has(run.run));
    const key = sort().replace(/^-/, "");
    const column = COLUMNS.find((candidate) => candidate.key === key);
    if (!column) return list;
    const sign = sort().startsWith("-") ? -1 : 1;
    return [...list].sort((a, b) => sign * compare(column.value(a), column.value(b)));
  });

  /** @param {Column} column */
  const head = (column) =>
    h(
      column.number ? "th.number" : "th",
      {
        "aria-sort": () => sort() === column.key ? "ascending" : sort() === `-${column.key}` ? "descending" : null,
      },
      h(
        "button",
        {
          type: "button",
          title: `Sort by ${column.name.toLowerCase()}`,
          onclick: () => setQuery({ sort: sort.peek() === column.key ? `-${column.key}` : column.key }),
        },
        column.name,
        () => (sort() === column.key ? " ↑" : sort() === `-${column.key}` ? " ↓" : ""),
      ),
    );

  /** @param {Run} run */
  const row = (run) =>
    h(
      "tr",
      {
        class: () => (hovered() === run.run ? "hovered" : ""),
        onmouseenter: () => hovered.set(run.run),
        onmouseleave: () => hovered.set(null),
      },
      COLUMNS.map((column, index) => {
        if (index > 0) return h(column.number ? "td.number" : "td", null, column.cell(run));
        const box = h("input", {
          type: "checkbox",
          checked: () => !hidden().has(run.run),
          "aria-label": `Show ${run.run}`,
          onchange: () => setShown([run.run], box.checked),
        });
        return h(
          "td.run-cell",
          null,
          h(
            "label",
            null,
            box,
            h("span.run-dot", { style: () => ({ background: swatchOf(runStyle(run.run)) }) }),
            h("span", null, column.cell(run)),
          ),
        );
      }),
    );

  root.append(
    h("div.runs-page", null, h("h1", null, "Runs"), () => {
      const state = runsState();
      if (runs().length === 0) {
        if (state instanceof ApiError) return errorPanel("The runs could not be loaded", state);
        if (state === "loading") return loadingLine();
        return emptyPanel("No runs yet", "The folder is watched: runs appear here as soon as something is written.");
      }
      const total = runs().length;
      const points = runs().reduce((sum, run) => sum + run.points, 0);
      const list = rows();
      return [
        h("p.muted.totals", null, `${format.plural(total, "run")}, ${format.plural(points, "point")}`),
        list.length === 0 ? h("p.muted", null, "No run matches the filter.") : h(
          "div.wide",
          null,
          h(
            "table.table",
            null,
            h("thead", null, h("tr", null, COLUMNS.map(head))),
            h("tbody", null, list.slice(0, limit()).map(row)),
          ),
        ),
        list.length > limit()
          ? h(
            "button.button",
            { type: "button", onclick: () => limit.update((n) => n + 5 * PAGE) },
            `Show more (${format.integer(list.length - limit())})`,
          )
          : null,
      ];
    }),
  );
}
