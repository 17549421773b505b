/** One chart with its heading, badges and buttons. */

import { getJSON } from "../../core/api.js";
import { chart } from "../../chart/chart.js";
import { shortLabels } from "../../chart/picture.js";
import { nonFiniteText, xText } from "../../chart/describe.js";
import { h, icon, iconButton } from "../../core/dom.js";
import { integer, plural } from "../../core/format.js";
import { href, location, nameSegments } from "../../core/router.js";
import { hovered, runStyle, shownNames } from "../../core/runs.js";
import { effect, memo, onCleanup, signal } from "../../core/signal.js";
import { groupOf, scalarTags } from "../../core/tags.js";
import { errorText } from "../../view/states.js";
import { clip, logX, logY, pinned, setZoom, togglePin, xKind, zoom } from "./state.js";

/** @typedef {import("./loader.js").Loader} Loader */
/** @typedef {import("../../chart/picture.js").Line} Line */
/** @typedef {import("../../core/signal.js").Signal<number | null>} Cursor */

/** The address of a tag's own page, with the settings of this one. @param {string} tag */
export function tagHref(tag) {
  const query = new URLSearchParams(location().query);
  query.delete("tag");
  const segments = nameSegments(tag);
  if (segments === null) query.set("tag", tag);
  return href(["curves", ...(segments ?? ["chart"])], query);
}

/** Shown runs that have the tag, in the order of the list. @param {string} tag */
export function runsWith(tag) {
  const known = scalarTags().get(tag);
  return known ? shownNames().filter((run) => known.runs.has(run)) : [];
}

/** @param {string} tag @param {Loader} loader @returns {() => readonly Line[]} */
export function linesOf(tag, loader) {
  return memo(() => {
    const { series } = loader.data(tag)();
    const runs = runsWith(tag);
    const labels = shortLabels(runs);
    /** @type {Line[]} */
    const old = [];
    /** @type {Line[]} */
    const lines = [];
    runs.forEach((run, index) => {
      const { colour, dash } = runStyle(run);
      for (const branch of series.get(run) ?? []) {
        (branch.superseded ? old : lines).push({ run, label: labels[index], colour, dash, series: branch });
      }
    });
    // Abandoned branches lie behind.
    return [...old, ...lines];
  });
}

/** How many points a pixel stands for, and what is not a number. @param {readonly Line[]} lines */
function badges(lines) {
  const list = [];
  let perPixel = 1;
  for (const { series } of lines) {
    if (!series.raw && series.x.length > 0) perPixel = Math.max(perPixel, series.count / series.x.length);
  }
  if (lines.length > 0 && lines.some((line) => line.series.count > 0)) {
    list.push(
      perPixel > 1.05
        ? h(
          "span.badge",
          {
            title:
              "The most points that a line has on a column of pixels. Its first, least, greatest and last point are drawn, so no spike is left out; zoom in for single points.",
          },
          `${perPixel < 10 ? perPixel.toFixed(1) : integer(Math.round(perPixel))} points per pixel`,
        )
        : h("span.badge", { title: "Every point is drawn" }, "full resolution"),
    );
  }
  let run = "";
  let first = Infinity;
  for (const line of lines) {
    const mark = line.series.nonFinite[0];
    if (mark && mark.x < first) {
      first = mark.x;
      run = line.run;
    }
  }
  const { count, text } = nonFiniteText(lines.map((line) => line.series));
  if (count > 0) {
    const place = first === Infinity ? "" : ` ${count === 1 ? "at" : "from"} ${shortX(first)}`;
    list.push(
      h(
        "span.badge.danger",
        {
          title: `${plural(count, "value")} that cannot be drawn as ${count === 1 ? "a point" : "points"}: ${text}` +
            (run === "" ? "" : `; the first in ${run}`),
        },
        text + place,
      ),
    );
  }
  return list;
}

/** A place on the x axis in as few letters as a badge has room for. @param {number} x */
function shortX(x) {
  const text = xText(xKind(), x);
  return xKind() === "wall" ? text.slice(11) : text;
}

let menus = 0;

/**
 * @param {string} tag
 * @param {() => import("../../chart/picture.js").Scene} scene
 */
function exportMenu(tag, scene) {
  menus += 1;
  const id = `export-${menus}`;
  const problem = signal("");
  /** @typedef {typeof import("../../chart/export.js")} Export */
  /** @param {string} name @param {string} extension @param {string} type @param {(save: Export) => Promise<string | Blob> | string} make */
  const item = (name, extension, type, make) =>
    h("button.menu-item", {
      type: "button",
      onclick: async () => {
        try {
          // Most charts are never saved: the module is loaded when one is.
          const save = await import("../../chart/export.js");
          const content = await make(save);
          save.download(
            content instanceof Blob ? content : new Blob([content], { type }),
            save.fileName(tag, extension),
          );
          menu.hidePopover();
        } catch (error) {
          problem.set(errorText(error));
        }
      },
    }, name);
  const menu = h(
    "div.menu",
    { popover: "auto", id },
    item("Picture (PNG)", "png", "image/png", (save) => save.pngOf(scene(), tag)),
    item("Picture (SVG)", "svg", "image/svg+xml", (save) => save.svgOf(scene(), tag)),
    item("All points (CSV)", "csv", "text/csv", (save) => save.csvOf(tag, runsWith(tag))),
    item("All points (JSON)", "json", "application/json", (save) => save.jsonOf(tag, runsWith(tag))),
    () => (problem() ? h("p.menu-problem", { role: "alert" }, problem()) : null),
  );
  const button = iconButton("download", "Save as…", () => {
    problem.set("");
    const box = button.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(box.right - 170, innerWidth - 178))}px`;
    menu.style.top = `${Math.min(box.bottom + 4, innerHeight - 150)}px`;
  }, { popovertarget: id });
  return [button, menu];
}

/**
 * A card's parts; the page decides where they go.
 * @param {string} tag
 * @param {Loader} loader
 * @param {Cursor} cursor
 * @param {{ single?: boolean }} [options]
 */
export function card(tag, loader, cursor, options = {}) {
  const runs = memo(() => runsWith(tag), (a, b) => a.length === b.length && a.every((run, i) => run === b[i]));
  const lines = linesOf(tag, loader);
  const data = loader.data(tag);
  effect(() => {
    loader.version();
    loader.want(tag, runs());
  });
  loader.see(tag);
  onCleanup(() => loader.forget(tag));

  const drawing = chart({
    name: tag,
    lines,
    xKind,
    x: zoom,
    logX,
    logY,
    clip,
    cursor,
    hovered,
    zoom: setZoom,
    exact: (names, at, signal) => getJSON("/series/at", { tag, run: names, x: xKind.peek(), at }, signal),
  });
  const heading = (options.single ? tag : shortName(tag)) || "(no name)";
  return h(
    "article.card",
    { class: () => (data().pending && lines().length > 0 ? "pending" : ""), dataset: { tag } },
    h(
      "header.card-head",
      null,
      options.single
        ? h("h1.card-title", null, heading)
        : h("h3.card-title", null, h("a", { href: () => tagHref(tag), title: tag }, heading)),
      h("span.badges", null, () => badges(lines())),
      h(
        "span.card-buttons",
        null,
        () => (zoom() ? iconButton("reset", "Whole range ( r )", () => setZoom(null)) : null),
        iconButton("pin", "Pin to the top ( p )", () => togglePin(tag), {
          "aria-pressed": () => String(pinned().includes(tag)),
        }),
        exportMenu(tag, drawing.scene),
        options.single ? null : h(
          "a.icon-button",
          { href: () => tagHref(tag), title: "Full page ( Enter )", "aria-label": `Full page of ${tag}` },
          icon("expand"),
        ),
      ),
    ),
    drawing.element,
    () => {
      const { error, pending, series } = data();
      if (error) {
        return h(
          "div.card-state",
          { role: "alert" },
          h("p", null, errorText(error)),
          h("button.button", {
            type: "button",
            onclick: () => {
              loader.retry(tag);
              loader.want(tag, runs.peek());
            },
          }, "Retry"),
        );
      }
      if (runs().length === 0) {
        return h("div.card-state", null, h("p.muted", null, "No run that is shown has this tag."));
      }
      if (pending && series.size === 0) return h("div.card-state.late", null, h("p.muted", null, "Loading…"));
      return null;
    },
  );
}

/** The tag without its group. @param {string} tag */
function shortName(tag) {
  const group = groupOf(tag);
  return group === "" || tag.length === group.length + 1 ? tag : tag.slice(group.length + 1);
}
