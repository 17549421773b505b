import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../js/core/format.js";

/** @type {[any, string][]} */
const NUMBERS = [
  [0, "0"],
  [-0, "0"],
  [1, "1"],
  [0.25, "0.25"],
  [0.1 + 0.2, "0.3"],
  [-1.5, "−1.5"],
  [12345.678, "12,346"],
  [1e7, "1e7"],
  [-2.5e-9, "−2.5e-9"],
  [0.00012345678, "0.00012346"],
  ["NaN", "NaN"],
  ["Infinity", "+∞"],
  ["-Infinity", "−∞"],
  [null, "NaN"],
];

test("numbers are short and readable", () => {
  for (const [value, text] of NUMBERS) assert.equal(format.number(value), text);
});

test("integers have separators", () => {
  assert.equal(format.integer(1234567), "1,234,567");
  assert.equal(format.integer(-1000), "−1,000");
  assert.equal(format.integer(null), "–");
});

test("counts are rounded", () => {
  assert.deepEqual([950, 1200, 15e6, 123456].map(format.compact), ["950", "1.2k", "15M", "123k"]);
});

test("bytes choose their unit", () => {
  assert.deepEqual([0, 1, 999, 1000, 1234567, 999_600].map(format.bytes), [
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 kB",
    "1.23 MB",
    "1 MB",
  ]);
});

test("durations use two units at most", () => {
  assert.deepEqual([0, 0.0123, 42, 59.99, 185, 8040, 273600].map(format.duration), [
    "0 s",
    "12.3 ms",
    "42 s",
    "1 min 00 s",
    "3 min 05 s",
    "2 h 14 min",
    "3 d 4 h",
  ]);
});

test("times that are no times are a dash", () => {
  for (const value of [null, NaN, Infinity, 1e300]) assert.equal(format.time(value), "–");
});

test("ages are relative", () => {
  assert.equal(format.ago(1000, 1003), "just now");
  assert.equal(format.ago(1000, 1240), "4 min ago");
});

test("shapes are written as TensorFlow users write them", () => {
  assert.equal(format.shape([784, 200]), "[784, 200]");
  assert.equal(format.shape([]), "[]");
  assert.equal(format.shape([-1, 3]), "[?, 3]");
});

test("steps are short, however large", () => {
  assert.deepEqual([0, 879, 12_345, 15_200_000, 4.61e18, 9.2e18].map(format.shortStep), [
    "0",
    "879",
    "12,345",
    "15.2M",
    "4.6e18",
    "9.2e18",
  ]);
});

test("loading tells pace, time and what is missing", () => {
  const progress = { files: 40, files_done: 12, bytes: 3_400_000_000, bytes_done: 1_200_000_000 };
  assert.deepEqual(format.loadingParts(progress), [
    "12 of 40 files",
    "1.2 GB of 3.4 GB",
    "missing: 28 files, 2.2 GB",
  ]);
  assert.deepEqual(format.loadingParts({ ...progress, bytes_per_second: 2e8, seconds_left: 11 }).slice(2, 4), [
    "200 MB/s",
    "about 11 s left",
  ]);
  assert.deepEqual(format.loadingParts({ files: 1, files_done: 1, bytes: 5, bytes_done: 5, bytes_per_second: 0 }), [
    "1 of 1 file",
    "5 bytes of 5 bytes",
  ]);
});
