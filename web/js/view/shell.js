/** The frame around every page: top bar, list of runs, help. */

import { h, icon, iconButton, s } from "../core/dom.js";
import { integer, loadingParts, plural } from "../core/format.js";
import { bind, bindings, listed } from "../core/keys.js";
import { loading, status } from "../core/live.js";
import { flushAddress, go, href, location } from "../core/router.js";
import { environment, health } from "../core/runs.js";
import { effect, memo, signal } from "../core/signal.js";
import { load, save } from "../core/storage.js";
import { choice, cycleTheme } from "../core/theme.js";
import { rail } from "./rail.js";

/** Pages of the bar: route, name and the key after `g`. */
export const PAGES = [
  { route: "curves", name: "Curves", key: "c" },
  { route: "graph", name: "Graph", key: "g" },
  { route: "checkpoints", name: "Checkpoints", key: "k" },
  { route: "runs", name: "Runs", key: "r" },
  { route: "status", name: "Status", key: "s" },
];

/** What goes along from page to page: the choice of runs. */
const SHARED = ["runs", "hide", "show", "sel"];

/** The address of a page, with the present choice of runs. @param {string} route */
export function pageHref(route) {
  const query = new URLSearchParams();
  for (const [name, value] of location().query) if (SHARED.includes(name)) query.append(name, value);
  return href([route], query);
}

function brand() {
  return h(
    "a.brand",
    { href: () => pageHref("curves"), title: () => environment()?.root ?? "Trainscope" },
    s(
      "svg",
      { viewBox: "0 0 32 32", width: 22, height: 22, "aria-hidden": "true" },
      s("rect", { width: 32, height: 32, rx: 7 }),
      s("path", { d: "M6 8c3 0 3 13 8 13s4-6 12-6" }),
    ),
    h("span", null, "Trainscope"),
  );
}

function nav() {
  const route = memo(() => location().segments[0] ?? "curves");
  return h(
    "nav.nav",
    { "aria-label": "Pages" },
    PAGES.map((page) =>
      h("a", {
        href: () => pageHref(page.route),
        "aria-current": () => (route() === page.route ? "page" : null),
      }, page.name)
    ),
  );
}

const WORDS = {
  connecting: { dot: "", text: "connecting", title: "Waiting for the server" },
  live: { dot: "ok", text: "live", title: "New points appear as they are written" },
  polling: { dot: "ok", text: "live (polling)", title: "The event stream is not available; asking every 3 seconds" },
  offline: { dot: "danger", text: "reconnecting", title: "The server does not answer; what is shown may be old" },
};

function statusChips() {
  const damaged = memo(() => health()?.files.filter((file) => !file.ok).length ?? 0);
  return [
    () =>
      damaged() > 0
        ? h(
          "a.chip.warn",
          { href: pageHref("status"), title: "Something in these files could not be read; the rest is shown" },
          icon("warning"),
          h("span", null, plural(damaged(), "damaged file")),
        )
        : null,
    () => {
      const progress = loading();
      if (progress) {
        return h(
          "a.chip",
          { href: pageHref("status"), title: loadingParts(progress).join(", "), role: "status" },
          h("span.dot.warn"),
          `indexing ${integer(progress.files_done)}/${integer(progress.files)}`,
        );
      }
      const words = WORDS[status()];
      return h(
        "a.chip",
        { href: pageHref("status"), title: words.title, role: "status" },
        h("span.dot", { class: words.dot }),
        words.text,
      );
    },
  ];
}

/** @type {Record<string, string>} */
const ARROWS = { Left: "←", Right: "→", Up: "↑", Down: "↓" };

function help() {
  const groups = memo(() => {
    /** @type {Map<string, import("../core/keys.js").Binding[]>} */
    const map = new Map();
    for (const binding of listed(bindings())) map.set(binding.group, [...(map.get(binding.group) ?? []), binding]);
    return [...map];
  });
  /** @param {string} keys */
  const caps = (keys) =>
    keys.split(" ").map((key) =>
      h("kbd", null, key.replace(/Arrow(Left|Right|Up|Down)/, (_, way) => ARROWS[way]).replace("Escape", "Esc"))
    );
  /** @param {string} name @param {[string, string][]} rows */
  const section = (name, rows) =>
    h(
      "section",
      null,
      h("h3", null, name),
      h("dl", null, rows.map(([what, keys]) => [h("dt", null, what), h("dd", null, caps(keys))])),
    );
  return h(
    "div.help",
    { popover: "auto", id: "help", "aria-label": "Keyboard shortcuts" },
    h("h2", null, "Keyboard and mouse"),
    h("div.help-columns", null, () => [
      ...groups().map(([name, list]) => section(name, list.map((b) => [b.description, b.keys]))),
      section("List of runs", [
        ["Switch a run on or off", "click"],
        ["Only this run", "Alt+click"],
        ["Everything between", "Shift+click"],
        ["The same at the keyboard", "Space s"],
      ]),
      section("Charts", [
        ["Zoom in x", "drag"],
        ["Zoom at the pointer", "Ctrl+wheel"],
        ["Move the range", "Shift+drag"],
        ["Whole range", "double-click"],
      ]),
      section("Graph with the mouse", [
        ["Select", "click"],
        ["Open or close a scope", "double-click"],
        ["Move the picture", "drag"],
        ["Zoom at the pointer", "wheel"],
        ["Move sideways", "Shift+wheel"],
      ]),
    ]),
  );
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    notify("Link copied");
  } catch {
    notify("The browser does not allow copying; the address bar holds the link");
  }
}

const announcement = signal("");

/** Says something to users of screen readers. @param {string} text */
export function announce(text) {
  announcement.set(text);
}

/** How long a notice stays. */
const NOTICE_MS = 3000;
const notice = signal("");
let noticeTimer = 0;

/** Says something to everyone: below the bar for a moment, and to users of screen readers. @param {string} text */
function notify(text) {
  announce(text);
  notice.set(text);
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => {
    notice.set("");
    // The same words again are news again.
    announce("");
  }, NOTICE_MS);
}

/** Builds the frame; pages go into `page`. */
export function shell() {
  const narrow = matchMedia("(max-width: 600px)");
  const open = signal(narrow.matches ? false : load("rail", "open") === "open");
  narrow.addEventListener("change", () => open.set(narrow.matches ? false : load("rail", "open") === "open"));
  const toggle = () => {
    open.update((value) => !value);
    if (!narrow.matches) save("rail", open.peek() ? "open" : "closed");
  };
  const panel = help();
  const page = h("main.page", { id: "page", tabindex: -1 });
  const themeNames = { auto: "as the system", light: "light", dark: "dark" };
  const root = h(
    "div#app",
    { class: () => (open() ? "" : "rail-closed") },
    h(
      "header.bar",
      null,
      iconButton("rail", "Show or hide the list of runs ( [ )", toggle, {
        "aria-expanded": () => String(open()),
      }),
      brand(),
      nav(),
      h("span.spring"),
      statusChips(),
      h(
        "button.icon-button",
        {
          type: "button",
          onclick: cycleTheme,
          title: () => `Theme: ${themeNames[choice()]} ( d )`,
          "aria-label": () => `Theme: ${themeNames[choice()]}`,
        },
        () => icon(choice() === "auto" ? "auto" : choice() === "dark" ? "moon" : "sun"),
      ),
      h(
        "button.icon-button",
        { type: "button", popovertarget: "help", title: "Shortcuts ( ? )", "aria-label": "Shortcuts" },
        icon("help"),
      ),
    ),
    rail(),
    () =>
      open()
        ? h("button.scrim", { type: "button", "aria-label": "Close the list of runs", onclick: () => open.set(false) })
        : null,
    page,
    panel,
    h("div.notice", { "aria-hidden": "true", hidden: () => notice() === "" }, notice),
    h("div.visually-hidden", { "aria-live": "polite" }, announcement),
  );
  document.body.append(root);

  bind("Everywhere", "?", "These shortcuts", () => panel.togglePopover());
  bind("Everywhere", "[", "Show or hide the list of runs", toggle);
  bind("Everywhere", "d", "Theme", cycleTheme);
  bind("Everywhere", "y", "Copy a link to this view", () => {
    flushAddress();
    copyText(globalThis.location.href);
  });
  for (const entry of PAGES) {
    bind("Go to", `g ${entry.key}`, entry.name, () => go(pageHref(entry.route)));
  }
  // A drawer closes when the page under it changes, not when runs are chosen in it.
  const path = memo(() => location().segments.join("/"));
  effect(() => {
    path();
    if (narrow.matches) open.set(false);
  });
  return { page, root };
}
