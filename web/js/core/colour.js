/**
 * Colours of runs. A run keeps its slot: by name, through filters, reloads and themes. Slots 0 to 7 are solid lines in
 * eight colours that stay apart under the common forms of colour blindness; later slots repeat them with dashes, so
 * colour is never the only channel.
 */

/** Farthest apart first. Smallest contrast with the background: light 3.0, dark 4.5. */
export const PALETTE = {
  light: ["#348cb2", "#67394a", "#cf8424", "#0331f6", "#ad78fe", "#9d05a8", "#f5228e", "#62701a"],
  dark: ["#ce8dfe", "#4dfb9c", "#de4291", "#c5d3f7", "#fa8c68", "#6174f7", "#9c7f24", "#2ac4b8"],
};

/** Canvas dash patterns in CSS pixels, one for each round through the colours. */
export const DASHES = [[], [6, 3], [2, 2]];

/** @typedef {{ slot: number, colour: string, dash: readonly number[] }} RunStyle */

/** @param {number} slot @param {"light" | "dark"} theme @returns {RunStyle} */
export function styleOf(slot, theme) {
  const colours = PALETTE[theme];
  return {
    slot,
    colour: colours[slot % colours.length],
    dash: DASHES[Math.floor(slot / colours.length) % DASHES.length],
  };
}

/** A CSS background that shows a line's colour and dashes, for the small boxes beside names. @param {{ colour: string, dash: readonly number[] }} line */
export function swatchOf(line) {
  if (line.dash.length === 0) return line.colour;
  const stripe = line.dash[0] > 2 ? 4 : 2;
  return `repeating-linear-gradient(90deg, ${line.colour} 0 ${stripe}px, transparent ${stripe}px ${stripe + 1.5}px)`;
}

/** Gives names their slots and remembers them. */
export class Slots {
  /** @param {Record<string, number>} [known] Slots of an earlier visit. */
  constructor(known = {}) {
    /** @type {Map<string, number>} */
    this.byName = new Map(Object.entries(known).filter(([, slot]) => Number.isInteger(slot) && slot >= 0));
  }

  /**
   * Slots for these names: a known name keeps its own, a new one takes the lowest slot that no name in the list has.
   * @param {readonly string[]} names In the order that decides who comes first.
   * @returns {boolean} Whether anything was new.
   */
  assign(names) {
    const taken = new Set();
    for (const name of names) {
      const slot = this.byName.get(name);
      if (slot !== undefined) taken.add(slot);
    }
    let next = 0;
    let changed = false;
    for (const name of names) {
      if (this.byName.has(name)) continue;
      while (taken.has(next)) next += 1;
      this.byName.set(name, next);
      taken.add(next);
      changed = true;
    }
    return changed;
  }

  /** @param {string} name */
  of(name) {
    return this.byName.get(name) ?? 0;
  }

  toJSON() {
    return Object.fromEntries(this.byName);
  }
}
