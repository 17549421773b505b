/** The variables of a checkpoint as a tree by name scope, flattened to the rows that a list shows. No DOM here. */

/**
 * @typedef {object} Variable
 * @property {string} name
 * @property {string} dtype
 * @property {number[]} shape
 * @property {number} bytes
 * @property {number} shard
 * @property {number | null} offset
 * @property {string} [full_name] What the variable was called in its program.
 * @property {number} [slices] Pieces of a partitioned variable.
 */
/**
 * @typedef {object} Node
 * @property {string} path Display path; also the key of the row.
 * @property {string} label Last part of it.
 * @property {Variable | null} variable A scope may be a variable too: `w` and `w/Adam`.
 * @property {Map<string, Node>} children
 * @property {number} count Variables at and below.
 * @property {number} elements
 * @property {number} bytes
 */
/**
 * @typedef {object} Row
 * @property {string} path
 * @property {string} label Scopes with one child are joined to it.
 * @property {number} depth
 * @property {Variable | null} variable
 * @property {boolean} folder
 * @property {boolean} open
 * @property {number} count
 * @property {number} elements
 * @property {number} bytes
 */
/** @typedef {"name" | "elements" | "bytes" | "dtype"} SortKey */
/** @typedef {{ key: SortKey, descending: boolean }} Sort */

/** @param {readonly number[]} shape */
export function elementCount(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

const VALUE = "/.ATTRIBUTES/VARIABLE_VALUE";

/**
 * The parts of a name as people think of it: object-based checkpoints end each name in the same attribute, and escape
 * slashes (`.S`) and dots (`..`) inside of a part.
 * @param {string} name
 * @returns {string[]}
 */
export function displayParts(name) {
  const path = name.endsWith(VALUE) ? name.slice(0, -VALUE.length) : name;
  return path.split("/").map((part) => {
    if (part === ".OPTIMIZER_SLOT") return "slots";
    if (part === ".ATTRIBUTES") return "attributes";
    return part.replace(/\.\.|\.S/g, (escape) => (escape === ".." ? "." : "/")) || "(empty)";
  });
}

/** @param {string} path @param {string} label @returns {Node} */
const makeNode = (path, label) => ({
  path,
  label,
  variable: null,
  children: new Map(),
  count: 0,
  elements: 0,
  bytes: 0,
});

/** @param {readonly Variable[]} variables @returns {Node} */
export function buildTree(variables) {
  const root = makeNode("", "");
  for (const variable of variables) {
    const elements = elementCount(variable.shape);
    let node = root;
    /** @param {Node} at */
    const add = (at) => {
      at.count += 1;
      at.elements += elements;
      at.bytes += variable.bytes;
    };
    add(node);
    let path = "";
    for (const part of displayParts(variable.name)) {
      path += `/${part}`;
      let child = node.children.get(part);
      if (!child) {
        child = makeNode(path, part);
        node.children.set(part, child);
      }
      node = child;
      add(node);
    }
    // Two keys may look the same once their endings are gone; the second one keeps its whole name.
    if (node.variable === null) {
      node.variable = variable;
    } else {
      const twin = makeNode(`${path}\u0000${variable.name}`, variable.name);
      add(twin);
      twin.variable = variable;
      node.children.set(`\u0000${variable.name}`, twin);
    }
  }
  return root;
}

/** Numbers inside of names in their order: layer_2 before layer_10. */
const collator = new Intl.Collator("en", { numeric: true });

/** @param {Sort} sort @returns {(a: Node, b: Node) => number} */
function order(sort) {
  const byName = (/** @type {Node} */ a, /** @type {Node} */ b) => collator.compare(a.label, b.label);
  const sign = sort.descending ? -1 : 1;
  return (a, b) => {
    let difference = 0;
    if (sort.key === "elements") difference = a.elements - b.elements;
    else if (sort.key === "bytes") difference = a.bytes - b.bytes;
    else if (sort.key === "dtype") difference = collator.compare(a.variable?.dtype ?? "", b.variable?.dtype ?? "");
    else difference = byName(a, b);
    return sign * difference || byName(a, b);
  };
}

/**
 * The rows in sight with these scopes closed.
 * @param {Node} root
 * @param {ReadonlySet<string>} closed
 * @param {Sort} sort
 * @returns {Row[]}
 */
export function rowsOf(root, closed, sort) {
  /** @type {Row[]} */
  const rows = [];
  const compare = order(sort);
  /** @param {Node} parent @param {number} depth */
  const visit = (parent, depth) => {
    for (let node of [...parent.children.values()].sort(compare)) {
      let label = node.label;
      while (node.variable === null && node.children.size === 1) {
        node = /** @type {Node} */ (node.children.values().next().value);
        label = `${label}/${node.label}`;
      }
      const folder = node.children.size > 0;
      const open = folder && !closed.has(node.path);
      rows.push({
        path: node.path,
        label,
        depth,
        variable: node.variable,
        folder,
        open,
        count: node.count,
        elements: node.elements,
        bytes: node.bytes,
      });
      if (open) visit(node, depth + 1);
    }
  };
  visit(root, 0);
  return rows;
}

/** Paths of all scopes. @param {Node} root @returns {string[]} */
export function folderPaths(root) {
  /** @type {string[]} */
  const paths = [];
  /** @param {Node} node */
  const visit = (node) => {
    for (const child of node.children.values()) {
      if (child.children.size === 0) continue;
      paths.push(child.path);
      visit(child);
    }
  };
  visit(root);
  return paths;
}

/**
 * Which scopes to close at first, so that about `limit` rows are in sight: all are open where that fits, else scopes
 * are opened level by level.
 * @param {Node} root
 * @param {number} limit
 * @returns {Set<string>}
 */
export function initiallyClosed(root, limit) {
  const closed = new Set(folderPaths(root));
  let rows = root.children.size;
  /** @type {Node[]} */
  let level = [...root.children.values()].filter((node) => node.children.size > 0);
  while (level.length > 0) {
    const more = level.reduce((sum, node) => sum + node.children.size, 0);
    if (rows + more > limit) break;
    rows += more;
    for (const node of level) closed.delete(node.path);
    level = level.flatMap((node) => [...node.children.values()]).filter((node) => node.children.size > 0);
  }
  return closed;
}

/** The scopes around a path, outermost first. @param {string} path */
export function ancestors(path) {
  const parts = path.split("/").slice(1);
  return parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** The row key of a variable. @param {string} name */
export function pathOf(name) {
  return `/${displayParts(name).join("/")}`;
}
