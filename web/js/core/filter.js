/**
 * What is typed into a filter box: words that must all occur (any case), or `/regular expression/`. One language for runs
 * and tags.
 */

/** @typedef {{ test: (name: string) => boolean, empty: boolean, error: string | null }} Filter */

/** @param {string} text @returns {Filter} */
export function parseFilter(text) {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "/" || trimmed === "//") return { test: () => true, empty: true, error: null };
  if (trimmed.startsWith("/")) {
    const source = trimmed.length > 1 && trimmed.endsWith("/") ? trimmed.slice(1, -1) : trimmed.slice(1);
    try {
      const expression = new RegExp(source, "i");
      return { test: (name) => expression.test(name), empty: false, error: null };
    } catch (error) {
      // An expression that is not finished yet hides nothing.
      return { test: () => true, empty: false, error: error instanceof Error ? error.message : String(error) };
    }
  }
  const words = trimmed.toLowerCase().split(/\s+/);
  return {
    test: (name) => {
      const lower = name.toLowerCase();
      return words.every((word) => lower.includes(word));
    },
    empty: false,
    error: null,
  };
}
