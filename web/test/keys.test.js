import assert from "node:assert/strict";
import { test } from "node:test";
import { listed } from "../js/core/keys.js";

/** @param {string} group @param {string} keys @param {string} description */
const binding = (group, keys, description) => ({ group, keys, description, run: () => {} });

test("the list of shortcuts names what a key does now, and each action once", () => {
  const all = [
    binding("Everywhere", "/", "Filter runs"),
    binding("Graph", "/", "Search a name"),
    binding("Graph", "+", "Zoom in"),
    binding("Graph", "=", "Zoom in"),
    binding("Charts", "z", "Zoom in"),
  ];
  assert.deepEqual(listed(all).map(({ group, keys }) => `${group} ${keys}`), ["Graph /", "Graph +", "Charts z"]);
});
