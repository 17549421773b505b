/**
 * Which runs are shown, as the query says it. Runs are shown unless hidden. The shorter of two lists of names is written:
 * `hide=a&hide=b`, or `show=a` when few are left. Where both are too long for an address, `sel=` holds one bit a run, in
 * hexadecimal digits, in the order of the list of runs; runs that come later are shown.
 */

/** Longest list of names in the address, in characters. */
const MAXIMUM_LENGTH = 1200;

/** @param {URLSearchParams} query @param {readonly string[]} names @returns {Set<string>} The hidden ones. */
export function readHidden(query, names) {
  const show = query.getAll("show");
  if (show.length > 0) {
    const shown = new Set(show);
    return new Set(names.filter((name) => !shown.has(name)));
  }
  const bits = query.get("sel");
  if (bits !== null) return new Set(names.filter((_, index) => !bit(bits, index)));
  return new Set(query.getAll("hide"));
}

/** @param {string} bits @param {number} index */
function bit(bits, index) {
  const digit = Number.parseInt(bits[index >> 2] ?? "f", 16);
  return Number.isNaN(digit) || ((digit >> (3 - (index & 3))) & 1) === 1;
}

/** The change of the query that hides exactly these. @param {ReadonlySet<string>} hidden @param {readonly string[]} names */
export function writeHidden(hidden, names) {
  const hide = names.filter((name) => hidden.has(name));
  const show = names.filter((name) => !hidden.has(name));
  const none = { hide: null, show: null, sel: null };
  if (hide.length === 0) return none;
  // An empty list of shown ones would mean that all are.
  const useShow = show.length > 0 && show.length < hide.length;
  const list = useShow ? show : hide;
  if (list.reduce((sum, name) => sum + encodeURIComponent(name).length + 6, 0) <= MAXIMUM_LENGTH) {
    return useShow ? { ...none, show } : { ...none, hide };
  }
  let bits = "";
  for (let index = 0; index < names.length; index += 4) {
    let digit = 0;
    for (let k = 0; k < 4; k += 1) {
      const shown = index + k >= names.length || !hidden.has(names[index + k]);
      digit = digit * 2 + (shown ? 1 : 0);
    }
    bits += digit.toString(16);
  }
  return { ...none, sel: bits };
}
