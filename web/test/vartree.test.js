import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ancestors,
  buildTree,
  displayParts,
  elementCount,
  initiallyClosed,
  pathOf,
  rowsOf,
} from "../js/view/vartree.js";

/** @param {string} name @param {number[]} [shape] @param {number} [bytes] */
const variable = (name, shape = [2], bytes = 8) => ({ name, dtype: "float32", shape, bytes, shard: 0, offset: 0 });
const byName = /** @type {const} */ ({ key: "name", descending: false });
const labels = (/** @type {any} */ rows) =>
  rows.map((/** @type {any} */ row) => `${" ".repeat(row.depth)}${row.label}`);

test("variables nest by name scope; scopes with one child are joined", () => {
  const tree = buildTree([variable("a/b/w"), variable("a/b/v"), variable("c/d/e"), variable("step", [])]);
  assert.deepEqual(labels(rowsOf(tree, new Set(), byName)), ["a/b", " v", " w", "c/d/e", "step"]);
});

test("a variable may be a scope too", () => {
  const rows = rowsOf(buildTree([variable("w"), variable("w/Adam"), variable("w/Adam_1")]), new Set(), byName);
  assert.deepEqual(labels(rows), ["w", " Adam", " Adam_1"]);
  assert.equal(rows[0].variable?.name, "w");
  assert.equal(rows[0].folder, true);
  assert.equal(rows[0].count, 3);
  assert.equal(rows[0].elements, 6);
});

test("a closed scope hides what is below it", () => {
  const tree = buildTree([variable("a/x"), variable("a/y"), variable("b")]);
  const rows = rowsOf(tree, new Set(["/a"]), byName);
  assert.deepEqual(labels(rows), ["a", "b"]);
  assert.equal(rows[0].open, false);
});

test("rows sort by size inside of their scope, and names by number", () => {
  const tree = buildTree([variable("layer_10", [1], 4), variable("layer_2", [9], 36), variable("layer_1", [5], 20)]);
  assert.deepEqual(labels(rowsOf(tree, new Set(), byName)), ["layer_1", "layer_2", "layer_10"]);
  assert.deepEqual(labels(rowsOf(tree, new Set(), { key: "bytes", descending: true })), [
    "layer_2",
    "layer_1",
    "layer_10",
  ]);
});

test("paths of object-based checkpoints lose their ending and their escapes", () => {
  assert.deepEqual(displayParts("net/kernel/.ATTRIBUTES/VARIABLE_VALUE"), ["net", "kernel"]);
  assert.deepEqual(displayParts("a.Sb/c..d/.OPTIMIZER_SLOT/adam/m/.ATTRIBUTES/VARIABLE_VALUE"), [
    "a/b",
    "c.d",
    "slots",
    "adam",
    "m",
  ]);
  assert.deepEqual(displayParts("a//b"), ["a", "(empty)", "b"]);
});

test("two keys that look the same are both shown", () => {
  const tree = buildTree([variable("w"), variable("w/.ATTRIBUTES/VARIABLE_VALUE")]);
  const names = rowsOf(tree, new Set(), byName).map((row) => row.variable?.name);
  assert.deepEqual(names.sort(), ["w", "w/.ATTRIBUTES/VARIABLE_VALUE"]);
});

test("large trees begin closed, small ones open", () => {
  const few = buildTree([variable("a/x"), variable("a/y")]);
  assert.equal(initiallyClosed(few, 80).size, 0);
  const many = buildTree(Array.from({ length: 1000 }, (_, index) => variable(`a/${index % 10}/${index}`)));
  const closed = initiallyClosed(many, 80);
  assert.equal(rowsOf(many, closed, byName).length, 11);
});

test("10,000 variables become rows within a frame or two", () => {
  const variables = Array.from({ length: 10_000 }, (_, index) => variable(`t/${index % 100}/unit/${index}`));
  const start = performance.now();
  assert.equal(rowsOf(buildTree(variables), new Set(), byName).length, 10_101);
  assert.ok(performance.now() - start < 1000);
});

test("paths and ancestors", () => {
  assert.equal(pathOf("a/b/.ATTRIBUTES/VARIABLE_VALUE"), "/a/b");
  assert.deepEqual(ancestors("/a/b/c"), ["/a", "/a/b"]);
  assert.deepEqual(ancestors("/a"), []);
});

test("the elements of a scalar and of an empty tensor", () => {
  assert.equal(elementCount([]), 1);
  assert.equal(elementCount([0, 3]), 0);
});
