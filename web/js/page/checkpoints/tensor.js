/** One tensor: statistics, histogram, heat map and values of two of its axes. */

import { apiURL, getBytes, getFrame, getJSON, isAbort } from "../../core/api.js";
import { h, icon, iconButton } from "../../core/dom.js";
import { bytes, integer, shape as shapeText, toNumber } from "../../core/format.js";
import { bind } from "../../core/keys.js";
import { location, setQuery } from "../../core/router.js";
import { effect, memo, onCleanup, signal } from "../../core/signal.js";
import { theme } from "../../core/theme.js";
import { parseZoom, zoomText } from "../../view/heatlayout.js";
import { heatMap, pictureOf, scaleLimit } from "../../view/heatmap.js";
import { errorText, loadingLine } from "../../view/states.js";
import { axesOf, decode, rowsFirst, sliceText, WIDTHS } from "../../view/tensordata.js";
import { valueGrid } from "../../view/valuegrid.js";
import { displayParts, elementCount } from "../../view/vartree.js";
import { axisControls, legend, select } from "./controls.js";
import { facts, strings } from "./facts.js";

/** @typedef {import("../../view/vartree.js").Variable} Variable */
/** @typedef {import("../../view/tensordata.js").Axes} Axes */
/** @typedef {import("./facts.js").Report} Report */

/** Most cells of a picture each way; more than the canvas has pixels shows nothing more. */
const MOST_CELLS = 640;

/** @param {string} id @param {Variable} variable @param {() => number} stamp Changes when the checkpoint was saved again. */
export function tensorPanel(id, variable, stamp) {
  const { name, dtype, shape } = variable;
  const report = signal(/** @type {Report | null} */ (null));
  const failure = signal(/** @type {unknown} */ (null));
  const query = memo(() => location().query);
  const sameAxes = (/** @type {Axes} */ a, /** @type {Axes} */ b) => JSON.stringify(a) === JSON.stringify(b);
  const axes = memo(
    () => axesOf(shape, { row: query().get("row"), column: query().get("column"), at: query().get("at") }),
    sameAxes,
  );
  const hasPicture = WIDTHS[dtype] !== undefined && elementCount(shape) > 0;
  const problem = signal(/** @type {string | null} */ (null));

  loader(async (abort) => {
    stamp();
    try {
      const values = WIDTHS[dtype] === undefined ? 1000 : 0;
      report.set(await getJSON("/checkpoints/tensor", { id, name, values }, abort));
      failure.set(null);
    } catch (error) {
      if (!isAbort(error)) failure.set(error);
    }
  });

  const scale = memo(() => (query().get("scale") === "sigma" ? /** @type {const} */ ("sigma") : "full"));
  const limit = memo(() => {
    const known = report();
    if (!known || known.min === null) return 0;
    return scaleLimit({
      min: toNumber(known.min),
      max: toNumber(known.max),
      mean: toNumber(known.mean),
      std: toNumber(known.std),
    }, scale());
  });

  return h(
    "section.tensor",
    { "aria-label": `Tensor ${name}` },
    head(),
    () =>
      failure()
        ? h("p.ckpt-problem.wide", { role: "alert" }, icon("warning"), h("span", null, errorText(failure())))
        : null,
    () => !report() && !failure() ? loadingLine("Reading the tensor…") : null,
    () => report() ? facts(/** @type {Report} */ (report()), variable) : null,
    () => report() && WIDTHS[dtype] === undefined ? strings(/** @type {Report} */ (report()), variable) : null,
    () =>
      report() && WIDTHS[dtype] !== undefined && elementCount(shape) === 0
        ? h("p.muted.tensor-empty", null, "The tensor has no elements.")
        : null,
    hasPicture ? () => (report() ? views() : null) : null,
  );

  /** Runs `load` whenever a signal it read has changed, and gives up the run before. @param {(abort: AbortSignal) => Promise<void>} load */
  function loader(load) {
    /** @type {AbortController | null} */
    let controller = null;
    effect(() => {
      controller?.abort();
      controller = new AbortController();
      load(controller.signal);
    });
    onCleanup(() => controller?.abort());
  }

  function head() {
    const parts = displayParts(name);
    const short = parts.pop() ?? "";
    return h(
      "header.tensor-head",
      null,
      h(
        "h2",
        { title: name },
        parts.length > 0 ? h("span.scope", null, parts.map((part) => [part, "/", h("wbr")])) : null,
        h("span", null, short),
      ),
      h(
        "span.tensor-buttons",
        null,
        h("a.icon-button", {
          href: apiURL("/checkpoints/slice", { id, name }),
          download: `${name.replace(/[^\w.-]+/g, "_")}.bin`,
          hidden: WIDTHS[dtype] === undefined || variable.bytes > 4_000_000,
          title: "Download the raw little-endian bytes",
          "aria-label": "Download the raw bytes",
        }, icon("download")),
        iconButton(
          "close",
          "Close the tensor (Esc)",
          () => setQuery({ tensor: null, row: null, column: null, at: null, zoom: null }, { push: true }),
        ),
      ),
      h(
        "p.tensor-kind",
        null,
        h("span.tag", null, dtype),
        h("span.tag", null, shape.length === 0 ? "scalar" : shapeText(shape)),
        h("span", null, `${integer(elementCount(shape))} ${elementCount(shape) === 1 ? "element" : "elements"}`),
        h("span", null, bytes(variable.bytes)),
        variable.slices ? h("span", null, `in ${integer(variable.slices)} slices`) : null,
        variable.full_name ? h("span", { title: "Its name in the program" }, `“${variable.full_name}”`) : null,
      ),
    );
  }

  function views() {
    const rows = memo(() => (axes().row === null ? 1 : shape[/** @type {number} */ (axes().row)]));
    const columns = memo(() => (axes().column === null ? 1 : shape[/** @type {number} */ (axes().column)]));
    const zoom = memo(
      () => parseZoom(query().get("zoom"), rows(), columns()),
      (a, b) => JSON.stringify(a) === JSON.stringify(b),
    );
    const kind = memo(() => /** @type {"mean" | "min" | "max"} */ (
      ["min", "max"].includes(query().get("cell") ?? "") ? query().get("cell") : "mean"
    ));
    const picture = signal(/** @type {import("../../view/heatmap.js").Picture | null} */ (null));
    const pending = signal(false);
    const chosen = signal(/** @type {{ row: number, column: number, exact: string } | null} */ (null));
    const wanted = signal(/** @type {[number, number] | null} */ (null));

    loader(async (abort) => {
      stamp();
      const now = axes();
      const part = zoom();
      pending.set(true);
      try {
        const frame = await getFrame("/checkpoints/heatmap", {
          id,
          name,
          row: now.row,
          column: now.column,
          at: now.at.join(","),
          rows: now.row === null || part.whole ? null : part.rows.join(":"),
          columns: now.column === null || part.whole ? null : part.columns.join(":"),
          width: MOST_CELLS,
          height: MOST_CELLS,
        }, abort);
        picture.set(pictureOf(frame, part.rows[0], part.columns[0]));
        problem.set(null);
      } catch (error) {
        if (isAbort(error)) return;
        problem.set(errorText(error));
      }
      pending.set(false);
    });

    const partText = () => {
      if (zoom().whole) return `${integer(rows())} × ${integer(columns())}`;
      const name = (/** @type {[number, number]} */ [from, to]) => `${integer(from)}–${integer(to - 1)}`;
      return `rows ${name(zoom().rows)}, columns ${name(zoom().columns)}`;
    };
    const resetZoom = () => setQuery({ zoom: null });
    bind("Tensor", "r", "Show the whole picture again", resetZoom);

    const map = heatMap({
      picture,
      kind,
      limit,
      pending,
      onPick: (row, column) => wanted.set([row, column]),
      onZoom: (r, c) => setQuery({ zoom: zoomText(r, c) }),
      onReset: resetZoom,
    });

    return h(
      "div.tensor-views",
      null,
      shape.length > 2 ? axisControls(shape, axes) : null,
      h(
        "div.heat-tools",
        null,
        h("h3", null, "Heat map"),
        h("span.muted", null, partText),
        h("button.button", { type: "button", hidden: () => zoom().whole, onclick: resetZoom }, icon("reset"), "Whole"),
        h("span.spring"),
        h(
          "label.label",
          {
            hidden: () => {
              const known = picture();
              return !known || (known.rows <= known.height && known.columns <= known.width);
            },
            title: "A cell stands for several values: which of them is drawn",
          },
          "cell",
          select(
            kind,
            [["mean", "mean"], ["min", "min"], ["max", "max"]],
            (value) => setQuery({ cell: value === "mean" ? null : value }),
          ),
        ),
        h(
          "label.label",
          { title: "Where the colours end" },
          "colours to",
          select(
            scale,
            [["full", "largest value"], ["sigma", "3 σ"]],
            (value) => setQuery({ scale: value === "full" ? null : value }),
          ),
        ),
      ),
      map,
      legend(limit, () => report()?.nan ?? 0, () => report()?.inf ?? 0),
      () => problem() ? h("p.ckpt-problem.wide", { role: "alert" }, icon("warning"), h("span", null, problem())) : null,
      h(
        "div.heat-tools",
        null,
        h("h3", null, "Values"),
        h("span.muted.grid-read", { role: "status" }, () => {
          const at = chosen();
          if (!at) return "";
          return `[${placeText(at.row, at.column)}] = ${at.exact}`;
        }),
        h("span.spring"),
        goTo(),
      ),
      () => {
        const now = axes();
        stamp();
        return valueGrid({
          rows: rows(),
          columns: columns(),
          cellWidth: dtype === "bool"
            ? 56
            : dtype.startsWith("complex")
            ? 150
            : dtype.endsWith("64") && dtype !== "float64"
            ? 110
            : 84,
          label: `Values of ${name}`,
          current: wanted.peek(),
          limit,
          theme,
          onError: (error) => problem.set(errorText(error)),
          onCurrent: (row, column, text) => chosen.set({ row, column, exact: text }),
          bindCurrent: (set) =>
            effect(() => {
              const at = wanted();
              if (at) set(at[0], at[1]);
            }),
          load: async (r, c, abort) => {
            const answer = await getBytes(
              "/checkpoints/slice",
              { id, name, slice: sliceText(shape, now, r, c) },
              abort,
            );
            const values = decode(dtype, answer.bytes);
            if (!values) throw new Error(`Values of type ${dtype} cannot be shown.`);
            return rowsFirst(values, now, r, c);
          },
        });
      },
    );

    /** @param {number} row @param {number} column The index along every axis. */
    function placeText(row, column) {
      return shape.map((_, axis) => axis === axes().row ? row : axis === axes().column ? column : axes().at[axis]).join(
        ", ",
      );
    }

    function goTo() {
      const box = h("input.field.goto", {
        type: "text",
        placeholder: shape.length < 2 ? "go to index" : "go to row, column",
        "aria-label": "Go to an index",
        inputmode: "numeric",
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "Enter") return;
          const numbers = box.value.split(/[^\d]+/).filter((part) => part !== "").map(Number);
          if (numbers.length === 0) return;
          const [row, column] = shape.length < 2 ? [0, numbers[0]] : [numbers[0], numbers[1] ?? 0];
          wanted.set([Math.min(row, rows() - 1), Math.min(column, columns() - 1)]);
        },
      });
      bind("Tensor", "i", "Go to an index", () => {
        box.focus();
        box.select();
      });
      return box;
    }
  }
}
