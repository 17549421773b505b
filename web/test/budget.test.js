import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "js");

/** What the server sends: lines that are only a comment are left out. @param {string} source */
function sent(source) {
  let inside = false;
  return source.split("\n").filter((line) => {
    const text = line.trim();
    if (inside) {
      inside = !text.endsWith("*/");
      return false;
    }
    if (text.startsWith("/*")) {
      inside = !text.includes("*/");
      return !inside && !text.endsWith("*/");
    }
    return !text.startsWith("//");
  }).join("\n");
}

/** @param {string} file */
const packed = (file) => gzipSync(sent(readFileSync(file, "utf8")), { level: 9 }).length;
/** @param {string} folder @returns {string[]} */
const scripts = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js")).map((name) =>
    join(folder, name)
  );

/** The file and everything it imports at once. @param {string[]} files */
function closure(files) {
  /** @type {Set<string>} */
  const seen = new Set();
  const next = [...files];
  while (next.length > 0) {
    const file = /** @type {string} */ (next.pop());
    if (seen.has(file)) continue;
    seen.add(file);
    for (
      const [, path] of readFileSync(file, "utf8").matchAll(
        /^(?:import|export)\s[^;]*?from "(\.[^"]+)";|^import "(\.[^"]+)";/gm,
      )
    ) {
      if (path) next.push(normalize(join(dirname(file), path)));
    }
  }
  return [...seen];
}

/** @param {string[]} files */
const total = (files) => files.reduce((sum, file) => sum + packed(file), 0);

test("no page loads more than 80 kB of scripts, compressed, whatever is done on it", () => {
  const pages = readdirSync(join(ROOT, "page")).filter((name) => name.endsWith(".js"));
  assert.ok(pages.length >= 3);
  for (const page of pages) {
    const files = closure([join(ROOT, "main.js"), join(ROOT, "page", page)]);
    // What curves load when a picture is saved.
    if (page === "curves.js") {
      files.push(...closure([join(ROOT, "chart", "export.js")]).filter((f) => !files.includes(f)));
    }
    const size = total(files);
    assert.ok(size > 10_000 && size <= 80_000, `${page}: ${size} bytes`);
  }
});

test("what the first page loads stays under 52 kB, compressed", () => {
  const size = total(closure([join(ROOT, "main.js"), join(ROOT, "page", "curves.js")]));
  assert.ok(size > 10_000 && size <= 52_000, `${size} bytes`);
});

test("no line that looks like a comment is part of a text literal", () => {
  for (const file of scripts(ROOT)) {
    const source = readFileSync(file, "utf8").split("\n");
    const kept = sent(source.join("\n")).split("\n");
    let at = 0;
    let ticks = 0;
    source.forEach((line, index) => {
      if (at < kept.length && kept[at] === line) {
        ticks += (line.match(/`/g) ?? []).length;
        at += 1;
      } else {
        assert.equal(ticks % 2, 0, `${file}, line ${index + 1} lies in a text literal: ${line}`);
      }
    });
    assert.equal(at, kept.length, file);
  }
});

test("no comment shares its last line with code", () => {
  for (const file of scripts(ROOT)) {
    for (const line of readFileSync(file, "utf8").split("\n")) {
      assert.doesNotMatch(line, /^\s*\*.*\*\/.*\S/, `${file}: ${line}`);
    }
  }
});

test("no script parses text as HTML or as code", () => {
  for (const file of scripts(ROOT)) {
    const source = readFileSync(file, "utf8");
    for (const word of ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]) {
      assert.ok(!source.includes(word), `${file} uses ${word}`);
    }
  }
});
