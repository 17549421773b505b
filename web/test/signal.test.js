import assert from "node:assert/strict";
import { test } from "node:test";
import { batch, createScope, effect, memo, onCleanup, signal, untrack } from "../js/core/signal.js";

/** @param {() => unknown} read */
function record(read) {
  /** @type {unknown[]} */
  const seen = [];
  effect(() => {
    seen.push(read());
  });
  return seen;
}

test("an effect runs at once and after each change", () => {
  const a = signal(1);
  const seen = record(a);
  a.set(2);
  a.set(2);
  a.update((value) => value + 1);
  assert.deepEqual(seen, [1, 2, 3]);
});

test("a diamond never shows half of a change", () => {
  const a = signal(1);
  const double = memo(() => a() * 2);
  const triple = memo(() => a() * 3);
  const seen = record(() => double() + triple());
  a.set(2);
  assert.deepEqual(seen, [5, 10]);
});

test("a memo that comes out equal wakes nobody", () => {
  const a = signal(1);
  let computed = 0;
  const odd = memo(() => {
    computed += 1;
    return a() % 2;
  });
  const seen = record(odd);
  a.set(3);
  a.set(4);
  assert.deepEqual(seen, [1, 0]);
  assert.equal(computed, 3);
});

test("a batch runs effects once", () => {
  const a = signal(1);
  const b = signal(1);
  const seen = record(() => a() + b());
  batch(() => {
    a.set(2);
    b.set(2);
  });
  assert.deepEqual(seen, [2, 4]);
});

test("what is read is found anew at each run", () => {
  const which = signal(true);
  const a = signal("a");
  const b = signal("b");
  const seen = record(() => (which() ? a() : b()));
  which.set(false);
  a.set("A");
  b.set("B");
  assert.deepEqual(seen, ["a", "b", "B"]);
});

test("untrack reads without depending", () => {
  const a = signal(1);
  const seen = record(() => untrack(a));
  a.set(2);
  assert.deepEqual(seen, [1]);
});

test("disposing a scope ends its effects and runs its clean-ups, youngest first", () => {
  const a = signal(1);
  /** @type {unknown[]} */
  const log = [];
  const { dispose } = createScope(() => {
    onCleanup(() => log.push("first"));
    onCleanup(() => log.push("second"));
    effect(() => {
      log.push(a());
      onCleanup(() => log.push("inner"));
    });
  });
  a.set(2);
  dispose();
  dispose();
  a.set(3);
  assert.deepEqual(log, [1, "inner", 2, "inner", "second", "first"]);
});

test("an effect disposes what its last run made", () => {
  const outer = signal(0);
  const inner = signal(0);
  let runs = 0;
  effect(() => {
    outer();
    effect(() => {
      inner();
      runs += 1;
    });
  });
  outer.set(1);
  outer.set(2);
  runs = 0;
  inner.set(1);
  assert.equal(runs, 1);
});

test("an error in one effect does not stop the others", () => {
  const a = signal(0);
  const reported = console.error;
  const errors = /** @type {unknown[]} */ ([]);
  const old = /** @type {any} */ (globalThis).reportError;
  /** @type {any} */ (globalThis).reportError = (/** @type {unknown} */ error) => errors.push(error);
  try {
    effect(() => {
      if (a() === 1) throw new Error("broken");
    });
    const seen = record(a);
    a.set(1);
    assert.deepEqual(seen, [0, 1]);
    assert.equal(errors.length, 1);
  } finally {
    /** @type {any} */ (globalThis).reportError = old;
    console.error = reported;
  }
});

test("a write inside an effect is seen in the same flush", () => {
  const a = signal(1);
  const b = signal(0);
  effect(() => b.set(a() * 10));
  const seen = record(b);
  a.set(2);
  assert.deepEqual(seen, [10, 20]);
});
