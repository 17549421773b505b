/**
 * Signals: values that know who reads them.
 *
 * `signal` holds a value, `memo` derives one, `effect` runs again when what it read has changed. Effects and memos belong
 * to the scope they were made in; disposing a scope ends everything made inside it, so that removed parts of the page
 * leave nothing running. An effect is the scope of what it makes: that is disposed before each new run.
 *
 * Changes spread in two steps: a write marks readers as stale (and queues stale effects), then each stale effect asks
 * whether anything it read really has a new version. An effect therefore never sees half of a change, and does not run
 * when a memo between it and the change comes out equal.
 */

/** @template T @typedef {{ (): T, peek: () => T }} Readable */
/** @template T @typedef {Readable<T> & { set: (value: T) => void, update: (change: (value: T) => T) => void }} Signal */

class Scope {
  /** @param {Scope | null} parent */
  constructor(parent) {
    /** @type {Set<Scope>} */
    this.children = new Set();
    /** @type {(() => void)[]} */
    this.cleanups = [];
    this.disposed = false;
    this.parent = parent;
    parent?.children.add(this);
  }

  /** Ends what was made inside, youngest first; the scope itself can be used again (an effect does). */
  clear() {
    for (const child of [...this.children].reverse()) child.dispose();
    this.children.clear();
    const cleanups = this.cleanups;
    this.cleanups = [];
    for (const cleanup of cleanups.reverse()) cleanup();
  }

  dispose() {
    if (this.disposed) return;
    this.disposed = true;
    this.clear();
    this.parent?.children.delete(this);
  }
}

/** What can be read: a signal's value or a memo's. @template T */
class Source {
  /** @param {T} value @param {(a: T, b: T) => boolean} equals */
  constructor(value, equals) {
    this.value = value;
    this.equals = equals;
    this.version = 0;
    /** @type {Set<Computation>} */
    this.readers = new Set();
    /** @type {Computation | null} The memo that computes this source. */
    this.computation = null;
  }

  read() {
    this.computation?.refresh();
    if (reader && !reader.disposed) {
      this.readers.add(reader);
      reader.sources.set(this, this.version);
    }
    return this.value;
  }

  peek() {
    this.computation?.refresh();
    return this.value;
  }

  /** @param {T} value */
  write(value) {
    if (this.version > 0 && this.equals(this.value, value)) return false;
    this.value = value;
    this.version += 1;
    return true;
  }

  markReaders() {
    for (const computation of this.readers) computation.mark();
  }
}

/** What reads: an effect or a memo. */
class Computation extends Scope {
  /** @param {() => void} run @param {Source<any> | null} output */
  constructor(run, output) {
    super(scope);
    this.run = run;
    this.output = output;
    /** @type {Map<Source<any>, number>} Sources read, and the version seen. */
    this.sources = new Map();
    this.stale = true;
    this.fresh = true;
  }

  mark() {
    if (this.stale || this.disposed) return;
    this.stale = true;
    if (this.output) this.output.markReaders();
    else queue.push(this);
  }

  refresh() {
    if (!this.stale || this.disposed) return;
    this.stale = false;
    if (this.fresh || this.sourcesChanged()) this.execute();
  }

  sourcesChanged() {
    for (const [source, version] of this.sources) {
      source.computation?.refresh();
      if (source.version !== version) return true;
    }
    return false;
  }

  execute() {
    this.fresh = false;
    this.clear();
    this.forget();
    const outer = { reader, scope };
    reader = this;
    scope = this;
    try {
      this.run();
    } finally {
      reader = outer.reader;
      scope = outer.scope;
    }
  }

  forget() {
    for (const source of this.sources.keys()) source.readers.delete(this);
    this.sources.clear();
  }

  /** @override */
  dispose() {
    super.dispose();
    this.forget();
  }
}

/** @type {Computation | null} */
let reader = null;
/** @type {Scope | null} */
let scope = null;
/** @type {Computation[]} */
let queue = [];
let batches = 0;
let flushing = false;

/** More rounds than this in one flush mean that effects keep waking each other. */
const MAXIMUM_ROUNDS = 1000;

function flush() {
  if (batches > 0 || flushing) return;
  flushing = true;
  try {
    for (let round = 0; queue.length > 0; round += 1) {
      if (round > MAXIMUM_ROUNDS) {
        queue = [];
        throw new Error("Effects keep changing what they depend on.");
      }
      const effects = queue;
      queue = [];
      for (const computation of effects) {
        try {
          computation.refresh();
        } catch (error) {
          report(error);
        }
      }
    }
  } finally {
    flushing = false;
  }
}

/** One broken effect must not stop the others. @param {unknown} error */
function report(error) {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}

/**
 * A value that can be read (tracked), peeked at (untracked) and set.
 * @template T
 * @param {T} value
 * @param {(a: T, b: T) => boolean} [equals] When equal, a new value is dropped.
 * @returns {Signal<T>}
 */
export function signal(value, equals = Object.is) {
  const source = new Source(value, equals);
  source.version = 1;
  const read = () => source.read();
  /** @param {T} next */
  const set = (next) => {
    if (!source.write(next)) return;
    source.markReaders();
    flush();
  };
  return Object.assign(read, {
    peek: () => source.value,
    set,
    /** @param {(value: T) => T} change */
    update: (change) => set(change(source.value)),
  });
}

/**
 * A derived value, computed when read and only when what it read has changed.
 * @template T
 * @param {() => T} compute
 * @param {(a: T, b: T) => boolean} [equals]
 * @returns {Readable<T>}
 */
export function memo(compute, equals = Object.is) {
  const source = new Source(/** @type {any} */ (undefined), equals);
  const computation = new Computation(() => source.write(compute()), source);
  source.computation = computation;
  return Object.assign(() => source.read(), { peek: () => source.peek() });
}

/**
 * Runs now, and again whenever a signal read in it changes. Returns what ends it.
 * @param {() => void} run
 * @returns {() => void}
 */
export function effect(run) {
  const computation = new Computation(run, null);
  computation.refresh();
  return () => computation.dispose();
}

/** Runs `change`; effects wait until it has finished. @template T @param {() => T} change @returns {T} */
export function batch(change) {
  batches += 1;
  try {
    return change();
  } finally {
    batches -= 1;
    flush();
  }
}

/** Runs `read` without making the caller depend on what it reads. @template T @param {() => T} read @returns {T} */
export function untrack(read) {
  const outer = reader;
  reader = null;
  try {
    return read();
  } finally {
    reader = outer;
  }
}

/**
 * Runs `build` in a scope of its own; `dispose` ends all effects and runs all clean-ups registered in it.
 * @template T
 * @param {() => T} build
 * @param {{ detached?: boolean }} [options] A detached scope does not end with the one around it.
 * @returns {{ value: T, dispose: () => void }}
 */
export function createScope(build, options = {}) {
  const inner = new Scope(options.detached ? null : scope);
  const outer = { reader, scope };
  reader = null;
  scope = inner;
  try {
    return { value: build(), dispose: () => inner.dispose() };
  } finally {
    reader = outer.reader;
    scope = outer.scope;
  }
}

/** Registers what to do when the present scope ends. @param {() => void} cleanup */
export function onCleanup(cleanup) {
  scope?.cleanups.push(cleanup);
}

/**
 * Adds an event listener that goes with the present scope.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} listener
 * @param {AddEventListenerOptions} [options]
 */
export function listen(target, type, listener, options) {
  target.addEventListener(type, listener, options);
  onCleanup(() => target.removeEventListener(type, listener, options));
}
