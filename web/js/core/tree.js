/** Runs as a tree by the parts of their paths, flattened to the rows that a list shows. */

/**
 * @typedef {object} Row
 * @property {string} path Of the run or of the folder.
 * @property {string} label Last part; folders with one child are joined to it.
 * @property {number} depth
 * @property {string | null} run The run's name, or `null` for a folder that is none.
 * @property {readonly string[]} members All runs at and below this row.
 * @property {boolean} folder
 * @property {boolean} open
 */
/** @typedef {{ path: string, label: string, run: string | null, children: Map<string, Node> }} Node */

/** @param {readonly string[]} names @returns {Node} */
function build(names) {
  /** @type {Node} */
  const root = { path: "", label: "", run: null, children: new Map() };
  for (const name of names) {
    let node = root;
    let path = "";
    for (const part of name.split("/")) {
      path = path === "" ? part : `${path}/${part}`;
      let child = node.children.get(part);
      if (!child) {
        child = { path, label: part, run: null, children: new Map() };
        node.children.set(part, child);
      }
      node = child;
    }
    node.run = name;
  }
  return root;
}

/** @param {Node} node @returns {string[]} */
function members(node) {
  const below = [...node.children.values()].flatMap(members);
  return node.run === null ? below : [node.run, ...below];
}

/**
 * @param {readonly string[]} names In the order to show.
 * @param {ReadonlySet<string>} closed Paths of closed folders.
 * @returns {Row[]}
 */
export function rowsOf(names, closed) {
  /** @type {Row[]} */
  const rows = [];
  /** @param {Node} parent @param {number} depth */
  const visit = (parent, depth) => {
    for (let node of parent.children.values()) {
      let label = node.label;
      while (node.run === null && node.children.size === 1) {
        node = /** @type {Node} */ (node.children.values().next().value);
        label = `${label}/${node.label}`;
      }
      const folder = node.children.size > 0;
      const open = folder && !closed.has(node.path);
      rows.push({ path: node.path, label, depth, run: node.run, members: members(node), folder, open });
      if (open) visit(node, depth + 1);
    }
  };
  visit(build(names), 0);
  return rows;
}

/**
 * What a row keeps while runs come and go: its path, and whether it is a run. Its depth, label and members can change
 * with every new run.
 * @param {Row} row
 */
export function rowKey(row) {
  return `${row.run === null ? "folder" : "run"} ${row.path}`;
}
