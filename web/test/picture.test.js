import assert from "node:assert/strict";
import { test } from "node:test";
import { svgOf } from "../js/chart/export.js";
import { csvField, fileName } from "../js/chart/export.js";
import { nonFiniteText } from "../js/chart/describe.js";
import { clippedExtent, xExtent, yExtent } from "../js/chart/extent.js";
import { hitsAt, nonFiniteAt } from "../js/chart/hover.js";
import { endLabels, layOut, shortLabels } from "../js/chart/picture.js";
import { SvgContext } from "../js/chart/svg.js";
import { rawSeries } from "./series.js";

const COLOURS = { grid: "#eee", axis: "#ccc", text: "#555", background: "#fff" };

/** @param {import("../js/core/frame.js").Series[]} list @param {Partial<import("../js/chart/picture.js").Scene>} [more] */
function scene(list, more = {}) {
  /** @type {import("../js/chart/picture.js").Scene} */
  const made = {
    width: 400,
    height: 220,
    lines: list.map((series) => ({ run: series.run, label: series.run, colour: "#123456", dash: [], series })),
    xKind: "step",
    x: null,
    logX: false,
    logY: false,
    clip: false,
    colours: COLOURS,
    ...more,
  };
  return made;
}

/** @param {import("../js/chart/picture.js").Scene} what */
function layout(what) {
  const found = layOut(new SvgContext(400, 220), what);
  assert.ok(found);
  return found;
}

test("the axes hold all series, spikes included", () => {
  const list = [rawSeries([0, 50], [1, 2]), rawSeries([10, 90], [-3, 100])];
  assert.deepEqual(xExtent(list), [0, 90]);
  const { min, max } = yExtent(list, [0, 90]);
  assert.deepEqual([min, max], [-3, 100]);
  const { ys, clipped } = layout(scene(list));
  assert.ok(ys.domain[0] <= -3 && ys.domain[1] >= 100 && !clipped);
});

test("the y axis follows the range of x", () => {
  const series = rawSeries([0, 1, 2, 3, 4], [100, 1, 2, 3, 100]);
  assert.deepEqual(yExtent([series], [1, 3]), { min: 1, max: 3, smallest: 1 });
});

test("clipping leaves out one spike in a thousand and says that it did", () => {
  const y = Array.from({ length: 1000 }, (_, i) => i / 1000);
  y[500] = 1e6;
  const series = rawSeries(y.map((_, i) => i), y);
  assert.ok(clippedExtent([series], [0, 999]).max < 1.1);
  assert.equal(layout(scene([series], { clip: true })).clipped, true);
  assert.equal(layout(scene([series])).clipped, false);
});

test("a log axis shows values that are not positive too", () => {
  assert.equal(layout(scene([rawSeries([0, 1], [0.01, 10])], { logY: true })).ys.kind, "log");
  assert.equal(layout(scene([rawSeries([0, 1], [-1, 10])], { logY: true })).ys.kind, "symlog");
  assert.equal(layout(scene([rawSeries([0, 1], [-1, -10])], { logY: true })).ys.kind, "linear");
});

test("nothing to show has no layout; one point has", () => {
  assert.equal(layOut(new SvgContext(400, 220), scene([])), null);
  const { xs } = layout(scene([rawSeries([7], [1])]));
  assert.ok(xs.domain[0] < 7 && xs.domain[1] > 7);
});

test("labels leave out what all names share", () => {
  assert.deepEqual(shortLabels(["a/mlp/x", "a/cnn/x"]), ["mlp", "cnn"]);
  assert.deepEqual(shortLabels(["a", "a/b"]), ["a", "a/b"]);
  assert.deepEqual(shortLabels(["only/one"]), ["only/one"]);
  assert.deepEqual(shortLabels([]), []);
});

test("only lines that reach the right edge have a label there", () => {
  const list = [
    rawSeries([0, 1000], [1, 1], { run: "long" }),
    rawSeries([0, 980], [2, 2], { run: "nearly" }),
    rawSeries([0, 300], [3, 3], { run: "short" }),
  ];
  const what = scene(list);
  const names = (/** @type {[number, number]} */ domain, /** @type {any} */ more = {}) =>
    endLabels({ ...what, ...more }, domain).map((line) => line.label);
  assert.deepEqual(names([0, 1000]), ["long", "nearly"]);
  assert.deepEqual(names([0, 300]), ["long", "nearly", "short"]);
  assert.deepEqual(names([1, 1000], { logX: true }), ["long", "nearly"]);
  assert.deepEqual(names([-20, -10]), []);
  const one = layout(scene([list[2], rawSeries([0, 1000], [1, 1])], { x: [2000, 3000] }));
  assert.equal(one.labelled, false);
});

test("an x axis has three ticks at least, however little room labels leave", () => {
  for (const last of [879, 4999, 20_000, 7, 1_000_000]) {
    const ends = ["a-rather-long-name", "another-long-name"].map((run) => rawSeries([0, last], [1, 2], { run }));
    const { xTicks, labelled } = layout(scene(ends, { width: 360 }));
    assert.ok(labelled && xTicks.length >= 3 && xTicks.length <= 6, `${last}: ${xTicks.map((tick) => tick.label)}`);
  }
});

test("values that are no numbers are counted by kind", () => {
  const mark = { x: 5, nan: 2, positive: 1, negative: 0 };
  const series = rawSeries([0, 9], [1, 1], { nonFinite: [mark, { ...mark, x: 6 }], nonFiniteCount: 6 });
  const low = rawSeries([0], [1], { nonFinite: [{ x: 1, nan: 0, positive: 0, negative: 1 }], nonFiniteCount: 1 });
  assert.deepEqual(nonFiniteText([series, low]), { count: 7, text: "4 NaN, 2 +∞, 1 −∞" });
  assert.deepEqual(nonFiniteText([rawSeries([0], [1])]), { count: 0, text: "" });
  assert.equal(nonFiniteText([{ ...series, nonFiniteCount: 5000 }]).text, "5,000 NaN or ∞");
});

test("the nearest line comes first", () => {
  const list = [rawSeries([0, 100], [1, 1], { run: "low" }), rawSeries([0, 100], [9, 9], { run: "high" })];
  const what = scene(list);
  const place = layout(what);
  const runs = (/** @type {number} */ y) => hitsAt(what.lines, place, 50, place.ys.map(y)).map((hit) => hit.line.run);
  assert.deepEqual(runs(8), ["high", "low"]);
  assert.deepEqual(runs(2), ["low", "high"]);
});

test("a run that ended long before the pointer is not listed", () => {
  const list = [rawSeries([0, 1000], [1, 1], { run: "long" }), rawSeries([0, 10], [1, 1], { run: "short" })];
  const what = scene(list);
  assert.deepEqual(hitsAt(what.lines, layout(what), 900, 50).map((hit) => hit.line.run), ["long"]);
});

test("values that are no numbers are found near the pointer", () => {
  const series = rawSeries([0, 100], [1, 1], { nonFinite: [{ x: 50, nan: 2, positive: 0, negative: 1 }] });
  const what = scene([series]);
  const [found] = nonFiniteAt(what.lines, layout(what), 50.1);
  assert.deepEqual([found.nan, found.negative], [2, 1]);
  assert.deepEqual(nonFiniteAt(what.lines, layout(what), 80), []);
});

test("an exported SVG is well formed and holds names only as text", () => {
  const text = svgOf(scene([rawSeries([0, 1], [1, 2], { run: "<script>&\u0001" })]), 'a "title" <b>');
  assert.ok(text.startsWith("<svg ") && text.endsWith("</svg>\n"));
  assert.ok(!text.includes("<script") && !text.includes("<b>") && !text.includes("\u0001"));
  const opened = (text.match(/<(svg|g|clipPath|text|path|rect)\b/g) ?? []).length;
  const closed = (text.match(/\/>|<\/(svg|g|clipPath|text)>/g) ?? []).length;
  assert.equal(opened, closed);
});

test("CSV fields are quoted, and never formulas", () => {
  assert.equal(csvField('a,"b"'), '"a,""b"""');
  assert.equal(csvField("=1+1"), "'=1+1");
  assert.equal(csvField("plain/run"), "plain/run");
});

test("file names are safe everywhere", () => {
  assert.equal(fileName("train/loss", "png"), "train_loss.png");
  assert.equal(fileName("../../x", "csv"), "x.csv");
  assert.equal(fileName("", "csv"), "chart.csv");
});
