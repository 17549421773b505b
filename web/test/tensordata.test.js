import assert from "node:assert/strict";
import { test } from "node:test";
import { axesOf, decode, float32Text, rowsFirst, sliceText, WIDTHS } from "../js/view/tensordata.js";

/** @param {string} dtype @param {ArrayBufferView} array */
const values = (dtype, array) => {
  const buffer = /** @type {ArrayBuffer} */ (array.buffer);
  const decoded = decode(dtype, buffer);
  assert.ok(decoded);
  return decoded;
};

test("numbers of every type are decoded", () => {
  assert.equal(values("float32", new Float32Array([1.5])).value(0), 1.5);
  assert.equal(values("float64", new Float64Array([0, -2])).value(1), -2);
  assert.equal(values("int8", new Int8Array([-3])).text(0), "−3");
  assert.equal(values("uint16", new Uint16Array([65535])).exact(0), "65535");
  assert.equal(values("int64", new BigInt64Array([9007199254740993n])).exact(0), "9007199254740993");
  assert.equal(values("uint64", new BigUint64Array([18446744073709551615n])).exact(0), "18446744073709551615");
  assert.equal(values("bool", new Uint8Array([0, 7])).text(1), "true");
  assert.equal(values("float16", new Uint16Array([0x3555, 0xfc00, 0x0001])).value(2), 2 ** -24);
  assert.equal(values("float16", new Uint16Array([0xfc00])).value(0), -Infinity);
  assert.ok(Number.isNaN(values("float16", new Uint16Array([0x7e00])).value(0)));
  assert.equal(values("bfloat16", new Uint16Array([0xc049])).value(0), -3.140625);
  assert.equal(values("complex64", new Float32Array([3, -4])).value(0), 5);
  assert.equal(values("complex64", new Float32Array([3, -4])).text(0), "3 − 4i");
});

test("the length is the number of whole elements", () => {
  for (const [dtype, width] of Object.entries(WIDTHS)) {
    assert.equal(decode(dtype, new ArrayBuffer(3 * width))?.length, 3, dtype);
  }
  assert.equal(decode("string", new ArrayBuffer(8)), null);
});

test("float32 prints with the digits that read back", () => {
  for (const value of [0.1, 1 / 3, 3.4028234663852886e38, 1e-45, -1.5, 16777217]) {
    const single = Math.fround(value);
    assert.equal(Math.fround(Number(float32Text(single))), single);
  }
  assert.equal(float32Text(Math.fround(0.1)), "0.1");
});

test("axes: the last two, unless the address says otherwise and fits", () => {
  assert.deepEqual(axesOf([], {}), { row: null, column: null, at: [] });
  assert.deepEqual(axesOf([5], { row: "0" }), { row: null, column: 0, at: [0] });
  assert.deepEqual(axesOf([3, 4, 5], {}), { row: 1, column: 2, at: [0, 0, 0] });
  assert.deepEqual(axesOf([3, 4, 5], { row: "2", column: "0", at: "1,3,9" }), { row: 2, column: 0, at: [1, 3, 0] });
  assert.deepEqual(axesOf([3, 4], { row: "1", column: "1", at: "x" }), { row: 0, column: 1, at: [0, 0] });
  assert.deepEqual(axesOf([3, 4], { row: "-1", column: "7" }), { row: 0, column: 1, at: [0, 0] });
});

test("slices name every axis", () => {
  const axes = axesOf([3, 4, 5], { at: "2" });
  assert.equal(sliceText([3, 4, 5], axes, [0, 4], [1, 3]), "2,0:4,1:3");
  assert.equal(sliceText([9], axesOf([9], {}), [0, 1], [0, 9]), "0:9");
  assert.equal(sliceText([], axesOf([], {}), [0, 1], [0, 1]), "");
});

test("a block whose rows are the later axis is turned", () => {
  const block = values("int32", new Int32Array([1, 2, 3, 4, 5, 6]));
  const straight = rowsFirst(block, { row: 0, column: 1, at: [0, 0] }, [0, 2], [0, 3]);
  const turned = rowsFirst(block, { row: 1, column: 0, at: [0, 0] }, [0, 3], [0, 2]);
  const read = (/** @type {any} */ b) => Array.from({ length: 6 }, (_, index) => b.values.value(index));
  assert.deepEqual(read(straight), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(read(turned), [1, 4, 2, 5, 3, 6]);
  assert.equal(turned.columns, 2);
});
