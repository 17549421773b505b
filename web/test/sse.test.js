import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../js/core/sse.js";

/** @param {string[]} pieces */
function parse(pieces) {
  /** @type {any[]} */
  const events = [];
  const parser = new EventParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
}

const STREAM = ': hello\n\nid: 7\nevent: change\ndata: {"a":1}\n\nevent: loading\r\ndata: x\r\ndata: y\r\n\r\n';

test("events have a type, data and the last id", () => {
  assert.deepEqual(parse([STREAM]), [
    { type: "change", data: '{"a":1}', id: "7" },
    { type: "loading", data: "x\ny", id: "7" },
  ]);
});

test("a stream may be cut anywhere", () => {
  for (let at = 0; at < STREAM.length; at += 1) {
    assert.deepEqual(parse([STREAM.slice(0, at), STREAM.slice(at)]), parse([STREAM]), `cut at ${at}`);
  }
  assert.deepEqual(parse([...STREAM]), parse([STREAM]));
});

test("comments and blocks without data give nothing", () => {
  assert.deepEqual(parse([": heartbeat\n\n", "event: change\n\n"]), []);
});

test("an event is given only when it is complete", () => {
  assert.deepEqual(parse(["data: half\n"]), []);
});
