import assert from "node:assert/strict";
import { test } from "node:test";
import { changed } from "../js/core/router.js";
import { readHidden, writeHidden } from "../js/core/selection.js";

/** @param {Set<string>} hidden @param {string[]} names */
const roundTrip = (hidden, names) => readHidden(changed(new URLSearchParams(), writeHidden(hidden, names)), names);

test("nothing hidden leaves the address alone", () => {
  assert.equal(changed(new URLSearchParams("x=wall"), writeHidden(new Set(), ["a"])).toString(), "x=wall");
});

test("the shorter list is written", () => {
  const names = ["a", "b", "c", "d"];
  assert.deepEqual(writeHidden(new Set(["b"]), names).hide, ["b"]);
  assert.deepEqual(writeHidden(new Set(["a", "b", "c"]), names).show, ["d"]);
});

test("any selection comes back from the address", () => {
  const names = Array.from({ length: 4001 }, (_, index) => `sweep/lr=${index / 7},x/seed&${index}`);
  for (const every of [1, 2, 3, 700, 4000]) {
    const hidden = new Set(names.filter((_, index) => index % every === 0));
    assert.deepEqual(roundTrip(hidden, names), hidden);
  }
});

test("everything hidden stays hidden", () => {
  const names = ["a", "b", "c"];
  assert.deepEqual(roundTrip(new Set(names), names), new Set(names));
});

test("a run that appears later is shown when a bit map was written", () => {
  const names = Array.from({ length: 2000 }, (_, index) => `run/with/a/long/name/${index}`);
  const hidden = new Set(names.filter((_, index) => index % 2 === 0));
  const query = changed(new URLSearchParams(), writeHidden(hidden, names));
  assert.ok(query.has("sel"));
  assert.equal(readHidden(query, [...names, "new", "newer"]).has("new"), false);
});
