/**
 * Brings the series of all visible charts, in as few requests as possible, and keeps what is on screen until the new
 * picture is there.
 *
 * Charts say what they need with `want`; everything wanted in one turn goes into one request. What has been brought is
 * kept by tag until the settings change (range, axis, smoothing, width); then it is stale, still drawn, and asked for
 * again. New points make single series stale.
 */

import { ApiError, isAbort, postSeries } from "../../core/api.js";
import { sawRevision } from "../../core/live.js";
import { batch, signal } from "../../core/signal.js";

/** @typedef {import("../../core/frame.js").Series} Series */
/** @typedef {import("../../core/api.js").SeriesQuery} SeriesQuery */
/** @typedef {{ x: SeriesQuery["x"], from: number | null, to: number | null, width: number, smoothing: number | { kind: string, window: number }, branches: "newest" | "all" }} Settings */
/** @typedef {{ series: ReadonlyMap<string, readonly Series[]>, error: ApiError | null, pending: boolean }} TagData */

/** Series a request asks for at most: a page of many charts appears chart by chart. */
const MAXIMUM_SERIES = 800;
/** Requests under way at a time. */
const MAXIMUM_REQUESTS = 2;
/** Shortest time between two refreshes for new points. */
const REFRESH_MS = 300;

/** What is kept of charts out of sight, in bytes; the longest unseen go first. */
const MAXIMUM_BYTES = 64_000_000;

/** @param {Series} series */
const bytesOf = (series) => series.x.length * (series.raw ? 16 : 28) * (series.smooth ? 1.6 : 1);

/** @type {TagData} */
const NOTHING = { series: new Map(), error: null, pending: false };

export class Loader {
  constructor() {
    /** @type {Settings | null} */
    this.settings = null;
    this.key = "";
    /** @type {Map<string, import("../../core/signal.js").Signal<TagData>>} */
    this.byTag = new Map();
    /** For each tag, under which settings each run was brought. @type {Map<string, Map<string, string>>} */
    this.brought = new Map();
    /** How many charts show a tag: a pinned one is there twice. @type {Map<string, number>} */
    this.seen = new Map();
    /** Tags whose charts are out of sight, longest first. @type {Set<string>} */
    this.unseen = new Set();
    /** @type {Map<string, Set<string>>} What to ask for, by tag. */
    this.wanted = new Map();
    /** Changes when what was brought may no longer do; charts read it where they say what they want. */
    this.version = signal(0);
    /** Whether any run has a branch that a restart left behind. */
    this.restarts = signal(false);
    /** @type {Set<AbortController>} */
    this.requests = new Set();
    this.scheduled = false;
    this.timer = 0;
    this.last = 0;
  }

  /** What is known of a tag; a signal. @param {string} tag */
  data(tag) {
    let data = this.byTag.get(tag);
    if (!data) {
      data = signal(NOTHING);
      this.byTag.set(tag, data);
    }
    return data;
  }

  /** @param {Settings} settings */
  use(settings) {
    const key = JSON.stringify(settings);
    if (key === this.key) return;
    this.settings = settings;
    this.key = key;
    // What is under way belongs to a picture that nobody waits for any more.
    for (const request of this.requests) request.abort();
    this.requests.clear();
    this.wanted.clear();
    this.askAgain();
  }

  /** Makes every chart in sight say anew what it needs. */
  askAgain() {
    this.version.update((count) => count + 1);
  }

  /** Asks for the runs of a tag that are not there under the present settings. @param {string} tag @param {readonly string[]} runs */
  want(tag, runs) {
    const brought = this.brought.get(tag);
    const missing = runs.filter((run) => brought?.get(run) !== this.key);
    if (missing.length === 0) return;
    const set = this.wanted.get(tag) ?? new Set();
    for (const run of missing) set.add(run);
    this.wanted.set(tag, set);
    this.schedule();
  }

  /** A chart of the tag comes into sight. @param {string} tag */
  see(tag) {
    this.seen.set(tag, (this.seen.get(tag) ?? 0) + 1);
    this.unseen.delete(tag);
  }

  /** A chart that is no longer seen needs nothing; what it had is kept while there is room. @param {string} tag */
  forget(tag) {
    const left = (this.seen.get(tag) ?? 1) - 1;
    this.seen.set(tag, left);
    if (left > 0) return;
    this.wanted.delete(tag);
    this.unseen.delete(tag);
    this.unseen.add(tag);
    this.trim();
  }

  /** Lets go of charts out of sight, those longest unseen first, until what is kept has room. */
  trim() {
    let kept = 0;
    for (const data of this.byTag.values()) {
      for (const list of data.peek().series.values()) for (const series of list) kept += bytesOf(series);
    }
    for (const tag of this.unseen) {
      if (kept <= MAXIMUM_BYTES) return;
      for (const list of this.data(tag).peek().series.values()) for (const series of list) kept -= bytesOf(series);
      this.unseen.delete(tag);
      this.brought.delete(tag);
      this.data(tag).set(NOTHING);
    }
  }

  /** New points: the series is asked for again by those who show it. @param {string} run @param {readonly string[]} tags */
  invalidate(run, tags) {
    for (const tag of tags) this.brought.get(tag)?.delete(run);
  }

  /** Asks again for everything, after an error. @param {string} tag */
  retry(tag) {
    this.brought.delete(tag);
    this.data(tag).update((data) => ({ ...data, error: null }));
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    // Charts that were made in the same turn are asked for together.
    queueMicrotask(() => {
      this.scheduled = false;
      this.send();
    });
  }

  /** After new points: asks again, not more often than the eye can follow. */
  askAgainSoon() {
    clearTimeout(this.timer);
    const wait = Math.max(0, this.last + REFRESH_MS - Date.now());
    this.timer = setTimeout(() => {
      this.last = Date.now();
      this.askAgain();
    }, wait);
  }

  send() {
    while (this.wanted.size > 0 && this.requests.size < MAXIMUM_REQUESTS && this.settings) {
      /** @type {{ tag: string, runs: string[] }[]} */
      const queries = [];
      let count = 0;
      for (const [tag, runs] of this.wanted) {
        if (count > 0 && count + runs.size > MAXIMUM_SERIES) break;
        this.wanted.delete(tag);
        count += runs.size;
        queries.push({ tag, runs: [...runs] });
      }
      this.fetch(queries, this.settings, this.key);
    }
  }

  /** @param {{ tag: string, runs: string[] }[]} queries @param {Settings} settings @param {string} key */
  async fetch(queries, settings, key) {
    const controller = new AbortController();
    this.requests.add(controller);
    batch(() => {
      for (const { tag, runs } of queries) {
        this.mark(tag, runs, key);
        this.data(tag).update((data) => ({ ...data, pending: true }));
      }
    });
    const { smoothing, ...rest } = settings;
    const weight = typeof smoothing === "number" && smoothing > 0 ? { kind: "ema", weight: smoothing } : null;
    const body = { queries, ...rest, smoothing: typeof smoothing === "object" ? smoothing : weight };
    try {
      const answer = await postSeries(body, controller.signal);
      sawRevision(answer.revision);
      if (key === this.key) this.take(queries, answer.series);
    } catch (error) {
      if (isAbort(error) || key !== this.key) return;
      const problem = error instanceof ApiError ? error : new ApiError("Series", String(error), 0);
      batch(() => {
        for (const { tag } of queries) {
          this.data(tag).update((data) => ({ ...data, error: problem, pending: false }));
        }
      });
    } finally {
      this.requests.delete(controller);
      if (!controller.signal.aborted) this.send();
    }
  }

  /** @param {string} tag @param {readonly string[]} runs @param {string} key */
  mark(tag, runs, key) {
    const brought = this.brought.get(tag) ?? new Map();
    for (const run of runs) brought.set(run, key);
    this.brought.set(tag, brought);
  }

  /** @param {{ tag: string, runs: string[] }[]} queries @param {readonly Series[]} list */
  take(queries, list) {
    /** @type {Map<string, Map<string, Series[]>>} */
    const found = new Map(queries.map(({ tag, runs }) => [tag, new Map(runs.map((run) => [run, []]))]));
    for (const series of list) found.get(series.tag)?.get(series.run)?.push(series);
    batch(() => {
      if (list.some((series) => series.superseded)) this.restarts.set(true);
      for (const [tag, runs] of found) {
        this.data(tag).update((data) => ({
          series: new Map([...data.series, ...runs]),
          error: null,
          pending: false,
        }));
      }
    });
  }

  dispose() {
    clearTimeout(this.timer);
    for (const request of this.requests) request.abort();
    this.requests.clear();
    this.wanted.clear();
  }
}

/**
 * Settings of a query that shows a range: a quarter more on both sides, so that a small move needs no new answer, and as
 * many columns as pixels.
 * @param {readonly [number, number] | null} range
 * @param {number} pixels
 */
export function overscanned(range, pixels) {
  // In steps, so that resizing a window by a few pixels does not ask again.
  const width = Math.ceil(pixels / 50) * 50;
  if (range === null) return { from: null, to: null, width };
  const margin = (range[1] - range[0]) / 4;
  return { from: range[0] - margin, to: range[1] + margin, width: Math.round(width * 1.5) };
}
