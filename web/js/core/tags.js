/** The tags of all runs, kept up to date. */

import { ApiError, getJSON } from "./api.js";
import { loading, onChange } from "./live.js";
import { createScope, effect, memo, signal } from "./signal.js";

/** @typedef {import("./api.js").Tag} Tag */
/** @typedef {{ tag: string, runs: ReadonlySet<string>, description: string | null }} ScalarTag */

/** @type {import("./signal.js").Signal<readonly Tag[]>} */
export const tags = signal(/** @type {readonly Tag[]} */ ([]));
export const tagsState = signal(/** @type {"loading" | "ready" | ApiError} */ ("loading"));

/** Scalar tags by name, each with the runs that have it. */
export const scalarTags = memo(() => {
  /** @type {Map<string, { tag: string, runs: Set<string>, description: string | null }>} */
  const byName = new Map();
  for (const entry of tags()) {
    if (entry.kind !== "scalar") continue;
    const known = byName.get(entry.tag);
    if (known) {
      known.runs.add(entry.run);
      known.description ??= entry.description ?? null;
    } else {
      byName.set(entry.tag, { tag: entry.tag, runs: new Set([entry.run]), description: entry.description ?? null });
    }
  }
  return byName;
});

/** All tags by run, of every kind. */
const byRun = memo(() => {
  /** @type {Map<string, Set<string>>} */
  const known = new Map();
  for (const { run, tag } of tags()) {
    const set = known.get(run);
    if (set) set.add(tag);
    else known.set(run, new Set([tag]));
  }
  return known;
});

/** What a tag is grouped by: the text before the first slash; empty for tags without one. @param {string} tag */
export function groupOf(tag) {
  const slash = tag.indexOf("/");
  return slash < 0 ? "" : tag.slice(0, slash);
}

/** @typedef {{ name: string, tags: readonly ScalarTag[] }} TagGroup */

/** Groups in the order of their names, tags without a group first. @param {Iterable<ScalarTag>} list @returns {TagGroup[]} */
export function grouped(list) {
  /** @type {Map<string, ScalarTag[]>} */
  const groups = new Map();
  for (const tag of list) {
    const name = groupOf(tag.tag);
    const group = groups.get(name);
    if (group) group.push(tag);
    else groups.set(name, [tag]);
  }
  const order = new Intl.Collator("en", { numeric: true });
  return [...groups]
    .map(([name, members]) => ({ name, tags: members.sort((a, b) => order.compare(a.tag, b.tag)) }))
    .sort((a, b) => order.compare(a.name, b.name));
}

let loadingTags = false;
let again = false;

/** Loads the list; calls that come while one runs are made into one after it. */
export async function refreshTags() {
  if (loadingTags) {
    again = true;
    return;
  }
  loadingTags = true;
  try {
    tags.set(await getJSON("/tags"));
    tagsState.set("ready");
  } catch (error) {
    tagsState.set(error instanceof ApiError ? error : new ApiError("Tags", String(error), 0));
  }
  loadingTags = false;
  if (again) {
    again = false;
    setTimeout(refreshTags, 500);
  }
}

let started = false;

/** Loads the tags when a page needs them first, and follows changes from then on. */
export function startTags() {
  if (started) return;
  started = true;
  createScope(() =>
    effect(() => {
      // At once, and while the logs are read for the first time, as they are found.
      loading();
      refreshTags();
    }), { detached: true });
  onChange((change) => {
    const known = byRun.peek();
    const isNew = change.series?.some(({ run, tags }) => tags.some((tag) => !known.get(run)?.has(tag)));
    if (isNew || (change.runs?.length > 0 && !change.series?.length)) refreshTags();
  });
}
