/**
 * What the graph page shows: a view as the server lays it out (docs/http-api.md), with an index by name.
 *
 * Coordinates: the view's own, in pixels at scale 1, y downwards. A camera maps them to the screen:
 * screen = view × scale + offset.
 */

/**
 * @typedef {object} Mark
 * @property {string} id
 * @property {string} label
 * @property {"constant" | "summary" | "proxy"} kind
 * @property {boolean} input
 * @property {boolean} control
 */
/**
 * @typedef {object} ViewNode
 * @property {string} id
 * @property {string | null} [parent]
 * @property {string} label
 * @property {"scope" | "op" | "series" | "function"} kind
 * @property {string | null} [op]
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {boolean} open
 * @property {number} ops
 * @property {number} depth
 * @property {number | null} [template]
 * @property {string | null} [device]
 * @property {boolean} auxiliary
 * @property {Mark[]} marks
 * @property {number} more_input_marks
 * @property {number} more_output_marks
 * @property {number | null} [divider]
 */
/**
 * @typedef {object} ViewEdge
 * @property {string} from
 * @property {string} to
 * @property {[number, number][]} points
 * @property {number} tensors
 * @property {string} label
 * @property {number} width
 * @property {boolean} control
 * @property {boolean} reference
 * @property {boolean} back
 */
/**
 * @typedef {object} View
 * @property {number} width
 * @property {number} height
 * @property {"tb" | "lr"} direction
 * @property {ViewNode[]} nodes
 * @property {ViewEdge[]} edges
 * @property {string[]} open
 * @property {string[]} folded
 * @property {number | null} [divider]
 * @property {number} templates
 * @property {number} total Nodes of the whole graph.
 * @property {{ node: string | null, message: string }[]} problems
 */
/** @typedef {{ x: number, y: number, width: number, height: number }} Rect */

/** A view with what drawing and picking look up again and again. */
export class Picture {
  /** @param {View} view */
  constructor(view) {
    this.view = view;
    /** @type {Map<string, ViewNode>} */
    this.nodes = new Map(view.nodes.map((node) => [node.id, node]));
    /** @type {Map<string, ViewEdge[]>} Lines at each box. */
    this.lines = new Map();
    for (const edge of view.edges) {
      for (const id of new Set([edge.from, edge.to])) {
        const list = this.lines.get(id);
        if (list) list.push(edge);
        else this.lines.set(id, [edge]);
      }
    }
    /** @type {Map<string | null, ViewNode[]>} */
    this.children = new Map();
    for (const node of view.nodes) {
      const parent = node.parent ?? null;
      const list = this.children.get(parent);
      if (list) list.push(node);
      else this.children.set(parent, [node]);
    }
    /** Wide lines first, so that narrow ones stay visible. */
    this.edges = [...view.edges].sort((a, b) => b.width - a.width);
    /** @type {Map<ViewEdge, Rect>} */
    this.bounds = new Map(view.edges.map((edge) => [edge, boundsOf(edge.points)]));
  }

  /** Where the flow begins, across it: the middle of the first box of the first layer. */
  start() {
    const isDown = this.view.direction === "tb";
    /** @type {ViewNode | null} */
    let first = null;
    for (const node of this.children.get(null) ?? []) {
      if (node.auxiliary) continue;
      if (!first || (isDown ? node.y < first.y : node.x < first.x)) first = node;
    }
    if (!first) return undefined;
    return isDown ? first.x + first.width / 2 : first.y + first.height / 2;
  }

  /** Whether a visible box lies in a frame, however deep. @param {string} id @param {string} frame */
  isInside(id, frame) {
    for (let at = this.nodes.get(id)?.parent; at; at = this.nodes.get(at)?.parent) if (at === frame) return true;
    return false;
  }

  /** The visible box that shows a node or scope: itself, or the closed scope around it. @param {string} id */
  visible(id) {
    let at = id;
    while (at !== "") {
      const node = this.nodes.get(at);
      if (node) return node;
      const slash = at.lastIndexOf("/");
      if (slash < 0) return null;
      at = at.slice(0, slash);
    }
    return null;
  }

  /**
   * What stands at a point: the innermost box, or the frame around the point. Boxes stand in front of frames.
   * @param {number} x @param {number} y
   */
  nodeAt(x, y) {
    let found = null;
    for (const node of this.view.nodes) {
      if (x < node.x || y < node.y || x > node.x + node.width || y > node.y + node.height) continue;
      if (!found || !node.open || (found.open && node.depth > found.depth)) found = node;
    }
    return found;
  }

  /** The mark at a point. @param {number} x @param {number} y @returns {{ node: ViewNode, mark: Mark } | null} */
  markAt(x, y) {
    for (const node of this.view.nodes) {
      if (node.marks.length === 0) continue;
      for (const { mark, x: mx, y: my } of markPlaces(node, this.view.direction)) {
        if (Math.abs(x - mx) <= 7 && Math.abs(y - my) <= 5.5) return { node, mark };
      }
    }
    return null;
  }

  /** The line within `distance` of a point. @param {number} x @param {number} y @param {number} distance */
  edgeAt(x, y, distance) {
    let best = null;
    let nearest = distance;
    for (const edge of this.view.edges) {
      const box = /** @type {Rect} */ (this.bounds.get(edge));
      if (x < box.x - distance || y < box.y - distance) continue;
      if (x > box.x + box.width + distance || y > box.y + box.height + distance) continue;
      const away = distanceTo(edge.points, x, y, this.view.direction) - edge.width / 2;
      if (away < nearest) {
        nearest = away;
        best = edge;
      }
    }
    return best;
  }

  /**
   * All boxes upstream or downstream of one, over the lines that are drawn.
   * @param {string} id
   * @param {"inputs" | "outputs"} way
   * @returns {Set<string>} With `id` itself.
   */
  reach(id, way) {
    const met = new Set([id]);
    const waiting = [id];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const edge of this.lines.get(at) ?? []) {
        const [near, far] = way === "inputs" ? [edge.to, edge.from] : [edge.from, edge.to];
        if (near !== at || met.has(far)) continue;
        met.add(far);
        waiting.push(far);
      }
    }
    return met;
  }
}

/** @param {[number, number][]} points @returns {Rect} */
function boundsOf(points) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * The control points of the curve between two corner points: it leaves and arrives along the flow.
 * @param {[number, number]} p @param {[number, number]} q @param {"tb" | "lr"} direction
 * @returns {[number, number, number, number] | null} Null for a straight line.
 */
export function curve(p, q, direction) {
  if (direction === "tb") {
    if (Math.abs(p[0] - q[0]) < 0.06) return null;
    const middle = (p[1] + q[1]) / 2;
    return [p[0], middle, q[0], middle];
  }
  if (Math.abs(p[1] - q[1]) < 0.06) return null;
  const middle = (p[0] + q[0]) / 2;
  return [middle, p[1], middle, q[1]];
}

/** Distance of a point from a drawn line. @param {[number, number][]} points @param {number} x @param {number} y @param {"tb" | "lr"} direction */
export function distanceTo(points, x, y, direction) {
  let best = Infinity;
  for (let index = 1; index < points.length; index += 1) {
    const p = points[index - 1];
    const q = points[index];
    const control = curve(p, q, direction);
    let [ax, ay] = p;
    const steps = control ? 12 : 1;
    for (let step = 1; step <= steps; step += 1) {
      const [bx, by] = control ? bezier(p, control, q, step / steps) : q;
      best = Math.min(best, toSegment(x, y, ax, ay, bx, by));
      [ax, ay] = [bx, by];
    }
  }
  return best;
}

/** @param {[number, number]} p @param {[number, number, number, number]} c @param {[number, number]} q @param {number} t */
function bezier(p, c, q, t) {
  const u = 1 - t;
  const [a, b, d, e] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return [a * p[0] + b * c[0] + d * c[2] + e * q[0], a * p[1] + b * c[1] + d * c[3] + e * q[1]];
}

/** @param {number} x @param {number} y @param {number} ax @param {number} ay @param {number} bx @param {number} by */
function toSegment(x, y, ax, ay, bx, by) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

export const MARK_SPACING = 11;

/**
 * Where the marks of a box stand: inputs at its left, outputs at its right; above and below when the flow is sideways.
 * @param {ViewNode} node @param {"tb" | "lr"} direction
 * @returns {{ mark: Mark, x: number, y: number }[]}
 */
export function markPlaces(node, direction) {
  /** @type {{ mark: Mark, x: number, y: number }[]} */
  const places = [];
  for (const input of [true, false]) {
    const marks = node.marks.filter((mark) => mark.input === input);
    const more = input ? node.more_input_marks : node.more_output_marks;
    const rows = marks.length + (more > 0 ? 1 : 0);
    marks.forEach((mark, index) => {
      if (direction === "tb") {
        const y = node.y + node.height / 2 + (index - (rows - 1) / 2) * MARK_SPACING;
        places.push({ mark, x: input ? node.x - 12 : node.x + node.width + 12, y });
      } else {
        places.push({
          mark,
          x: node.x + 12 + index * MARK_SPACING,
          y: input ? node.y - 9 : node.y + node.height + 9,
        });
      }
    });
  }
  return places;
}

/**
 * Where a line's label stands: on the first stretch that leaves the source.
 * @param {ViewEdge} edge @param {"tb" | "lr"} direction
 * @returns {[number, number] | null} Null where there is no room.
 */
export function labelPlace(edge, direction) {
  const [p, q] = edge.points;
  if (!q) return null;
  const along = direction === "tb" ? 1 : 0;
  const length = Math.abs(p[along] - q[along]);
  if (length < 26) return null;
  const t = length > 90 ? 30 / length : 0.5;
  return [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t + 3];
}

/** The second line of an op's box: its type, unless the name says the same. @param {ViewNode} node */
export function subtitle(node) {
  if (node.kind === "series") return "";
  if (node.kind !== "op") return node.ops === 1 ? "1 op" : `${node.ops.toLocaleString("en")} ops`;
  const name = node.label.replace(/^\((.*)\)$/, "$1").replace(/_?\d+$/, "");
  const op = node.op ?? "";
  if (name === op) return "";
  return op.length > 32 ? `${op.slice(0, 18)}…${op.slice(-12)}` : op;
}
