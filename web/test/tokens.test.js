import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const SOURCE = readFileSync(new URL("../css/tokens.css", import.meta.url), "utf8");

/** The colours of a rule. @param {string} selector @returns {Record<string, string>} */
function tokens(selector) {
  const start = SOURCE.indexOf(`${selector} {`);
  assert.ok(start >= 0, selector);
  const body = SOURCE.slice(start, SOURCE.indexOf("}", start));
  return Object.fromEntries(
    [...body.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

/** WCAG 2 relative luminance. @param {string} hex */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {string} a @param {string} b */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const THEMES = {
  light: tokens(":root"),
  dark: tokens(':root[data-theme="dark"]'),
};

test("both ways to be dark are the same", () => {
  assert.deepEqual(tokens(':root:not([data-theme="light"])'), THEMES.dark);
});

test("text can be read on every background", () => {
  for (const [name, theme] of Object.entries(THEMES)) {
    for (const background of ["bg", "surface", "raised", "hover"]) {
      for (const text of ["text", "muted"]) {
        const found = contrast(theme[text], theme[background]);
        assert.ok(found >= 4.5, `${text} on ${background}, ${name}: ${found.toFixed(2)}`);
      }
    }
  }
});

test("coloured text can be read where it stands", () => {
  for (const [name, theme] of Object.entries(THEMES)) {
    for (
      const [text, background] of [
        ["accent", "bg"],
        ["accent", "surface"],
        ["accent", "accent-soft"],
        ["on-accent", "accent"],
        ["warn", "warn-soft"],
        ["danger", "danger-soft"],
        ["danger", "bg"],
      ]
    ) {
      const found = contrast(theme[text], theme[background]);
      assert.ok(found >= 4.5, `${text} on ${background}, ${name}: ${found.toFixed(2)}`);
    }
  }
});
