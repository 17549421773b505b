/** The runs of the log root: loaded once, kept up to date, filtered and selected by the address. */

import { ApiError, getJSON } from "./api.js";
import { Slots, styleOf } from "./colour.js";
import { parseFilter } from "./filter.js";
import { loading, onChange } from "./live.js";
import { location, setQuery } from "./router.js";
import { readHidden, writeHidden } from "./selection.js";
import { effect, memo, signal } from "./signal.js";
import { loadJSON, saveJSON } from "./storage.js";
import { theme } from "./theme.js";

/** @typedef {import("./api.js").Run} Run */
/** @typedef {import("./api.js").Health} Health */

/** All runs, by first wall time, then name. @type {import("./signal.js").Signal<readonly Run[]>} */
export const runs = signal(/** @type {readonly Run[]} */ ([]));
/** "loading" until the first answer; an error is shown beside the last good list. */
export const runsState = signal(/** @type {"loading" | "ready" | ApiError} */ ("loading"));
/** The run under the pointer, in the list or in a chart. */
export const hovered = signal(/** @type {string | null} */ (null));
/** What is wrong with the files. */
export const health = signal(/** @type {Health | null} */ (null));
/** Name of the log root and version of the server. */
export const environment = signal(/** @type {{ version: string, root: string, read_only: boolean } | null} */ (null));

/** @param {readonly string[]} a @param {readonly string[]} b */
const sameNames = (a, b) => a.length === b.length && a.every((name, index) => name === b[index]);

export const runNames = memo(() => runs().map((run) => run.run), sameNames);
export const runFilterText = memo(() => location().query.get("runs") ?? "");
export const runFilter = memo(() => parseFilter(runFilterText()));

const selectionText = memo(() => {
  const query = location().query;
  return JSON.stringify([query.getAll("hide"), query.getAll("show"), query.get("sel")]);
});
/** Runs switched off by hand. */
export const hidden = memo(() => {
  selectionText();
  return readHidden(location.peek().query, runNames());
});
/** Names of the runs that pass the filter. */
export const filteredNames = memo(() => runNames().filter((name) => runFilter().test(name)), sameNames);
/** Names of the runs to draw: those that pass the filter and are switched on. */
export const shownNames = memo(() => filteredNames().filter((name) => !hidden().has(name)), sameNames);

/** @param {ReadonlySet<string>} next */
export function setHidden(next) {
  setQuery(writeHidden(next, runNames.peek()));
}

/** @param {readonly string[]} names @param {boolean} shown */
export function setShown(names, shown) {
  const next = new Set(hidden.peek());
  for (const name of names) {
    if (shown) next.delete(name);
    else next.add(name);
  }
  setHidden(next);
}

/** Shows only these; shows all again when they already were the only ones. @param {readonly string[]} names */
export function solo(names) {
  const wanted = new Set(names);
  const all = runNames.peek();
  const others = all.filter((name) => !wanted.has(name));
  const alone = others.every((name) => hidden.peek().has(name)) && names.every((name) => !hidden.peek().has(name));
  setHidden(alone ? new Set() : new Set(others));
}

let slots = new Slots();
let slotKey = "";

/** Colour and dashes of a run, the same everywhere and at every visit. Tracks the theme. @param {string} run */
export function runStyle(run) {
  return styleOf(slots.of(run), theme());
}

/** @param {string} root */
function loadSlots(root) {
  slotKey = `slots:${root}`;
  slots = new Slots(loadJSON(slotKey, {}));
}

async function loadRuns() {
  try {
    const list = /** @type {Run[]} */ (await getJSON("/runs"));
    await slotsLoaded;
    if (slots.assign(list.map((run) => run.run))) saveJSON(slotKey, slots);
    runs.set(list);
    runsState.set("ready");
  } catch (error) {
    runsState.set(error instanceof ApiError ? error : new ApiError("Runs", String(error), 0));
  }
}

async function loadHealth() {
  try {
    health.set(await getJSON("/health"));
  } catch {
    // The status chip already says when the server is gone.
  }
}

/** At most one call a second; a call wanted meanwhile is made at the end of it. @param {() => Promise<void>} call */
function throttled(call) {
  let running = false;
  let again = false;
  const start = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    await call();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    running = false;
    if (again) {
      again = false;
      start();
    }
  };
  return start;
}

export const refreshRuns = throttled(loadRuns);
const refreshHealth = throttled(loadHealth);

/** Loads the runs and follows changes. */
export async function startRuns() {
  onChange((change) => {
    if (change.runs?.length || change.series?.length || change.checkpoints) refreshRuns();
    if (change.health) refreshHealth();
  });
  slotsLoaded = loadEnvironment();
  refreshHealth();
  await loadRuns();
  // While the logs are read for the first time, runs appear as they are found.
  effect(() => {
    loading();
    refreshRuns();
  });
}

/** Colours are remembered for each log root, whose name has to be known first. */
let slotsLoaded = Promise.resolve();

async function loadEnvironment() {
  try {
    const answer = await getJSON("/environment");
    environment.set(answer);
    loadSlots(answer.root ?? "");
  } catch {
    loadSlots("");
  }
}
