/** Calls of the HTTP API (docs/http-api.md). All are below `BASE/api/v1`. */

import { BASE } from "./router.js";
import { decodeFrame, decodeSeries } from "./frame.js";

/** @typedef {import("./frame.js").SeriesAnswer} SeriesAnswer */
/**
 * @typedef {object} Run
 * @property {string} run
 * @property {number | null} first_wall_time Seconds since 1970.
 * @property {number | null} last_wall_time
 * @property {number | null} last_step
 * @property {number} tags
 * @property {number} points
 * @property {number} files
 * @property {number} checkpoints
 * @property {number} damaged_files
 */
/**
 * @typedef {object} Tag
 * @property {string} run
 * @property {string} tag
 * @property {string} kind
 * @property {string} dtype
 * @property {number} points
 * @property {number | null} first_step
 * @property {number | null} last_step
 * @property {string | null} [display_name]
 * @property {string | null} [description]
 */
/**
 * @typedef {object} FileHealth
 * @property {string} run
 * @property {string} path
 * @property {string} kind
 * @property {number} records
 * @property {{ offset: number, reason: string }[]} skipped
 * @property {number} bytes_lost
 * @property {any} truncated_tail
 * @property {boolean} ok
 * @property {string | null} [message]
 */
/** @typedef {{ files: number, files_done: number, bytes: number, bytes_done: number, bytes_per_second?: number, seconds_left?: number }} Loading */
/** @typedef {{ files: FileHealth[], loading: Loading | null }} Health */
/** @typedef {Record<string, string | number | boolean | readonly string[] | null | undefined>} Parameters */
/**
 * @typedef {object} SeriesQuery
 * @property {{ tag: string, runs: readonly string[] }[]} queries
 * @property {"step" | "relative" | "wall"} x
 * @property {number | null} from
 * @property {number | null} to
 * @property {number} width
 * @property {{ kind: string, weight: number } | { kind: string, window: number } | null} smoothing
 * @property {"newest" | "all"} branches
 */

/** A call that failed, with the server's sentence about it. */
export class ApiError extends Error {
  /** @param {string} title @param {string} detail @param {number} status 0 when no answer came. */
  constructor(title, detail, status) {
    super(detail || title);
    this.name = "ApiError";
    this.title = title;
    this.detail = detail;
    this.status = status;
  }
}

/** @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The address of a call, also for links (exports). @param {string} path Begins with a slash. @param {Parameters} [parameters] */
export function apiURL(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) { for (const item of value) query.append(name, item); }
    else query.set(name, String(value));
  }
  const search = query.toString();
  return `${BASE}api/v1${path}${search === "" ? "" : `?${search}`}`;
}

/**
 * @param {string} path
 * @param {RequestInit & { parameters?: Parameters }} [options]
 * @returns {Promise<Response>} An answer with a status below 400.
 */
export async function request(path, options = {}) {
  const { parameters, ...init } = options;
  let response;
  try {
    response = await fetch(apiURL(path, parameters), { credentials: "same-origin", ...init });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("No answer", "The server does not answer. Is trainscope serve still running?", 0);
  }
  if (response.ok) return response;
  throw await problem(response);
}

/** @param {Response} response */
async function problem(response) {
  const title = response.statusText || `Status ${response.status}`;
  try {
    const body = await response.json();
    return new ApiError(body.title ?? title, body.detail ?? "", response.status);
  } catch {
    return new ApiError(title, `The server answered with status ${response.status}.`, response.status);
  }
}

/**
 * A JSON answer of a `GET`.
 * @param {string} path
 * @param {Parameters} [parameters]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function getJSON(path, parameters, signal) {
  const response = await request(path, { parameters, signal, headers: { Accept: "application/json" } });
  return await response.json();
}

/**
 * A binary answer of a `GET` with a JSON header in front of arrays.
 * @param {string} path
 * @param {Parameters} [parameters]
 * @param {AbortSignal} [signal]
 */
export async function getFrame(path, parameters, signal) {
  const response = await request(path, { parameters, signal });
  return decodeFrame(await response.arrayBuffer());
}

/** Raw bytes, with the answer's headers. @param {string} path @param {Parameters} [parameters] @param {AbortSignal} [signal] */
export async function getBytes(path, parameters, signal) {
  const response = await request(path, { parameters, signal });
  return { bytes: await response.arrayBuffer(), headers: response.headers };
}

/**
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 */
export async function postJSON(path, body, signal) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const response = await request(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  return await response.json();
}

/**
 * The series of any number of charts in one call.
 * @param {SeriesQuery} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<SeriesAnswer>}
 */
export async function postSeries(query, signal) {
  const headers = { "Content-Type": "application/json", Accept: "application/octet-stream" };
  const response = await request("/series", { method: "POST", headers, body: JSON.stringify(query), signal });
  return decodeSeries(await response.arrayBuffer());
}
