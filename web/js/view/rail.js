/**
 * The list of runs: filter box, tree by path, colours. Click switches a run on or off, Alt-click leaves only it,
 * Shift-click takes all from the last one clicked, hover lifts its lines in every chart.
 *
 * Only the rows in sight are in the document, so that thousands of runs cost what thirty do.
 */

import { each, h, icon, s } from "../core/dom.js";
import { integer, plural, shortStep } from "../core/format.js";
import { bind } from "../core/keys.js";
import { setQuery } from "../core/router.js";
import {
  filteredNames,
  hidden,
  hovered,
  refreshRuns,
  runFilter,
  runFilterText,
  runNames,
  runs,
  runsState,
  runStyle,
  setHidden,
  setShown,
  shownNames,
  solo,
} from "../core/runs.js";
import { effect, memo, onCleanup, signal } from "../core/signal.js";
import { ApiError } from "../core/api.js";
import { loadJSON, saveJSON } from "../core/storage.js";
import { rowKey, rowsOf } from "../core/tree.js";

/** @typedef {import("../core/tree.js").Row} Row */

/** Rows drawn above and below what is in sight. */
const OVERSCAN = 6;

/** A coloured box that also shows the dashes of the run; empty when the run is off. @param {() => boolean | "some"} on @param {string | null} run */
function swatch(on, run) {
  return s(
    "svg.swatch",
    { viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("rect", {
      x: 2,
      y: 2,
      width: 12,
      height: 12,
      rx: 3,
      "stroke-width": 1.5,
      stroke: () => (run === null ? "var(--faint)" : runStyle(run).colour),
      fill: () => (on() === true ? (run === null ? "var(--faint)" : runStyle(run).colour) : "none"),
    }),
    s("path", {
      // A dashed run has a notched box; a folder that is partly on has a bar.
      d: () => {
        if (on() === "some") return "M5 8h6";
        return on() === true && run !== null && runStyle(run).dash.length > 0 ? "M2 8h12" : "";
      },
      stroke: () => (on() === "some" ? "var(--faint)" : "var(--surface)"),
      "stroke-width": 2,
      "stroke-dasharray": () => (run !== null && on() === true ? runStyle(run).dash.join(" ") : null),
    }),
  );
}

export function rail() {
  const closed = signal(new Set(/** @type {string[]} */ (loadJSON("rail.closed", []))));
  const rows = memo(() => rowsOf(filteredNames(), runFilter().empty ? closed() : new Set()));
  const byName = memo(() => new Map(runs().map((run) => [run.run, run])));
  const current = signal(/** @type {string | null} */ (null));
  const scroll = signal(0);
  const height = signal(600);
  const narrow = matchMedia("(max-width: 600px)");
  const rowHeight = signal(narrow.matches ? 32 : 26);
  const onNarrow = () => rowHeight.set(narrow.matches ? 32 : 26);
  narrow.addEventListener("change", onNarrow);
  onCleanup(() => narrow.removeEventListener("change", onNarrow));
  /** @type {string | null} */
  let anchor = null;

  const visible = memo(() => {
    const first = Math.max(0, Math.floor(scroll() / rowHeight()) - OVERSCAN);
    const count = Math.ceil(height() / rowHeight()) + 2 * OVERSCAN;
    return rows().slice(first, first + count).map((row, index) => ({ row, index: first + index }));
  });

  /** @param {Row} row */
  const stateOf = (row) => {
    let on = 0;
    for (const name of row.members) if (!hidden().has(name)) on += 1;
    return on === row.members.length ? true : on === 0 ? false : /** @type {const} */ ("some");
  };

  /** @param {Row} row */
  const fold = (row) => {
    const next = new Set(closed.peek());
    if (next.has(row.path)) next.delete(row.path);
    else next.add(row.path);
    closed.set(next);
    saveJSON("rail.closed", [...next]);
  };

  /** A row stands for itself when it is a run, else for all runs below it. @param {Row} row */
  const targets = (row) => (row.run === null ? row.members : [row.run]);

  /** @param {Row} row @param {{ altKey: boolean, shiftKey: boolean }} event */
  const act = (row, event) => {
    current.set(row.path);
    if (event.altKey) {
      solo(targets(row));
    } else if (event.shiftKey && anchor !== null) {
      const all = rows.peek();
      const from = all.findIndex((other) => other.path === anchor);
      const to = all.indexOf(row);
      const range = all.slice(Math.min(from, to), Math.max(from, to) + 1).flatMap((other) => [...targets(other)]);
      // The whole range takes the state of the row where it began.
      const start = all[from];
      setShown(range, start ? !targets(start).every((name) => hidden.peek().has(name)) : true);
    } else {
      const names = targets(row);
      setShown(names, names.some((name) => hidden.peek().has(name)));
    }
    if (!event.shiftKey) anchor = row.path;
  };

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const all = rows.peek();
    const index = all.findIndex((row) => row.path === current.peek());
    const row = all[index];
    /** @param {number} next */
    const move = (next) => {
      const target = all[Math.max(0, Math.min(all.length - 1, next))];
      if (!target) return;
      current.set(target.path);
      const top = all.indexOf(target) * rowHeight.peek();
      if (top < list.scrollTop) list.scrollTop = top;
      const bottom = top + rowHeight.peek() - list.clientHeight;
      if (bottom > list.scrollTop) list.scrollTop = bottom;
      scroll.set(list.scrollTop);
      const focus = space.querySelector('[tabindex="0"]');
      if (focus instanceof HTMLElement) focus.focus();
    };
    if (event.key === "ArrowDown") move(index + 1);
    else if (event.key === "ArrowUp") move(Math.max(0, index - 1));
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(all.length - 1);
    else if (row?.folder && event.key === (row.open ? "ArrowLeft" : "ArrowRight")) fold(row);
    else if (row && event.key === " ") act(row, event);
    else if (row && event.key === "s") act(row, { altKey: true, shiftKey: false });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** @param {string} path */
  const rowOf = (path) => memo(() => rows().find((row) => row.path === path));

  /** @param {{ row: Row, index: number }} item */
  const render = ({ row: initial }) => {
    const path = initial.path;
    const live = rowOf(path);
    const row = () => live() ?? initial;
    const place = memo(() => visible().find((item) => item.row.path === path)?.index ?? 0);
    const run = initial.run;
    const summary = memo(() => (run === null ? undefined : byName().get(run)));
    return h(
      "div.run-row",
      {
        role: "treeitem",
        class: () =>
          [
            stateOf(row()) === false ? "off" : "",
            run === null ? "group" : "",
            run !== null && hovered() === run ? "hovered" : "",
          ].join(" "),
        style: () => ({ top: `${place() * rowHeight()}px`, "padding-left": `${10 + row().depth * 14}px` }),
        title: run ?? path,
        tabindex: () => (current() === path || (current() === null && place() === 0) ? 0 : -1),
        "aria-level": () => row().depth + 1,
        "aria-checked": () => (stateOf(row()) === "some" ? "mixed" : String(stateOf(row()))),
        "aria-expanded": () => (row().folder ? String(row().open) : null),
        onclick: (/** @type {MouseEvent} */ event) => act(row(), event),
        onfocus: () => current.set(path),
        onmouseenter: () => hovered.set(run),
        onmouseleave: () => hovered.set(null),
      },
      () =>
        row().folder
          ? h("span.twist", {
            onclick: (/** @type {MouseEvent} */ event) => {
              event.stopPropagation();
              fold(row());
            },
          }, icon("chevron"))
          : null,
      swatch(() => stateOf(row()), run),
      h("span.name", null, () => row().label === "." ? ". (the root itself)" : row().label),
      h("span.aside", null, () => {
        if (run === null) return integer(row().members.length);
        const known = summary();
        if (!known) return "";
        return known.damaged_files > 0 ? h("span.warn", { title: "Damaged files" }, "!") : lastStep(known);
      }),
    );
  };

  const space = h("div.rail-space", {
    role: "presentation",
    style: () => ({ height: `${rows().length * rowHeight()}px` }),
  });
  each(space, visible, (item) => rowKey(item.row), render);
  const list = h("div.rail-list", {
    role: "tree",
    "aria-label": "Runs",
    "aria-multiselectable": "true",
    onscroll: () => scroll.set(list.scrollTop),
    onkeydown: onKey,
  }, space);
  const observer = new ResizeObserver(() => height.set(list.clientHeight || 600));
  observer.observe(list);
  onCleanup(() => observer.disconnect());

  const box = h("input.field", {
    type: "search",
    placeholder: "Filter runs",
    "aria-label": "Filter runs",
    spellcheck: "false",
    autocomplete: "off",
    "aria-invalid": () => (runFilter().error ? "true" : null),
    title: () => runFilter().error ?? "Words that must all occur, or a /regular expression/",
    oninput: () => setQuery({ runs: box.value }),
  });
  effect(() => {
    const text = runFilterText();
    if (box.value !== text) box.value = text;
  });
  bind("Everywhere", "/", "Filter runs", () => {
    box.focus();
    box.select();
  });

  return h(
    "aside.rail",
    { "aria-label": "Runs" },
    h(
      "div.rail-head",
      null,
      h(
        "div.rail-title",
        null,
        h("h2", null, "Runs"),
        h("span.muted", null, () => {
          const all = runNames().length;
          const shown = shownNames().length;
          return shown === all ? integer(all) : `${integer(shown)} of ${integer(all)}`;
        }),
        h("button.link-button", {
          type: "button",
          disabled: () => runNames().length === 0,
          onclick: () => setHidden(hidden.peek().size > 0 ? new Set() : new Set(runNames.peek())),
        }, () => (hidden().size > 0 ? "Show all" : "Hide all")),
      ),
      box,
    ),
    () => emptyText(),
    list,
  );
}

/** @param {import("../core/api.js").Run} run */
function lastStep(run) {
  return run.last_step === null ? "" : h(
    "span",
    { title: `Last step: ${integer(run.last_step)}` },
    shortStep(run.last_step),
  );
}

function emptyText() {
  const state = runsState();
  if (state instanceof ApiError) {
    return h(
      "div.rail-empty",
      { role: "status" },
      h("p", null, state.detail || state.title),
      h("button.button", { type: "button", onclick: refreshRuns }, "Retry"),
    );
  }
  if (state === "loading") return null;
  if (runNames().length === 0) return h("div.rail-empty", null, "No runs yet.");
  if (filteredNames().length === 0) {
    return h("div.rail-empty", null, `No run matches. ${plural(runNames().length, "run")} hidden by the filter.`);
  }
  return null;
}
