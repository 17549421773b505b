import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, groupOf } from "../js/core/tags.js";
import { checkpointAt } from "../js/page/curves/checkpoints.js";
import { Loader, overscanned } from "../js/page/curves/loader.js";
import { parseRange, parseSmoothing, parseWindow, writeRange } from "../js/page/curves/state.js";
import { fromSlider, toSlider } from "../js/page/curves/toolbar.js";

test("tags are grouped by the text before the first slash", () => {
  assert.deepEqual(["a/b/c", "a", "/x"].map(groupOf), ["a", "", ""]);
  const tag = (/** @type {string} */ name) => ({ tag: name, runs: new Set(["r"]), description: null });
  const groups = grouped([tag("b/layer10"), tag("b/layer9"), tag("a/x"), tag("loss")]);
  assert.deepEqual(groups.map((group) => [group.name, group.tags.map((t) => t.tag)]), [
    ["", ["loss"]],
    ["a", ["a/x"]],
    ["b", ["b/layer9", "b/layer10"]],
  ]);
});

test("a window from the address has a kind and a width above zero", () => {
  assert.deepEqual(parseWindow("median:50"), { kind: "median", window: 50 });
  for (const text of ["mean", "mean:", "mean:0", "mean:-1", "mean:x"]) {
    assert.deepEqual(parseWindow(text), { kind: "mean", window: 100 }, text);
  }
  for (const text of [null, "", "0.6", "ema:0.6", "box:3"]) assert.equal(parseWindow(text), null, String(text));
});

test("smoothing from the address is always a weight below one", () => {
  assert.deepEqual(["0", "0.9", "5", "-1", "x", "", null, "NaN"].map(parseSmoothing), [
    0,
    0.9,
    0.999,
    0,
    0.6,
    0.6,
    0.6,
    0.6,
  ]);
});

test("the slider reaches every weight it can show", () => {
  for (const weight of [0, 0.3, 0.6, 0.9, 0.99]) {
    assert.ok(Math.abs(fromSlider(toSlider(weight)) - weight) < 0.001, String(weight));
  }
});

test("a range comes back from the address; nonsense is no range", () => {
  for (const range of /** @type {[number, number][]} */ ([[0, 100], [1.25, 3.5], [-10, 1e6]])) {
    assert.deepEqual(parseRange(writeRange(range, "relative")), range);
  }
  for (const text of [null, "", "1", "1..", "..2", "2..1", "a..b", "1..2..3", "NaN..3", "1..Infinity"]) {
    assert.equal(parseRange(text), null, String(text));
  }
  assert.equal(writeRange([5, 5], "step"), null);
});

test("a query for a range asks for a quarter more on both sides", () => {
  assert.deepEqual(overscanned([100, 200], 600), { from: 75, to: 225, width: 900 });
  assert.deepEqual(overscanned(null, 611), { from: null, to: null, width: 650 });
});

/** @param {(body: any) => Promise<Response>} answer @param {() => Promise<void>} body */
async function withServer(answer, body) {
  const real = globalThis.fetch;
  globalThis.fetch =
    /** @type {any} */ ((/** @type {string} */ _url, /** @type {RequestInit} */ init) =>
      answer(JSON.parse(String(init.body))));
  try {
    await body();
  } finally {
    globalThis.fetch = real;
  }
}

/** An answer with one point for each series. @param {any} request */
function onePointEach(request) {
  /** @type {any[]} */
  const series = [];
  for (const { tag, runs } of request.queries) {
    for (const run of runs) {
      series.push({ run, tag, count: 1, n: 1, raw: true, x: 0, first: 8, min: 8, max: 8, last: 8, points: 16 });
    }
  }
  let text = JSON.stringify({ revision: 3, series });
  while ((8 + text.length) % 8) text += " ";
  const bytes = new Uint8Array(8 + text.length + 24);
  bytes.set(new TextEncoder().encode(`TSS1\0\0\0\0${text}`));
  new DataView(bytes.buffer).setUint32(4, text.length, true);
  return new Response(bytes);
}

/** @type {import("../js/page/curves/loader.js").Settings} */
const SETTINGS = { x: "step", from: null, to: null, width: 600, smoothing: 0, branches: "all" };
const settled = () => new Promise((resolve) => setImmediate(resolve)).then(() => new Promise((r) => setImmediate(r)));

test("everything wanted in one turn goes into one request, and is not asked for again", async () => {
  /** @type {any[]} */
  const requests = [];
  await withServer((body) => (requests.push(body), Promise.resolve(onePointEach(body))), async () => {
    const loader = new Loader();
    loader.use(SETTINGS);
    loader.want("loss", ["a", "b"]);
    loader.want("accuracy", ["a"]);
    await settled();
    loader.want("loss", ["a", "b"]);
    await settled();
    assert.deepEqual(requests.map((request) => request.queries), [
      [{ tag: "loss", runs: ["a", "b"] }, { tag: "accuracy", runs: ["a"] }],
    ]);
    assert.deepEqual([...loader.data("loss")().series.keys()], ["a", "b"]);
    loader.want("loss", ["a", "b", "c"]);
    await settled();
    assert.deepEqual(requests[1].queries, [{ tag: "loss", runs: ["c"] }]);
  });
});

test("new points make only their series stale; the old picture stays until the answer", async () => {
  /** @type {any[]} */
  const requests = [];
  await withServer((body) => (requests.push(body), Promise.resolve(onePointEach(body))), async () => {
    const loader = new Loader();
    loader.use(SETTINGS);
    loader.want("loss", ["a", "b"]);
    await settled();
    loader.invalidate("b", ["loss"]);
    loader.want("loss", ["a", "b"]);
    assert.equal(loader.data("loss")().series.size, 2);
    await settled();
    assert.deepEqual(requests[1].queries, [{ tag: "loss", runs: ["b"] }]);
  });
});

test("an answer for settings that have changed is not taken", async () => {
  /** @type {((response: Response) => void)[]} */
  const answers = [];
  /** @type {any[]} */
  const requests = [];
  await withServer((body) => {
    requests.push(body);
    return new Promise((resolve) => answers.push(resolve));
  }, async () => {
    const loader = new Loader();
    loader.use(SETTINGS);
    loader.want("loss", ["a"]);
    await settled();
    loader.use({ ...SETTINGS, smoothing: 0.5 });
    loader.want("loss", ["a"]);
    await settled();
    loader.use({ ...SETTINGS, smoothing: { kind: "median", window: 50 } });
    loader.want("loss", ["a"]);
    await settled();
    answers[0](onePointEach(requests[0]));
    await settled();
    answers[1](onePointEach(requests[1]));
    await settled();
    assert.equal(loader.data("loss")().series.size, 0);
    answers[2](onePointEach(requests[2]));
    await settled();
    assert.equal(loader.data("loss")().series.size, 1);
    assert.deepEqual(requests[1].smoothing, { kind: "ema", weight: 0.5 });
    assert.deepEqual(requests[2].smoothing, { kind: "median", window: 50 });
  });
});

test("an error is kept with the chart and can be tried again", async () => {
  let broken = true;
  await withServer(
    (body) =>
      Promise.resolve(
        broken
          ? new Response(JSON.stringify({ title: "Error", detail: "The disk is full." }), { status: 500 })
          : onePointEach(body),
      ),
    async () => {
      const loader = new Loader();
      loader.use(SETTINGS);
      loader.want("loss", ["a"]);
      await settled();
      assert.equal(loader.data("loss")().error?.detail, "The disk is full.");
      broken = false;
      loader.retry("loss");
      loader.want("loss", ["a"]);
      await settled();
      assert.equal(loader.data("loss")().error, null);
      assert.equal(loader.data("loss")().series.size, 1);
    },
  );
});

test("many series are split over requests, at most two at a time", async () => {
  let open = 0;
  let most = 0;
  let total = 0;
  await withServer(async (body) => {
    open += 1;
    most = Math.max(most, open);
    total += body.queries.length;
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return onePointEach(body);
  }, async () => {
    const loader = new Loader();
    loader.use(SETTINGS);
    const runs = Array.from({ length: 500 }, (_, i) => `run${i}`);
    for (let i = 0; i < 6; i += 1) loader.want(`tag${i}`, runs);
    for (let i = 0; i < 20; i += 1) await settled();
    assert.equal(total, 6);
    assert.equal(most, 2);
  });
});

test("a point leads to the checkpoint saved at or before it", () => {
  const list = [100, 200, 300].map((step) => ({ id: `c${step}`, run: "a", step, problem: null }));
  const all = [...list, { id: "other", run: "b", step: 150, problem: null }, {
    id: "x",
    run: "a",
    step: null,
    problem: null,
  }];
  const at = (/** @type {number} */ step) => checkpointAt(all, "a", step)?.id;
  assert.deepEqual([50, 100, 199, 250, Infinity].map(at), ["c100", "c100", "c100", "c200", "c300"]);
  assert.equal(checkpointAt(all, "nobody", 1), null);
});

test("charts out of sight are let go when there is no room, those in sight never", () => {
  const loader = new Loader();
  const big = /** @type {any} */ ({ x: { length: 2_000_000 }, raw: true, smooth: null });
  for (const tag of ["a", "b", "c"]) {
    loader.data(tag).set({ series: new Map([["run", [big]]]), error: null, pending: false });
    loader.brought.set(tag, new Map());
  }
  loader.forget("b");
  assert.deepEqual(["a", "b", "c"].map((tag) => loader.data(tag)().series.size), [1, 0, 1]);
  loader.forget("c");
  assert.deepEqual(["a", "b", "c"].map((tag) => loader.data(tag)().series.size), [1, 0, 1]);
});
