import Tensors

/// A gradient that is zero but for some rows: `values[i]` belongs to row `indices[i]`, and rows named twice add up. It
/// is what `Gather` gives, so that an embedding of many rows is not filled with zeros.
public struct IndexedSlices: Hashable, Sendable {
  public let values: Output
  public let indices: Output
  /// The shape of the whole tensor, as an integer vector.
  public let denseShape: Output

  public init(values: Output, indices: Output, denseShape: Output) {
    self.values = values
    self.indices = indices
    self.denseShape = denseShape
  }
}

/// The gradient of one tensor.
public enum Gradient: Hashable, Sendable {
  case dense(Output)
  case sparse(IndexedSlices)

  /// The element type.
  public var dtype: DataType {
    switch self {
    case .dense(let output): output.dtype
    case .sparse(let slices): slices.values.dtype
    }
  }

  /// The gradient as one tensor; rows of a sparse one are summed up in a new node.
  public func dense() throws -> Output {
    switch self {
    case .dense(let output): return output
    case .sparse(let slices):
      let graph = slices.values.graph
      let count = try graph.add(
        "StridedSlice",
        [
          slices.denseShape, graph.constant(integerTensor([0], .int32), name: "strided_slice/stack"),
          graph.constant(integerTensor([1], .int32), name: "strided_slice/stack_1"),
          graph.constant(integerTensor([1], .int32), name: "strided_slice/stack_2"),
        ], name: "strided_slice", attributes: ["shrink_axis_mask": .int(1)])
      return try graph.add("UnsortedSegmentSum", [slices.values, slices.indices, count])
    }
  }

  /// The sum of several gradients: of rows, all rows together; otherwise of whole tensors.
  static func sum(_ gradients: [Gradient], in graph: Graph) throws -> Gradient? {
    guard let first = gradients.first else { return nil }
    if gradients.count == 1 { return first }
    let slices = gradients.compactMap { if case .sparse(let slices) = $0 { slices } else { nil } }
    if slices.count == gradients.count {
      return try graph.withColocation(with: slices[0].values.node) {
        let axis = try graph.constant(Tensor(Int32(0)), name: "concat/axis")
        let values = try graph.add("ConcatV2", slices.map(\.values) + [axis], name: "concat")
        // Indices of both widths meet as int64.
        let isWide = slices.contains { $0.indices.dtype == .int64 }
        let indices = try slices.map { slice in
          isWide && slice.indices.dtype != .int64
            ? try graph.add("Cast", [slice.indices], attributes: ["DstT": .type(.int64)]) : slice.indices
        }
        let joined = try graph.add("ConcatV2", indices + [axis], name: "concat_1")
        return .sparse(IndexedSlices(values: values, indices: joined, denseShape: slices[0].denseShape))
      }
    }
    let outputs = try gradients.map { try $0.dense() }
    return .dense(try graph.withColocation(with: outputs[0].node) { try graph.add("AddN", outputs, name: "AddN") })
  }
}

/// The same as `gradients`, but gradients of gathered rows stay `IndexedSlices`, which optimizers apply to those rows
/// only.
/// - Returns: one gradient for each of `xs`; nil where no `y` depends on it in a way that can be differentiated.
public func rowGradients(
  _ ys: [Output], _ xs: [Output], seeds: [Output?]? = nil, stopGradients: [Output] = [], name: String = "gradients"
) throws -> [Gradient?] {
  guard let graph = ys.first?.graph else { return xs.map { _ in nil } }
  return try graph.withNameScope(name) { scope in
    var builder = GradientBuilder(graph: graph, scope: scope, xs: xs, stopGradients: Set(stopGradients))
    return try builder.build(ys, seeds: seeds ?? ys.map { _ in nil })
  }
}

/// Gradients of gathers along the first axis: rows.
@Sendable func defineGatherGradients(_ ops: inout OpRegistry) {
  ops.rowGradient("GatherV2") { c in
    let axis = ConstantValues.evaluate(c.inputs[2]).flatMap(ShapeContext.integers)?.first
    let batch = try c.node.int("batch_dims")
    guard let axis, axis != 0 || batch != 0 else { return [.sparse(try rows(c, shape: try int32Shape(c))), nil, nil] }
    return [.dense(try gatherGradient(c, axis: axis, batch: batch)), nil, nil]
  }
  ops.rowGradient("Gather") { c in [.sparse(try rows(c, shape: try int32Shape(c))), nil] }
  ops.rowGradient("ResourceGather") { c in
    [.sparse(try rows(c, shape: try c.add("VariableShape", c.x))), nil]
  }
}

/// The shape of what rows are taken from, by way of int64 as TensorFlow takes it.
private func int32Shape(_ c: GradientContext) throws -> Output {
  let shape: Output
  if let full = c.x.shape.full {
    shape = try c.graph.constant(Tensor(full.dimensions.map(Int64.init), shape: [full.rank]), name: "Shape")
  } else {
    shape = try c.add("Shape", c.x, attributes: ["out_type": .type(.int64)])
  }
  return try c.graph.withColocation(with: c.x.node) { try c.cast(shape, to: .int32) }
}

/// The gradient of a gather along axis 0, one row for each index.
private func rows(_ c: GradientContext, shape: Output) throws -> IndexedSlices {
  let count = try c.add("ExpandDims", try c.add("Size", c.y), try c.integer(0, name: "ExpandDims/dim"))
  let inner = try c.slice(shape, from: 1)
  let values = try c.reshape(
    c.gradient, try c.add("ConcatV2", count, inner, try c.integer(0, name: "concat/axis"), name: "concat"))
  return IndexedSlices(values: values, indices: try c.reshape(c.y, count), denseShape: shape)
}

/// The gradient of a gather along another axis: that axis comes first, rows are summed up, and it goes back.
private func gatherGradient(_ c: GradientContext, axis: Int, batch: Int) throws -> Output {
  guard let rank = c.x.shape.rank else {
    throw EngineError(
      .unimplemented,
      "the gradient of GatherV2 along axis \(axis) needs the rank of its params to be known; set the "
        + "shape with set_shape", node: c.node.name)
  }
  let at = axis < 0 ? axis + rank : axis
  guard (0..<rank).contains(at) else { throw EngineError.invalid("axis \(axis) is not one of \(rank) dimensions") }
  let shape = try c.shape(c.x)
  guard batch == 0 else {
    // Each batch has rows of its own: they are numbered through, which makes one gather of all.
    guard batch == at, let indexRank = c.y.shape.rank, batch > 0, batch <= indexRank else {
      throw EngineError(
        .unimplemented,
        "the gradient of GatherV2 with batch_dims \(batch) along axis \(axis) is not supported; "
          + "transpose so that the axis follows the batch dimensions", node: c.node.name)
    }
    let batches = try c.add("Prod", try c.slice(shape, to: batch), try c.integers([0]))
    let extent = try c.element(shape, at)
    let offsets = try c.add(
      "Mul", try c.add("Range", try c.integer(0), batches, try c.integer(1)), extent, name: "mul")
    let flat = try c.reshape(
      try c.cast(c.y, to: .int32), try c.add("Pack", batches, try c.integer(-1), name: "stack"))
    let numbers = try c.add(
      "AddV2", flat, try c.add("ExpandDims", offsets, try c.integer(1)), name: "add")
    let inner = try c.slice(shape, from: at + 1)
    let one = try c.integers([-1])
    let values = try c.reshape(
      c.gradient,
      try c.add("ConcatV2", try c.integers([-1]), inner, try c.integer(0, name: "concat/axis"), name: "concat"))
    let total = try c.add("Mul", batches, extent, name: "mul")
    let sums = try c.add("UnsortedSegmentSum", values, try c.reshape(numbers, one), total)
    return try c.reshape(sums, shape)
  }
  let count = try c.add("ExpandDims", try c.add("Size", c.y), try c.integer(0, name: "ExpandDims/dim"))
  let valuesShape = try c.graph.add(
    "ConcatV2",
    [try c.slice(shape, to: at), count, try c.slice(shape, from: at + 1), try c.integer(0, name: "concat/axis")],
    name: "concat")
  let values = try c.reshape(c.gradient, valuesShape)
  let forwards = [at] + Array(0..<at) + Array((at + 1)..<rank)
  let moved = try c.add("Transpose", values, try c.integers(forwards, name: "transpose/perm"), name: "transpose")
  let sums = try c.add("UnsortedSegmentSum", moved, try c.reshape(c.y, count), try c.element(shape, at))
  let back = Array(1..<(at + 1)) + [0] + Array((at + 1)..<rank)
  return try c.add("Transpose", sums, try c.integers(back, name: "transpose_1/perm"), name: "transpose_1")
}

extension GradientContext {
  /// Elements `from..<to` of a vector.
  func slice(_ vector: Output, from: Int = 0, to: Int? = nil) throws -> Output {
    var attributes: [String: AttributeValue] = [:]
    if from == 0 { attributes["begin_mask"] = .int(1) }
    if to == nil { attributes["end_mask"] = .int(1) }
    return try add(
      "StridedSlice", vector, try integers([from], name: "strided_slice/stack"),
      try integers([to ?? 0], name: "strided_slice/stack_1"), try integers([1], name: "strided_slice/stack_2"),
      name: "strided_slice", attributes: attributes)
  }

  /// One element of a vector.
  func element(_ vector: Output, _ index: Int) throws -> Output {
    try add(
      "StridedSlice", vector, try integers([index], name: "strided_slice/stack"),
      try integers([index + 1], name: "strided_slice/stack_1"), try integers([1], name: "strided_slice/stack_2"),
      name: "strided_slice", attributes: ["shrink_axis_mask": .int(1)])
  }
}
