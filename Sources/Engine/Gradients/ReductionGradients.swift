import Tensors

/// Gradients of reductions.
@Sendable func defineReductionGradients(_ ops: inout OpRegistry) {
  ops.gradient("Sum") { c in [try spread(c), nil] }
  ops.gradient("Mean") { c in
    let sums = try spread(c)
    let divisor: Output
    if let input = c.x.shape.elementCount, let output = c.outputs[0].shape.elementCount {
      divisor = try c.scalar(Double(input / max(output, 1)), like: sums)
    } else {
      let (before, after) = (try c.shape(c.x), try c.shape(c.outputs[0]))
      let inputs = try c.add("Prod", before, try c.integers([0]))
      let outputs = try c.add("Prod", after, try c.integers([0]))
      let divided = try c.add("Maximum", outputs, try c.integer(1, name: "Maximum/y"))
      divisor = try c.cast(try c.add("FloorDiv", inputs, divided, name: "floordiv"), to: sums.dtype)
    }
    return [try c.add("RealDiv", sums, divisor, name: "truediv"), nil]
  }
  for name in ["Max", "Min"] {
    ops.gradient(name) { c in
      // Where several elements are the extreme, they share the gradient.
      let kept = try keptShape(c).kept
      let extreme = try c.reshape(c.outputs[0], kept)
      let gradient = try c.reshape(c.gradient, kept)
      let isExtreme = try c.cast(try c.add("Equal", extreme, c.x), to: gradient.dtype)
      let count = try c.reshape(try c.sum(isExtreme, c.y), kept)
      return [try c.mul(try c.add("RealDiv", isExtreme, count, name: "div"), gradient), nil]
    }
  }
  ops.gradient("Prod") { c in [try productGradient(c), nil] }
  ops.noGradient("All", "Any", "ArgMax", "ArgMin")
}

/// The product of all other elements of the group: of those before and of those after each element, so that zeros do
/// no harm.
private func productGradient(_ c: GradientContext) throws -> Output {
  let shape = try c.shape(c.x)
  let (kept, scaling) = try keptShape(c)
  let gradient = try c.add("Tile", try c.reshape(c.gradient, kept), scaling)
  let rank = try c.add("Rank", c.x)
  let axes = try c.reshape(try c.cast(c.y, to: .int32), try c.integers([-1]))
  let reduced = try c.add("FloorMod", try c.add("AddV2", axes, rank, name: "add"), rank, name: "mod")
  let all = try c.add("Range", try c.integer(0), rank, try c.integer(1), name: "range")
  let other = try c.graph.addNode(op: "ListDiff", inputs: [all, reduced]).output(0)
  let order = try c.add("ConcatV2", reduced, other, try c.integer(0, name: "concat/axis"), name: "concat")
  func count(_ axes: Output) throws -> Output {
    let sizes = try c.add("GatherV2", shape, axes, try c.integer(0, name: "GatherV2/axis"))
    return try c.add("Prod", sizes, try c.integers([0]))
  }
  let permuted = try c.add("Transpose", c.x, order, name: "transpose")
  let matrix = try c.reshape(permuted, try c.add("Pack", try count(reduced), try count(other), name: "stack"))
  let axis = try c.integer(0, name: "Cumprod/axis")
  let before = try c.add("Cumprod", matrix, axis, attributes: ["exclusive": .bool(true)])
  let after = try c.add("Cumprod", matrix, axis, attributes: ["exclusive": .bool(true), "reverse": .bool(true)])
  let others = try c.reshape(try c.mul(before, after), try c.add("Shape", permuted))
  let back = try c.add("Transpose", others, try c.add("InvertPermutation", order), name: "transpose_1")
  return try c.reshape(try c.mul(gradient, back), shape)
}

/// The gradient repeated over the reduced axes.
private func spread(_ c: GradientContext) throws -> Output {
  if let dimensions = c.x.shape.dimensions, let axes = ConstantValues.evaluate(c.y).flatMap(ShapeContext.integers),
    axes == Array(dimensions.indices)
  {
    // Everything is reduced: one element, repeated to the input's shape.
    let ones = try c.integers(dimensions.map { _ in 1 }, name: "Reshape/shape")
    let one = try c.reshape(c.gradient, ones)
    return try c.add("Tile", one, try c.shape(c.x))
  }
  let (kept, scaling) = try keptShape(c)
  return try c.add("Tile", try c.reshape(c.gradient, kept), scaling)
}

/// The input's shape with 1 for every reduced axis, and with 1 for every other.
private func keptShape(_ c: GradientContext) throws -> (kept: Output, scaling: Output) {
  let shape = try c.shape(c.x)
  let rank = c.x.shape.rank
  let axes = ConstantValues.evaluate(c.y).flatMap(ShapeContext.integers)
  if let rank, let axes, axes.allSatisfy({ $0 >= -rank && $0 < rank }) {
    let reduced = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    if let full = c.x.shape.full {
      return (
        try c.integers((0..<rank).map { reduced.contains($0) ? 1 : full[$0] }, name: "kept_shape"),
        try c.integers((0..<rank).map { reduced.contains($0) ? full[$0] : 1 }, name: "scaling")
      )
    }
    let mask = try c.graph.constant(Tensor((0..<rank).map(reduced.contains), shape: [rank]), name: "reduced")
    let ones = try c.integers([Int](repeating: 1, count: rank), name: "ones")
    return (try c.add("Select", mask, ones, shape), try c.add("Select", mask, shape, ones))
  }
  // Axes or rank are known only in the run: mark the reduced ones by their one-hot rows.
  let rankValue = try c.add("Size", shape)
  let wrapped = try c.add("FloorMod", try c.cast(c.y, to: .int32), rankValue, name: "mod")
  let flat = try c.reshape(wrapped, try c.integers([-1]))
  let rows = try c.add(
    "OneHot", flat, rankValue, try c.graph.constant(Tensor(true)), try c.graph.constant(Tensor(false)))
  let mask = try c.add("Any", rows, try c.integers([0]))
  let ones = try c.add("OnesLike", shape, name: "ones_like")
  return (try c.add("Select", mask, ones, shape), try c.add("Select", mask, shape, ones))
}
