import assert from "node:assert/strict";
import { test } from "node:test";
import { fileName, groupsOf, neighbours } from "../js/page/checkpoints/groups.js";

/** @param {string} run @param {string} name @param {number | null} step */
const checkpoint = (run, name, step) => ({
  id: `${run}-${name}`,
  run,
  prefix: `${run}/${name}`,
  step,
  format: "V2",
  bytes: 10,
  modified: 0,
  problem: null,
});

const all = [
  checkpoint("a", "m-100", 100),
  checkpoint("a", "m-20", 20),
  checkpoint("a", "final", null),
  checkpoint("b", "m-3", 3),
];

test("checkpoints group by run, newest step first, those without a step last", () => {
  const groups = groupsOf(all, () => true, () => true);
  assert.deepEqual(groups.map((group) => group.run), ["a", "b"]);
  assert.deepEqual(groups[0].items.map((item) => item.step), [100, 20, null]);
  assert.equal(groups[0].bytes, 30);
});

test("runs that are switched off and names that do not match are left out", () => {
  assert.deepEqual(groupsOf(all, (run) => run !== "a", () => true).map((group) => group.run), ["b"]);
  assert.equal(groupsOf(all, () => true, (text) => text.includes("final"))[0].items.length, 1);
});

test("the checkpoints before and after one", () => {
  const around = neighbours(all, "a-m-20");
  assert.equal(around.newer?.id, "a-m-100");
  assert.equal(around.older?.id, "a-final");
  assert.equal(around.place, 2);
  assert.equal(around.count, 3);
  assert.equal(neighbours(all, "nope").older, null);
  assert.equal(neighbours(all, "a-m-100").newer, null);
});

test("the file name of a prefix", () => {
  assert.equal(fileName("a/b/m-1"), "m-1");
  assert.equal(fileName("m-1"), "m-1");
});
