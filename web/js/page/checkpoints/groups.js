/** Checkpoints by run, as the list shows them. No DOM here. */

/** @typedef {import("../checkpoints.js").Checkpoint} Checkpoint */
/** @typedef {{ run: string, items: Checkpoint[], bytes: number }} Group */

/** The file name of a prefix. @param {string} prefix */
export function fileName(prefix) {
  return prefix.slice(prefix.lastIndexOf("/") + 1);
}

/**
 * Groups by run in the order of the list; in each, newest step first (checkpoints without a step by name, last).
 * @param {readonly Checkpoint[]} checkpoints
 * @param {(run: string) => boolean} isShown
 * @param {(text: string) => boolean} matches Tested with run and file name.
 * @returns {Group[]}
 */
export function groupsOf(checkpoints, isShown, matches) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const checkpoint of checkpoints) {
    if (!isShown(checkpoint.run) || !matches(`${checkpoint.run} ${checkpoint.prefix}`)) continue;
    let group = groups.get(checkpoint.run);
    if (!group) {
      group = { run: checkpoint.run, items: [], bytes: 0 };
      groups.set(checkpoint.run, group);
    }
    group.items.push(checkpoint);
    group.bytes += checkpoint.bytes;
  }
  for (const group of groups.values()) group.items.sort(newestFirst);
  return [...groups.values()];
}

/** Numbers inside of names in their order. */
const collator = new Intl.Collator("en", { numeric: true });

/** @param {Checkpoint} a @param {Checkpoint} b */
export function newestFirst(a, b) {
  if (a.step !== null && b.step !== null && a.step !== b.step) return b.step - a.step;
  if ((a.step === null) !== (b.step === null)) return a.step === null ? 1 : -1;
  return collator.compare(a.prefix, b.prefix);
}

/**
 * The checkpoints before and after one in its run, by step.
 * @param {readonly Checkpoint[]} checkpoints
 * @param {string} id
 * @returns {{ older: Checkpoint | null, newer: Checkpoint | null, place: number, count: number }}
 */
export function neighbours(checkpoints, id) {
  const run = checkpoints.find((checkpoint) => checkpoint.id === id)?.run;
  const all = checkpoints.filter((checkpoint) => checkpoint.run === run).sort(newestFirst);
  const place = all.findIndex((checkpoint) => checkpoint.id === id);
  return {
    newer: all[place - 1] ?? null,
    older: place < 0 ? null : all[place + 1] ?? null,
    place: all.length - place,
    count: all.length,
  };
}
