/** Colours of boxes: by repeated structure, by op type or by device. The same hues as in exported pictures. */

/** @typedef {import("./model.js").ViewNode} ViewNode */
/** @typedef {"structure" | "op" | "device"} Colouring */

const LIGHT = [
  "#3f74d1",
  "#d98324",
  "#2f9d6b",
  "#a65fc0",
  "#cf5350",
  "#1f9bb0",
  "#94852a",
  "#7a66d6",
  "#cc5490",
  "#5f9330",
];
const DARK = [
  "#7ba6f2",
  "#e8a55a",
  "#5fc898",
  "#c98fe0",
  "#ec8582",
  "#58c3d6",
  "#c4b457",
  "#a596f2",
  "#e886b8",
  "#93c263",
];

/** @param {number} index @param {"light" | "dark"} theme */
export function hue(index, theme) {
  const list = theme === "dark" ? DARK : LIGHT;
  return list[((index % list.length) + list.length) % list.length];
}

/** Families of ops that get one colour together: what a reader tells apart at a glance. */
const FAMILIES = [
  { name: "variables", test: /Variable|VarHandle|^Assign|^Read/ },
  { name: "matrix products", test: /MatMul|Conv|Einsum/ },
  { name: "activations", test: /^(Relu|Elu|Selu|Sigmoid|Tanh|Softmax|Softplus|Softsign|LeakyRelu|LogSoftmax)/ },
  { name: "sums and means", test: /^(Sum|Mean|Max|Min|Prod|All|Any|ArgMax|ArgMin|L2Loss)$|Pool|AddN|BiasAdd/ },
  { name: "normalisation", test: /BatchNorm|LRN|Dropout/ },
  {
    name: "arithmetic",
    test:
      /^(Add|AddV2|Sub|Mul|RealDiv|Div|DivNoNan|Neg|Pow|Sqrt|Rsqrt|Square|SquaredDifference|Exp|Log|Maximum|Minimum|FloorDiv|FloorMod|Abs|Sign)$/,
  },
  {
    name: "shapes",
    test:
      /Shape|Reshape|Transpose|Concat|Slice|Pack|Split|Gather|Tile|Pad|Squeeze|ExpandDims|Fill|Range|Cast|Broadcast/,
  },
  {
    name: "control flow",
    test: /^(Switch|Merge|Enter|Exit|NextIteration|LoopCond|Identity|NoOp|ControlTrigger|Stack|TensorArray)/,
  },
  { name: "training", test: /Apply|Grad|Backprop/ },
  { name: "inputs", test: /Placeholder|Const|Random|Truncated|Queue|Reader|Dataset|Iterator|^_Arg/ },
];

/** @param {string} op Index of its family, or -1. */
export function familyOf(op) {
  // Gradients carry the name of what they differentiate; they are training first.
  if (/Grad|Backprop|^(Resource)?(Sparse)?Apply/.test(op)) return 8;
  return FAMILIES.findIndex((family) => family.test.test(op));
}

/**
 * How a view's boxes are coloured: a function that gives each its hue (null is neutral), and the legend.
 * @param {readonly ViewNode[]} nodes @param {Colouring} by @param {"light" | "dark"} theme
 */
export function colouring(nodes, by, theme) {
  /** @type {Map<string, string>} */
  const legend = new Map();
  if (by === "structure") {
    return {
      legend,
      of: (/** @type {ViewNode} */ node) => typeof node.template !== "number" ? null : hue(node.template, theme),
    };
  }
  if (by === "op") {
    for (const node of nodes) {
      const index = node.op ? familyOf(node.op) : -1;
      if (index >= 0) legend.set(FAMILIES[index].name, hue(index, theme));
    }
    return {
      legend,
      of: (/** @type {ViewNode} */ node) => {
        const index = node.op ? familyOf(node.op) : -1;
        return index < 0 ? null : hue(index, theme);
      },
    };
  }
  const devices = [...new Set(nodes.map((node) => node.device).filter((device) => typeof device === "string"))].sort();
  devices.forEach((device, index) => legend.set(device || "not placed", hue(index, theme)));
  return {
    legend,
    of: (/** @type {ViewNode} */ node) =>
      typeof node.device !== "string" ? null : hue(devices.indexOf(node.device), theme),
  };
}
