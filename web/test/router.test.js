import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, href, nameSegments, parseLocation } from "../js/core/router.js";

test("a path below a prefix gives its segments", () => {
  const { segments, query } = parseLocation("/tool/curves/train/loss", "?x=wall", "/tool/");
  assert.deepEqual(segments, ["curves", "train", "loss"]);
  assert.equal(query.get("x"), "wall");
});

test("segments are escaped and come back", () => {
  const names = ["curves", "a b", "100%", "<img>", "ä?#&"];
  const address = href(names, {}, "/p/");
  assert.ok(!/[<>\s#?]/.test(address));
  assert.deepEqual(parseLocation(address, "", "/p/").segments, names);
});

test("a malformed escape is kept as it is", () => {
  assert.deepEqual(parseLocation("/curves/100%", "", "/").segments, ["curves", "100%"]);
});

test("a slash at the end means nothing", () => {
  assert.deepEqual(parseLocation("/curves/", "", "/").segments, ["curves"]);
  assert.deepEqual(parseLocation("/", "", "/").segments, []);
});

test("settings at their default leave the query", () => {
  const query = new URLSearchParams("x=wall&hide=a&hide=b");
  assert.equal(changed(query, { x: null, hide: ["c", "d"], log: true }).toString(), "hide=c&hide=d&log=1");
  assert.equal(changed(query, { hide: [], x: "" }).toString(), "");
});

test("names that a path cannot say go into the query", () => {
  assert.deepEqual(nameSegments("train/loss"), ["train", "loss"]);
  for (const name of ["", ".", "a/../b", "/a", "a//b", "a/"]) assert.equal(nameSegments(name), null);
});
