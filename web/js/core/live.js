/**
 * What changed on the server, as it changes. One tab of the browser (the leader, by a Web Lock) holds the stream of
 * server-sent events and passes it on to the others, since a browser gives one origin few connections. Notifications
 * only say what is new; pages fetch what they show.
 *
 *     connecting ──answer──▶ live ──error or 25 s of silence──▶ polling (every 3 s) ──stream works──▶ live
 *                                                            └──no answer──▶ offline
 *
 * The stream is read with `fetch`, not `EventSource`, because the server's heartbeat is a comment, which `EventSource`
 * does not show; without it a proxy that swallows the stream could not be told from a quiet training.
 */

import { request } from "./api.js";
import { BASE } from "./router.js";
import { signal } from "./signal.js";
import { EventParser } from "./sse.js";

/**
 * @typedef {object} Change
 * @property {number} revision
 * @property {string[]} runs Runs that are new or have new data.
 * @property {{ run: string, tags: string[] }[]} series
 * @property {boolean} checkpoints
 * @property {boolean} graphs
 * @property {boolean} health
 */
/** @typedef {"connecting" | "live" | "polling" | "offline"} Status */
/** @typedef {{ kind: "change", data: Change } | { kind: "loading", data: any } | { kind: "status", data: Status } | { kind: "hello" }} Message */

const SILENCE_MS = 25_000;
const POLL_MS = 3_000;
const HIDDEN_MS = 60_000;
const CHANNEL = `trainscope.live:${BASE}`;

/** @type {import("./signal.js").Signal<Status>} */
export const status = signal(/** @type {Status} */ ("connecting"));
/** Progress of the first indexing; `null` when there is none. @type {import("./signal.js").Signal<import("./api.js").Loading | null>} */
export const loading = signal(/** @type {import("./api.js").Loading | null} */ (null));

/** @type {Set<(change: Change) => void>} */
const listeners = new Set();
let revision = 0;
/** @type {BroadcastChannel | null} */
let channel = null;
let leading = false;

/** Calls `listener` for every change; returns what ends that. @param {(change: Change) => void} listener */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {Message} message @param {boolean} fromOther */
function receive(message, fromOther) {
  if (message.kind === "change") {
    // Not the larger of both: a catalogue that was rebuilt begins to count again.
    if (typeof message.data.revision === "number") revision = message.data.revision;
    for (const listener of [...listeners]) listener(message.data);
  } else if (message.kind === "loading") {
    const progress = message.data;
    loading.set(progress && progress.files_done < progress.files ? progress : null);
  } else if (message.kind === "status") {
    status.set(message.data);
  } else if (message.kind === "hello" && leading) {
    // A new tab asks how things are.
    channel?.postMessage({ kind: "status", data: status.peek() });
    channel?.postMessage({ kind: "loading", data: loading.peek() });
  }
  if (!fromOther) channel?.postMessage(message);
}

/** @param {Status} next */
function setStatus(next) {
  if (status.peek() !== next) receive({ kind: "status", data: next }, false);
}

/** @param {number} ms @param {AbortSignal} signal */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve(undefined)), { once: true });
  });
}

/** Reads one stream until it ends, fails or falls silent. @param {AbortSignal} outer */
async function stream(outer) {
  const controller = new AbortController();
  const stop = () => controller.abort();
  outer.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(stop, SILENCE_MS);
  try {
    const response = await request("/events", {
      headers: revision > 0
        ? { Accept: "text/event-stream", "Last-Event-ID": String(revision) }
        : { Accept: "text/event-stream" },
      cache: "no-store",
      signal: controller.signal,
    });
    if (!response.body) throw new Error("no body");
    setStatus("live");
    // What happened between two streams.
    if (revision > 0) await poll(controller.signal);
    const parser = new EventParser((event) => {
      if (event.type === "change" || event.type === "loading") {
        receive({ kind: event.type, data: JSON.parse(event.data) }, false);
      }
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE_MS);
      parser.push(value);
    }
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", stop);
  }
}

/** @param {AbortSignal} signal */
async function poll(signal) {
  const response = await request("/changes", { parameters: { since: revision }, cache: "no-store", signal });
  const change = /** @type {Change} */ (await response.json());
  if (change.revision > revision || change.runs?.length) receive({ kind: "change", data: change }, false);
}

/** Holds the stream, or polls while it cannot be held, until aborted. @param {AbortSignal} signal */
async function lead(signal) {
  leading = true;
  let failures = 0;
  while (!signal.aborted) {
    const started = Date.now();
    try {
      await stream(signal);
      failures = Date.now() - started > 5000 ? 0 : failures + 1;
    } catch {
      failures += 1;
    }
    if (signal.aborted) break;
    // Jitter, so that many tabs do not return to a restarted server at the same moment.
    const until = Date.now() + Math.min(30_000, 500 * 2 ** Math.min(failures, 6)) * (0.7 + 0.6 * Math.random());
    while (!signal.aborted && Date.now() < until) {
      try {
        await poll(signal);
        if (failures > 1) setStatus("polling");
      } catch {
        if (!signal.aborted) setStatus("offline");
      }
      await pause(Math.min(POLL_MS, Math.max(100, until - Date.now())), signal);
    }
  }
  leading = false;
}

/** Starts to listen. A tab hidden for a minute lets go of the stream, and catches up when it is seen again. */
export function startLive() {
  if ("BroadcastChannel" in globalThis) {
    channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = (event) => receive(event.data, true);
    channel.postMessage({ kind: "hello" });
  }
  /** @type {AbortController | null} */
  let controller = null;
  let hiddenTimer = 0;
  const begin = () => {
    clearTimeout(hiddenTimer);
    if (controller) return;
    controller = new AbortController();
    const signal = controller.signal;
    if (navigator.locks) {
      navigator.locks.request(CHANNEL, { signal }, () => lead(signal)).catch(() => {});
      if (revision > 0) poll(signal).catch(() => {});
    } else {
      lead(signal);
    }
  };
  const end = () => {
    controller?.abort();
    controller = null;
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") begin();
    else hiddenTimer = setTimeout(end, HIDDEN_MS);
  });
  addEventListener("pagehide", end);
  addEventListener("pageshow", begin);
  begin();
}

/** The newest revision seen in an answer; a stream that starts later catches up from there. @param {number} seen */
export function sawRevision(seen) {
  if (Number.isFinite(seen)) revision = Math.max(revision, seen);
}
