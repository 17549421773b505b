import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFilter } from "../js/core/filter.js";

/** @param {string} text @param {string[]} names */
const passing = (text, names) => names.filter(parseFilter(text).test);
const NAMES = ["mlp/adam", "mlp/sgd", "softmax/Adam", "a.b"];

test("an empty filter lets everything through", () => {
  assert.deepEqual(passing("  ", NAMES), NAMES);
  assert.equal(parseFilter(" ").empty, true);
});

test("words must all occur, in any case and order", () => {
  assert.deepEqual(passing("adam", NAMES), ["mlp/adam", "softmax/Adam"]);
  assert.deepEqual(passing("ADAM mlp", NAMES), ["mlp/adam"]);
});

test("a plain word is not a regular expression", () => {
  assert.deepEqual(passing(".", NAMES), ["a.b"]);
});

test("text between slashes is a regular expression", () => {
  assert.deepEqual(passing("/^mlp|^a/", NAMES), ["mlp/adam", "mlp/sgd", "a.b"]);
  assert.deepEqual(passing("/sgd$", NAMES), ["mlp/sgd"]);
});

test("an unfinished expression hides nothing and says what is wrong", () => {
  const filter = parseFilter("/(mlp/");
  assert.ok(filter.error);
  assert.deepEqual(NAMES.filter(filter.test), NAMES);
});
