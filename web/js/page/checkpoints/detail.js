/** One checkpoint: its variables as a tree, and beside it the tensor that is chosen. */

import { getJSON, isAbort } from "../../core/api.js";
import { h, icon, iconButton } from "../../core/dom.js";
import { parseFilter } from "../../core/filter.js";
import { ago, bytes, compact, integer, plural, time } from "../../core/format.js";
import { bind } from "../../core/keys.js";
import { loading } from "../../core/live.js";
import { changed, go, href, location, setQuery } from "../../core/router.js";
import { runStyle } from "../../core/runs.js";
import { effect, memo, onCleanup, signal } from "../../core/signal.js";
import { errorPanel, loadingLine } from "../../view/states.js";
import { treegrid } from "../../view/treegrid.js";
import { ancestors, buildTree, elementCount, initiallyClosed, pathOf, rowsOf } from "../../view/vartree.js";
import { fileName, neighbours } from "./groups.js";
import { FORMATS } from "./list.js";
import { tensorPanel } from "./tensor.js";

/** @typedef {import("../checkpoints.js").Checkpoint} Checkpoint */
/** @typedef {{ prefix: string, format: string, tensors: import("../../view/vartree.js").Variable[], problems: string[] }} Listing */

/** Scopes are open at first as long as this many rows come of it. */
const FIRST_ROWS = 80;

/** @param {string | null} text @returns {import("../../view/vartree.js").Sort} */
export function parseSort(text) {
  const descending = text?.startsWith("-") ?? false;
  const key = descending ? text?.slice(1) : text;
  return key === "elements" || key === "bytes" || key === "dtype" || key === "name"
    ? { key, descending }
    : { key: "name", descending: false };
}

/** @param {string} id @param {() => readonly Checkpoint[]} checkpoints @param {import("../../main.js").Context} context */
export function detail(id, checkpoints, context) {
  const listing = signal(/** @type {Listing | null} */ (null));
  const failure = signal(/** @type {unknown} */ (null));
  const checkpoint = memo(() => checkpoints().find((item) => item.id === id) ?? null);
  // A checkpoint saved again under the same name is read again.
  const stamp = memo(() => checkpoint()?.modified ?? 0);

  /** @type {AbortController | null} */
  let controller = null;
  const load = async () => {
    controller?.abort();
    controller = new AbortController();
    const mine = controller;
    try {
      const answer = await getJSON("/checkpoints/variables", { id }, mine.signal);
      failure.set(null);
      listing.set(answer);
    } catch (error) {
      if (!isAbort(error) && mine === controller) failure.set(error);
    }
  };
  const isKnown = memo(() => checkpoint() !== null);
  effect(() => {
    stamp();
    // While logs are read for the first time it may not be listed yet.
    if (isKnown()) load();
  });
  onCleanup(() => controller?.abort());

  const tensor = memo(() => location().query.get("tensor"));
  const variable = memo(() => listing()?.tensors.find((item) => item.name === tensor()) ?? null);
  const around = memo(() => neighbours(checkpoints(), id));
  effect(() => {
    const name = checkpoint() ? fileName(/** @type {Checkpoint} */ (checkpoint()).prefix) : "Checkpoint";
    context.setTitle(tensor() ? `${tensor()} · ${name}` : name);
  });

  /** @param {Checkpoint | null} other Keeps what is chosen, so that one can leaf through steps. */
  const open = (other) => {
    if (other) go(href(["checkpoints", other.id], location.peek().query));
  };
  bind("Checkpoint", ",", "Older checkpoint of the run", () => open(around.peek().older));
  bind("Checkpoint", ".", "Newer checkpoint of the run", () => open(around.peek().newer));
  bind("Checkpoint", "u", "Back to the list of checkpoints", () => go(href(["checkpoints"], rest())));

  return h(
    "div.ckpt",
    { class: () => (tensor() === null ? "" : "has-tensor") },
    head(),
    () => failure() && !listing() ? errorPanel("This checkpoint cannot be read", failure(), load) : null,
    () => {
      if (listing() !== null || failure()) return null;
      if (isKnown() || loading()) return loadingLine();
      return errorPanel("No such checkpoint", new Error(`There is no checkpoint “${id}” below the log root.`));
    },
    () => problems(),
    h(
      "div.ckpt-panes",
      { hidden: () => listing() === null },
      variables(),
      h("div.ckpt-tensor", { hidden: () => tensor() === null }, () => {
        const name = tensor();
        if (name === null || listing() === null) return null;
        if (variable() === null) {
          return errorPanel("No such tensor", new Error(`This checkpoint holds no tensor “${name}”.`));
        }
        return tensorPanel(id, /** @type {any} */ (variable()), stamp);
      }),
    ),
  );

  /** The query without what belongs to one checkpoint. */
  function rest() {
    return changed(location().query, {
      tensor: null,
      filter: null,
      sort: null,
      row: null,
      column: null,
      at: null,
      zoom: null,
    });
  }

  function head() {
    /** @param {"older" | "newer"} which @param {string} label @param {string} key */
    const step = (which, label, key) =>
      iconButton("back", `${label} checkpoint of the run (${key})`, () => open(around()[which]), {
        disabled: () => around()[which] === null,
        class: which,
      });
    return h(
      "header.ckpt-head",
      null,
      h(
        "div.ckpt-crumbs",
        null,
        h("a", { href: () => href(["checkpoints"], rest()) }, "Checkpoints"),
        h("span.faint", null, "/"),
        h("span.run-mark", {
          style: () => ({ background: checkpoint() ? runStyle(checkpoint()?.run ?? "").colour : "none" }),
        }),
        h("span", null, () => checkpoint()?.run ?? ""),
      ),
      h(
        "div.ckpt-title",
        null,
        h(
          "h1",
          { title: () => checkpoint()?.prefix ?? null },
          () => checkpoint() ? fileName(checkpoint()?.prefix ?? "") : id,
        ),
        h(
          "span.ckpt-steps",
          { hidden: () => around().count < 2 },
          step("older", "Older", ","),
          h("span.muted", null, () => `${integer(around().place)} of ${integer(around().count)}`),
          step("newer", "Newer", "."),
        ),
        h("span.ckpt-facts", null, () => facts().map((fact) => h("span", { title: fact[1] }, fact[0]))),
      ),
    );
  }

  /** @returns {[string, string | null][]} */
  function facts() {
    const known = checkpoint();
    const all = listing();
    /** @type {[string, string | null][]} */
    const result = [];
    if (known && known.step !== null) result.push([`step ${integer(known.step)}`, null]);
    if (all) {
      const elements = all.tensors.reduce((sum, item) => sum + elementCount(item.shape), 0);
      result.push([plural(all.tensors.length, "tensor"), null]);
      result.push([`${compact(elements)} elements`, integer(elements)]);
    }
    if (known) {
      result.push([bytes(known.bytes), `${integer(known.bytes)} bytes`]);
      result.push([FORMATS[/** @type {keyof typeof FORMATS} */ (known.format)] ?? known.format, "How it is stored"]);
      result.push([ago(known.modified), time(known.modified)]);
    }
    return result;
  }

  function problems() {
    const found = listing()?.problems ?? [];
    // An old picture stays when reading it again fails.
    const failed = failure() && listing()
      ? [`It could not be read again: ${String(/** @type {any} */ (failure()).message)}`]
      : [];
    const all = [...failed, ...found];
    if (all.length === 0) return null;
    return h(
      "ul.ckpt-problems",
      { role: "status" },
      all.slice(0, 20).map((text) => h("li", null, icon("warning"), h("span", null, text))),
      all.length > 20 ? h("li.muted", null, `… and ${integer(all.length - 20)} more`) : null,
    );
  }

  function variables() {
    const filterText = memo(() => location().query.get("filter") ?? "");
    const filter = memo(() => parseFilter(filterText()));
    const sort = memo(
      () => parseSort(location().query.get("sort")),
      (a, b) => a.key === b.key && a.descending === b.descending,
    );
    const shown = memo(() => {
      const all = listing()?.tensors ?? [];
      return filter().empty ? all : all.filter((item) => matches(item));
    });
    /** By name, so that `$` means its end, or by all that is known of it. @param {import("../../view/vartree.js").Variable} item */
    const matches = (item) =>
      filter().test(item.name) || filter().test(`${item.name} ${item.full_name ?? ""} ${item.dtype}`);
    const tree = memo(() => buildTree(shown()));
    /** Scopes closed or opened by hand, on top of what was closed at first. */
    const folded = signal(/** @type {ReadonlyMap<string, boolean>} */ (new Map()));
    const closedAtFirst = memo(() => initiallyClosed(tree(), FIRST_ROWS));
    const selected = memo(() => (tensor() === null ? null : pathOf(tensor() ?? "")));
    const closed = memo(() => {
      const set = new Set(filter().empty ? closedAtFirst() : []);
      // What is chosen by the address is in sight.
      for (const path of ancestors(selected() ?? "/")) set.delete(path);
      for (const [path, isClosed] of folded()) {
        if (isClosed) set.add(path);
        else set.delete(path);
      }
      return set;
    });
    const rows = memo(() => rowsOf(tree(), closed(), sort()));
    const total = memo(() => (listing()?.tensors ?? []).reduce((sum, item) => sum + item.bytes, 0));

    const grid = treegrid({
      rows,
      selected,
      sort,
      total,
      onSort: (next) =>
        setQuery({ sort: next.key === "name" && !next.descending ? null : `${next.descending ? "-" : ""}${next.key}` }),
      onSelect: (row) => choose(row.variable?.name ?? null),
      onFold: (row, isOpen) => folded.update((now) => new Map(now).set(row.path, !isOpen)),
    });
    // Where the page was opened by a link, the chosen row is brought into sight once.
    let revealed = false;
    effect(() => {
      if (revealed || rows().length === 0) return;
      revealed = true;
      const path = selected();
      if (path !== null) requestAnimationFrame(() => grid.reveal(path));
    });

    const box = h("input.field", {
      type: "search",
      placeholder: "Filter variables: words or /regex/",
      "aria-label": "Filter variables",
      spellcheck: "false",
      autocomplete: "off",
      value: filterText.peek(),
      "aria-invalid": () => (filter().error ? "true" : null),
      title: () => filter().error ?? "Words that must all occur in name or type, or a /regular expression/",
      oninput: () => setQuery({ filter: box.value }),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "ArrowDown") {
          event.preventDefault();
          grid.focus();
        }
      },
    });
    bind("Checkpoint", "f", "Filter variables", () => {
      box.focus();
      box.select();
    });
    bind("Checkpoint", "v", "To the list of variables", () => grid.focus());
    /** @param {number} by The next or previous variable in sight. */
    const leaf = (by) => {
      const leaves = rows.peek().filter((row) => row.variable);
      const now = leaves.findIndex((row) => row.path === selected.peek());
      const next = leaves[now < 0 ? 0 : Math.max(0, Math.min(leaves.length - 1, now + by))];
      if (next?.variable) {
        choose(next.variable.name);
        grid.reveal(next.path);
      }
    };
    bind("Checkpoint", "j", "Next variable", () => leaf(1));
    bind("Checkpoint", "k", "Previous variable", () => leaf(-1));
    bind("Checkpoint", "Escape", "Close the tensor", () => choose(null));

    return h(
      "section.ckpt-variables",
      { "aria-label": "Variables" },
      h(
        "div.ckpt-filter",
        null,
        box,
        h(
          "span.muted",
          null,
          () =>
            shown().length === (listing()?.tensors.length ?? 0)
              ? ""
              : `${integer(shown().length)} of ${integer(listing()?.tensors.length ?? 0)}`,
        ),
        h("button.button", {
          type: "button",
          title: "Open or close all scopes",
          onclick: () => {
            const anyClosed = rows.peek().some((row) => row.folder && !row.open);
            const all = rowsOf(tree.peek(), new Set(), sort.peek()).filter((row) => row.folder);
            folded.set(new Map(all.map((row) => [row.path, !anyClosed])));
          },
        }, () => rows().some((row) => row.folder && !row.open) ? "Open all" : "Close all"),
      ),
      grid.element,
      () =>
        shown().length === 0 && listing() !== null
          ? h(
            "p.ckpt-none.muted",
            null,
            listing()?.tensors.length ? "No variable matches the filter." : "The checkpoint is empty.",
          )
          : null,
    );
  }

  /** @param {string | null} name */
  function choose(name) {
    if (name === location.peek().query.get("tensor")) return;
    // Each tensor is a place to come back to.
    setQuery({ tensor: name, row: null, column: null, at: null, zoom: null }, { push: true });
  }
}
