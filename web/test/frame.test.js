import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrame, decodeSeries } from "../js/core/frame.js";

/** Writes an answer as docs/http-api.md says. @param {any} header @param {ArrayBufferView[]} arrays @returns {ArrayBuffer} */
function frame(header, arrays) {
  let text = JSON.stringify(header);
  while ((8 + new TextEncoder().encode(text).length) % 8 !== 0) text += " ";
  const head = new TextEncoder().encode(text);
  const size = arrays.reduce((sum, array) => sum + Math.ceil(array.byteLength / 8) * 8, 8 + head.length);
  const bytes = new Uint8Array(size);
  bytes.set(new TextEncoder().encode("TSS1"));
  new DataView(bytes.buffer).setUint32(4, head.length, true);
  bytes.set(head, 8);
  let offset = 8 + head.length;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += Math.ceil(array.byteLength / 8) * 8;
  }
  return bytes.buffer;
}

const ENTRY = {
  run: "ä/1",
  tag: "loss",
  branch: 1,
  superseded: true,
  count: 7,
  x_min: 0,
  x_max: 9,
  raw: false,
  n: 3,
  base: 0.5,
  x: 0,
  first: 24,
  min: 40,
  max: 56,
  last: 72,
  points: 88,
  non_finite: [{ x: 4, nan: 1, positive: 0, negative: 2 }],
  non_finite_count: 3,
};
const ARRAYS = [
  new Float64Array([1, 2, 9]),
  new Float32Array([1, 2, 3]),
  new Float32Array([0, 1, 2]),
  new Float32Array([4, 5, 6]),
  new Float32Array([2, 3, 4]),
  new Uint32Array([3, 3, 1]),
];

test("series are decoded without copies", () => {
  const buffer = frame({ revision: 12, series: [ENTRY] }, ARRAYS);
  const { revision, series: [series] } = decodeSeries(buffer);
  assert.equal(revision, 12);
  assert.equal(series.run, "ä/1");
  assert.equal(series.superseded, true);
  assert.deepEqual([...series.x], [1, 2, 9]);
  assert.deepEqual([...series.columns.max], [4, 5, 6]);
  assert.deepEqual([...series.points], [3, 3, 1]);
  assert.equal(series.smooth, null);
  assert.equal(series.nonFinite[0].negative, 2);
  assert.equal(series.x.buffer, buffer);
});

test("smoothed columns are there when the server sent them", () => {
  const entry = { ...ENTRY, smooth_first: 24, smooth_min: 40, smooth_max: 56, smooth_last: 72 };
  const [series] = decodeSeries(frame({ revision: 1, series: [entry] }, ARRAYS)).series;
  assert.deepEqual([...(series.smooth?.last ?? [])], [2, 3, 4]);
});

test("answers that are cut off or foreign are refused", () => {
  const good = frame({ revision: 1, series: [ENTRY] }, ARRAYS);
  assert.throws(() => decodeFrame(new ArrayBuffer(4)), RangeError);
  assert.throws(() => decodeFrame(good.slice(0, 40)), RangeError);
  assert.throws(() => decodeSeries(good.slice(0, good.byteLength - 8)), RangeError);
  const foreign = good.slice(0);
  new Uint8Array(foreign)[0] = 0x7b;
  assert.throws(() => decodeFrame(foreign), RangeError);
});

test("an offset outside the answer is refused", () => {
  for (const offset of [-8, 1.5, 1e12, null]) {
    assert.throws(() => decodeSeries(frame({ revision: 1, series: [{ ...ENTRY, x: offset }] }, ARRAYS)), RangeError);
  }
});
