/**
 * Curves of scalars: one card a tag, grouped by the text before the first slash, all with the same x range. Cards are
 * made when they come near the screen; what is on screen is fetched with one request.
 */

import { each, h, icon } from "../core/dom.js";
import { integer } from "../core/format.js";
import { bind } from "../core/keys.js";
import { onChange } from "../core/live.js";
import { changed, go, href, setQuery } from "../core/router.js";
import { shownNames } from "../core/runs.js";
import { createScope, effect, listen, memo, onCleanup, signal } from "../core/signal.js";
import { grouped, scalarTags, startTags } from "../core/tags.js";
import { card, tagHref } from "./curves/card.js";
import { emptyState, nothingShown } from "./curves/empty.js";
import { Loader, overscanned } from "./curves/loader.js";
import * as state from "./curves/state.js";
import { toolbar } from "./curves/toolbar.js";

/** @typedef {import("../main.js").Context} Context */
/** @typedef {import("../core/tags.js").TagGroup} TagGroup */

export const title = "Curves";
export const styles = ["css/curves.css"];

/** With no more charts than this, each is taller. */
const FEW = 6;

/** A logarithmic x axis needs columns finer than pixels at its left end. */
const LOG_X_COLUMNS = 4000;

/** @param {HTMLElement} root @param {Context} context */
export function mount(root, context) {
  startTags();
  const loader = new Loader();
  onCleanup(() => loader.dispose());
  const cursor = signal(/** @type {number | null} */ (null));
  const pixels = signal(600);

  const tag = memo(() => {
    const { segments, query } = context.location();
    if (segments.length < 2) return null;
    return query.get("tag") ?? segments.slice(1).join("/");
  });

  // Declared before any card, so that a card that asks again asks with the new settings.
  effect(() => {
    const { from, to, width } = overscanned(state.zoom(), pixels());
    loader.use({
      x: state.xKind(),
      from,
      to,
      width: state.logX() ? Math.max(width, LOG_X_COLUMNS) : width,
      smoothing: state.smoothingWindow() ?? state.smoothing(),
      branches: state.branches(),
    });
  });
  onCleanup(onChange((change) => {
    for (const { run, tags } of change.series ?? []) loader.invalidate(run, tags);
    if (change.series?.length) loader.askAgainSoon();
  }));
  effect(() => {
    const name = tag();
    context.setTitle(name ?? title);
    cursor.set(null);
    if (name !== null) {
      bind("Curves", "Escape", "Back to all charts", () => {
        go(href(["curves"], changed(context.location.peek().query, { tag: null })));
      });
    }
  });

  root.append(
    h("div.curves", null, () => toolbar({ single: tag() !== null, restarts: loader.restarts }), () => {
      const name = tag();
      return name === null ? overview(context, loader, cursor, pixels) : onePage(name, loader, cursor, pixels);
    }),
  );
  listen(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") loader.askAgain();
  });
  bindKeys();
}

/** @typedef {typeof import("./curves/single.js").single} Single */

/** What makes the page of one chart, once loaded: the overview does without. */
const single = signal(/** @type {Single | null} */ (null));

/** @param {string} tag @param {Loader} loader @param {import("./curves/card.js").Cursor} cursor @param {import("../core/signal.js").Signal<number>} pixels */
function onePage(tag, loader, cursor, pixels) {
  const make = single();
  if (!make) {
    import("./curves/single.js").then((module) => single.set(module.single), reportError);
    return null;
  }
  const element = make(tag, loader, cursor);
  watchWidth(element, ".chart", pixels);
  return element;
}

/** Keeps the number of pixel columns in step with the widest chart. @param {HTMLElement} host @param {string} selector @param {import("../core/signal.js").Signal<number>} pixels */
function watchWidth(host, selector, pixels) {
  const measure = () => {
    const element = host.querySelector(selector);
    const width = element?.clientWidth ?? 0;
    if (width > 0) pixels.set(Math.ceil(width * Math.min(devicePixelRatio || 1, 2) / 50) * 50);
  };
  const observer = new ResizeObserver(measure);
  observer.observe(host);
  onCleanup(() => observer.disconnect());
  // Before the first request leaves, so that it asks for the right width at once.
  queueMicrotask(measure);
}

/** @param {Context} context @param {Loader} loader @param {import("./curves/card.js").Cursor} cursor @param {import("../core/signal.js").Signal<number>} pixels */
function overview(context, loader, cursor, pixels) {
  const matching = memo(() => [...scalarTags().values()].filter(({ tag }) => state.tagFilter().test(tag)));
  const groups = memo(() => grouped(matching()));
  const pins = memo(() => state.pinned().filter((tag) => scalarTags().has(tag)));
  const near = nearObserver(context.scroller);
  const body = h("div.groups", {
    style: () => ({ "--columns": state.columns() > 0 ? state.columns() : null }),
    class: () => `${state.columns() > 0 ? "fixed-columns" : ""} ${matching().length <= FEW ? "few" : ""}`,
  });
  watchWidth(body, ".slot", pixels);

  /** @param {string} tag */
  const slot = (tag) => {
    const element = h("div.slot", { dataset: { tag } });
    near(element, () => card(tag, loader, cursor));
    return element;
  };
  /** @param {() => readonly string[]} tags */
  const grid = (tags) => {
    const element = h("div.grid");
    each(element, tags, (tag) => tag, slot);
    return element;
  };
  each(
    body,
    () => {
      const list = groups().map((group) => ({ key: `group:${group.name}`, name: group.name, pinned: false }));
      return pins().length > 0 ? [{ key: "pinned", name: "Pinned", pinned: true }, ...list] : list;
    },
    (item) => item.key,
    (item) => {
      const tags = item.pinned
        ? pins
        : memo(() => groups().find((group) => group.name === item.name)?.tags.map((tag) => tag.tag) ?? []);
      const open = () => item.pinned || !state.shut().has(item.name);
      return h(
        "section.group",
        null,
        h(
          "h2.group-title",
          { hidden: () => item.name === "" && groups().length === 1 && pins().length === 0 },
          h(
            "button.group-button",
            {
              type: "button",
              "aria-expanded": () => String(open()),
              disabled: item.pinned,
              onclick: () => state.toggleGroup(item.name),
            },
            h("span.twist", null, icon(item.pinned ? "pin" : "chevron")),
            h("span", null, item.name === "" ? "Ungrouped" : item.name),
            h("span.muted", null, () => integer(tags().length)),
          ),
        ),
        () => (open() ? grid(tags) : null),
      );
    },
  );
  return h(
    "div",
    null,
    () => {
      const empty = emptyState();
      if (empty) return empty;
      if (shownNames().length === 0) return nothingShown();
      if (matching().length === 0) {
        return h(
          "section.panel",
          null,
          h("h1", null, "No tag matches"),
          h("p", null, `None of the ${integer(scalarTags().size)} tags matches “${state.tagFilterText()}”.`),
          h("button.button", { type: "button", onclick: () => setQuery({ tags: null }) }, "Show all tags"),
        );
      }
      return null;
    },
    h("div", { hidden: () => shownNames().length === 0 }, body),
  );
}

/**
 * Builds the content of elements when they come within a screen of the view, and lets go of it when they are two away.
 * @param {HTMLElement} scroller
 */
function nearObserver(scroller) {
  /** @type {Map<Element, { build: () => Element, dispose: (() => void) | null }>} */
  const watched = new Map();
  /** @param {Element} element @param {boolean} wanted */
  const show = (element, wanted) => {
    const entry = watched.get(element);
    if (!entry || wanted === (entry.dispose !== null)) return;
    if (wanted) {
      const made = createScope(entry.build, { detached: true });
      element.append(made.value);
      entry.dispose = made.dispose;
    } else {
      entry.dispose?.();
      entry.dispose = null;
      element.replaceChildren();
    }
  };
  /** @param {string} margin @param {boolean} wanted */
  const observe = (margin, wanted) =>
    new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting === wanted) show(entry.target, wanted);
    }, { root: scroller, rootMargin: margin });
  const coming = observe("60% 0px", true);
  const leaving = observe("200% 0px", false);
  onCleanup(() => {
    coming.disconnect();
    leaving.disconnect();
    for (const entry of watched.values()) entry.dispose?.();
  });
  /** @param {Element} element @param {() => Element} build */
  return (element, build) => {
    watched.set(element, { build, dispose: null });
    coming.observe(element);
    leaving.observe(element);
    onCleanup(() => {
      coming.unobserve(element);
      leaving.unobserve(element);
      watched.get(element)?.dispose?.();
      watched.delete(element);
    });
  };
}

/** The card that has the focus or lies under the pointer. */
function currentCard() {
  const focused = document.activeElement?.closest(".card");
  return /** @type {HTMLElement | null} */ (focused ?? document.querySelector(".card:hover"));
}

/** Moves the focus to another chart. @param {number} step */
function moveFocus(step) {
  const slots = [...document.querySelectorAll(".slot")];
  const now = slots.indexOf(/** @type {Element} */ (currentCard()?.parentElement));
  const next = slots[Math.max(0, Math.min(slots.length - 1, now < 0 ? 0 : now + step))];
  if (!next) return;
  next.scrollIntoView({ block: "nearest" });
  // A card far away is made first.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const chart = next.querySelector(".chart");
      if (chart instanceof HTMLElement) chart.focus();
    })
  );
}

function bindKeys() {
  bind("Curves", "j", "Next chart", () => moveFocus(1));
  bind("Curves", "k", "Previous chart", () => moveFocus(-1));
  bind("Curves", "Enter", "Full page", () => {
    const tag = currentCard()?.dataset.tag;
    if (tag !== undefined) go(tagHref(tag));
  });
  bind("Curves", "p", "Pin", () => {
    const tag = currentCard()?.dataset.tag;
    if (tag !== undefined) state.togglePin(tag);
  });
  bind("Curves", "l", "Logarithmic y axis", () => setQuery({ ylog: !state.logY.peek() }));
  bind("Curves", "o", "Clip outliers", () => setQuery({ clip: !state.clip.peek() }));
  bind("Curves", "=", "More smoothing", () => smoothBy(0.08));
  bind("Curves", "-", "Less smoothing", () => smoothBy(-0.08));
  bind("Curves", "0", "No smoothing", () => state.setSmoothing(0));
  bind("Curves", "r", "Whole range", () => state.setZoom(null));
}

/** Steps that feel even: small near 1. @param {number} amount */
function smoothBy(amount) {
  const average = state.smoothingWindow.peek();
  if (average) return state.setSmoothingWindow(average.kind, average.window * (amount > 0 ? 1.25 : 0.8));
  const position = 1 - Math.sqrt(1 - state.smoothing.peek());
  const next = Math.min(1, Math.max(0, position + amount));
  state.setSmoothing(1 - (1 - next) ** 2);
}
