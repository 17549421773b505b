import assert from "node:assert/strict";
import { test } from "node:test";
import { rowKey, rowsOf } from "../js/core/tree.js";

/** @param {string[]} names @param {string[]} [closed] */
const outline = (names, closed = []) =>
  rowsOf(names, new Set(closed)).map((row) => `${"  ".repeat(row.depth)}${row.label}${row.run === null ? "/" : ""}`);

test("runs are grouped by their folders, in the order given", () => {
  assert.deepEqual(outline(["b/x", "a", "b/y"]), ["b/", "  x", "  y", "a"]);
});

test("folders with one child are joined to it", () => {
  assert.deepEqual(outline(["deep/down/here/x", "deep/down/here/y", "one/run"]), [
    "deep/down/here/",
    "  x",
    "  y",
    "one/run",
  ]);
});

test("a folder can be a run itself", () => {
  assert.deepEqual(outline(["train", "train/eval"]), ["train", "  eval"]);
});

test("a closed folder hides what is in it and still knows its members", () => {
  const rows = rowsOf(["a/x", "a/y", "b"], new Set(["a"]));
  assert.deepEqual(rows.map((row) => row.path), ["a", "b"]);
  assert.deepEqual(rows[0].members, ["a/x", "a/y"]);
});

test("odd names keep their run", () => {
  for (const name of [".", "..", "/", "a//b", "__proto__", "constructor/x"]) {
    assert.deepEqual(rowsOf([name], new Set()).map((row) => row.run), [name]);
  }
});

test("a new run beside one moves it below their folder and keeps its identity", () => {
  const [alone] = rowsOf(["mlp/train"], new Set());
  const [, , beside] = rowsOf(["mlp/test", "mlp/train"], new Set());
  assert.deepEqual([alone.depth, beside.depth], [0, 1]);
  assert.equal(rowKey(alone), rowKey(beside));
  const [folder] = rowsOf(["a/x", "a/y"], new Set());
  const [run] = rowsOf(["a", "a/x", "a/y"], new Set());
  assert.notEqual(rowKey(folder), rowKey(run));
});
