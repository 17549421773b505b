import assert from "node:assert/strict";
import { test } from "node:test";
import { between, firstLook, fit, isCovered, reveal, toView, visibleRect, zoomAt } from "../js/graph/camera.js";
import { colouring, familyOf } from "../js/graph/colour.js";
import { curve, distanceTo, labelPlace, markPlaces, Picture, subtitle } from "../js/graph/model.js";
import { anchored, Motion } from "../js/graph/motion.js";
import { entryName } from "../js/page/graph/toolbar.js";

/** @param {Record<string, unknown>} node */
function box(node) {
  return {
    parent: null,
    label: String(node.id),
    kind: "op",
    op: "Add",
    x: 0,
    y: 0,
    width: 100,
    height: 40,
    open: false,
    ops: 1,
    depth: 1,
    auxiliary: false,
    marks: [],
    more_input_marks: 0,
    more_output_marks: 0,
    ...node,
  };
}

/** @param {any[]} nodes @param {any[]} [edges] */
function view(nodes, edges = []) {
  return /** @type {any} */ ({
    width: 400,
    height: 400,
    direction: "tb",
    nodes,
    edges: edges.map((edge) => ({
      tensors: 1,
      label: "",
      width: 1,
      control: false,
      reference: false,
      back: false,
      points: [[0, 0], [0, 100]],
      ...edge,
    })),
    open: [],
    folded: [],
    templates: 0,
    total: nodes.length,
    problems: [],
  });
}

test("the innermost box is what stands at a point", () => {
  const picture = new Picture(view([
    box({ id: "a", kind: "scope", open: true, width: 300, height: 300 }),
    box({ id: "a/b", parent: "a", kind: "scope", open: true, depth: 2, x: 20, y: 20, width: 200, height: 200 }),
    box({ id: "a/b/c", parent: "a/b", depth: 3, x: 40, y: 40 }),
  ]));
  assert.equal(picture.nodeAt(50, 50)?.id, "a/b/c");
  assert.equal(picture.nodeAt(25, 190)?.id, "a/b");
  assert.equal(picture.nodeAt(290, 290)?.id, "a");
  assert.equal(picture.nodeAt(390, 10), null);
  assert.ok(picture.isInside("a/b/c", "a") && picture.isInside("a/b/c", "a/b") && !picture.isInside("a", "a"));
});

test("a hidden node is shown by the closed scope around it", () => {
  const picture = new Picture(view([box({ id: "a/b" }), box({ id: "c" })]));
  assert.equal(picture.visible("a/b/x/y")?.id, "a/b");
  assert.equal(picture.visible("z/y"), null);
});

test("reach follows lines one way and stops at loops", () => {
  const picture = new Picture(view(
    ["a", "b", "c", "d"].map((id) => box({ id })),
    [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "b" }, { from: "d", to: "c" }],
  ));
  assert.deepEqual([...picture.reach("b", "outputs")].sort(), ["b", "c"]);
  assert.deepEqual([...picture.reach("b", "inputs")].sort(), ["a", "b", "c", "d"]);
});

test("a line is picked by its curve, not by its corners", () => {
  /** @type {[number, number][]} */
  const points = [[0, 0], [100, 100]];
  assert.equal(curve(points[0], [0, 50], "tb"), null);
  assert.deepEqual(curve(points[0], points[1], "tb"), [0, 50, 100, 50]);
  assert.deepEqual(curve(points[0], points[1], "lr"), [50, 0, 50, 100]);
  assert.ok(distanceTo(points, 50, 50, "tb") < 1);
  // The curve leaves downwards, so it is far from the straight line's first quarter.
  assert.ok(distanceTo(points, 25, 25, "tb") > 5);
  const picture = new Picture(view([box({ id: "a" }), box({ id: "b" })], [{ from: "a", to: "b", points }]));
  assert.equal(picture.edgeAt(50, 52, 4)?.from, "a");
  assert.equal(picture.edgeAt(90, 10, 4), null);
});

test("marks stand beside their box and are found there", () => {
  const mark = { id: "k", label: "k", kind: "constant", input: true, control: false };
  const node = /** @type {any} */ (box({ id: "a", x: 50, y: 50, marks: [mark] }));
  assert.deepEqual(markPlaces(node, "tb").map(({ x, y }) => [x, y]), [[38, 70]]);
  assert.equal(new Picture(view([node])).markAt(38, 71)?.mark.id, "k");
  assert.equal(new Picture(view([node])).markAt(60, 71), null);
});

test("labels need room", () => {
  const edge = /** @type {any} */ ({ points: [[0, 0], [0, 20]] });
  assert.equal(labelPlace(edge, "tb"), null);
  assert.deepEqual(labelPlace({ ...edge, points: [[0, 0], [0, 40]] }, "tb"), [0, 23]);
  assert.equal(labelPlace({ ...edge, points: [[0, 0], [100, 0]] }, "lr")?.[0], 30);
});

test("the second line says the type unless the name does", () => {
  assert.equal(subtitle(/** @type {any} */ (box({ id: "Add_3" }))), "");
  assert.equal(subtitle(/** @type {any} */ (box({ id: "x", op: "MatMul" }))), "MatMul");
  assert.equal(subtitle(/** @type {any} */ (box({ id: "s", kind: "scope", ops: 1 }))), "1 op");
  assert.equal(subtitle(/** @type {any} */ (box({ id: "s", kind: "scope", ops: 1234 }))), "1,234 ops");
});

test("zooming keeps the point under the pointer", () => {
  const camera = { scale: 0.7, x: 13, y: -40 };
  const before = toView(camera, 200, 100);
  const after = toView(zoomAt(camera, 1.9, 200, 100), 200, 100);
  assert.ok(Math.abs(before[0] - after[0]) < 1e-9 && Math.abs(before[1] - after[1]) < 1e-9);
});

test("fitting shows everything, and never enlarges much", () => {
  const camera = fit({ x: 10, y: 20, width: 1000, height: 4000 }, 800, 600);
  const seen = visibleRect(camera, 800, 600);
  assert.ok(seen.x <= 10 && seen.y <= 20 && seen.x + seen.width >= 1010 && seen.y + seen.height >= 4020);
  assert.equal(fit({ x: 0, y: 0, width: 10, height: 10 }, 800, 600).scale, 1.15);
});

test("a long picture is first shown from its start, large enough to read", () => {
  const camera = firstLook({ x: 0, y: 0, width: 800, height: 20_000 }, 1000, 700, "tb");
  assert.ok(camera.scale >= 0.55);
  assert.ok(visibleRect(camera, 1000, 700).y <= 0);
});

test("what does not fit is first shown where the flow begins, without empty margins", () => {
  const rect = { x: 0, y: 0, width: 3000, height: 3000 };
  const camera = firstLook(rect, 400, 700, "tb", 1000);
  assert.ok(Math.abs(toView(camera, 200, 0)[0] - 1000) < 1e-9);
  assert.equal(firstLook(rect, 400, 700, "tb", 10).x, 24);
  const sideways = firstLook(rect, 700, 400, "lr", 1000);
  assert.ok(Math.abs(toView(sideways, 0, 200)[1] - 1000) < 1e-9);
});

test("in a narrow window the main part is first shown whole if it stays readable", () => {
  const rect = { x: 0, y: 0, width: 1077, height: 1171 };
  const seen = visibleRect(firstLook(rect, 400, 600, "tb", 564, 802), 400, 600);
  assert.ok(seen.x <= 0 && seen.x + seen.width >= 802 - 1e-9);
  // Beyond that the start is centred, at a size that can be read.
  const camera = firstLook({ ...rect, width: 3000 }, 400, 600, "tb", 1000, 2500);
  assert.equal(camera.scale, 0.55);
  assert.ok(Math.abs(toView(camera, 200, 0)[0] - 1000) < 1e-9);
});

test("what a panel covers is told from what was out of sight before", () => {
  const camera = { scale: 0.5, x: 100, y: 0 };
  const rect = { x: 800, y: 100, width: 200, height: 40 };
  const wide = { width: 1000, height: 600 };
  assert.equal(isCovered(camera, rect, wide, { width: 600, height: 600 }), false);
  assert.equal(isCovered(camera, rect, wide, { width: 550, height: 600 }), true);
  assert.equal(isCovered(camera, rect, wide, { width: 1000, height: 60 }), true);
  assert.equal(isCovered(camera, rect, { width: 400, height: 600 }, { width: 300, height: 600 }), false);
});

test("revealing moves no more than needed", () => {
  const camera = { scale: 1, x: 0, y: 0 };
  assert.deepEqual(reveal(camera, { x: 100, y: 100, width: 50, height: 20 }, 800, 600), camera);
  const moved = reveal(camera, { x: 900, y: 100, width: 50, height: 20 }, 800, 600);
  assert.deepEqual(moved, { scale: 1, x: 800 - 32 - 950, y: 0 });
});

test("cameras between two meet both ends", () => {
  const a = { scale: 0.5, x: 0, y: 0 };
  const b = { scale: 2, x: 10, y: 20 };
  assert.deepEqual(between(a, b, 0), a);
  assert.deepEqual(between(a, b, 1), b);
  assert.equal(between(a, b, 0.5).scale, 1);
});

test("the box that was opened stays under the pointer", () => {
  const old = new Picture(view([box({ id: "a", kind: "scope", x: 100, y: 100 })]));
  const next = new Picture(view([box({ id: "a", kind: "scope", open: true, x: 300, y: 50, width: 400, height: 300 })]));
  const camera = anchored(old, next, { scale: 2, x: 7, y: 9 }, "a");
  // The middle of the closed box, 150 at scale 2, becomes the middle of the frame's title.
  assert.equal(500 * 2 + camera.x, 150 * 2 + 7);
  assert.equal((50 + 16) * 2 + camera.y, 120 * 2 + 9);
});

test("boxes move by name, and new ones come out of what hid them", () => {
  const old = new Picture(view([box({ id: "a", kind: "scope", x: 0, y: 0 }), box({ id: "b", x: 0, y: 100 })]));
  const next = new Picture(view([
    box({ id: "a", kind: "scope", open: true, width: 300, height: 200 }),
    box({ id: "a/x", parent: "a", x: 50, y: 50 }),
    box({ id: "b", x: 0, y: 300 }),
  ]));
  const camera = { scale: 1, x: 0, y: 0 };
  const motion = new Motion(old, next, camera, camera, false);
  motion.step(1000);
  assert.equal(motion.place(next.view.nodes[2]).y, 100);
  assert.equal(motion.place(next.view.nodes[1]).alpha, 0);
  assert.ok(motion.place(next.view.nodes[1]).x >= 0 && motion.place(next.view.nodes[1]).x <= 100);
  assert.equal(motion.step(1500), false);
  assert.equal(motion.place(next.view.nodes[2]).y, 300);
  assert.equal(new Motion(old, next, camera, camera, true).place(next.view.nodes[2]).y, 300);
});

test("colours follow structure, op family or device", () => {
  const nodes = /** @type {any[]} */ ([
    box({ id: "a", kind: "scope", op: null, template: 0, device: "/gpu:0" }),
    box({ id: "b", op: "MatMul", device: "" }),
  ]);
  assert.notEqual(colouring(nodes, "structure", "light").of(nodes[0]), null);
  assert.equal(colouring(nodes, "structure", "light").of(nodes[1]), null);
  assert.deepEqual([...colouring(nodes, "op", "dark").legend.keys()], ["matrix products"]);
  assert.deepEqual([...colouring(nodes, "device", "dark").legend.keys()], ["not placed", "/gpu:0"]);
  assert.equal(familyOf("ResourceApplyAdam"), familyOf("ReluGrad"));
  assert.equal(familyOf("Mystery"), -1);
});

test("graphs of one run have names of their own, which begin with what differs", () => {
  const entry = (/** @type {any} */ more) => ({ source: "event_file", kind: "graph", problem: null, ...more });
  const all = [
    entry({ path: "a/events.1" }),
    entry({ path: "a/events.1", kind: "meta_graph" }),
    entry({ path: "a/events.2" }),
    entry({ path: "a/model.ckpt-2.meta", source: "meta", kind: null, problem: "torn" }),
  ];
  assert.deepEqual(all.map((one) => entryName(one, all)), [
    "graph 1 · events.1",
    "meta graph · events.1",
    "graph 2 · events.2",
    "model.ckpt-2.meta · checkpoint graph (damaged)",
  ]);
});
