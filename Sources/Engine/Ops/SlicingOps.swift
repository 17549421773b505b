import Tensors

/// Parts of tensors: slices, splits, gathers.
@Sendable func defineSlicingOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "Slice", inputs: ["input: T", "begin: Index", "size: Index"], outputs: ["output: T"],
      attributes: ["T: type", "Index: {int32, int64}"]),
    shapes: { context in
      guard let dimensions = context.inputShapes[0].dimensions else {
        return [context.integers(2).map { PartialShape($0.map { $0 < 0 ? nil : $0 }) } ?? .unknown]
      }
      guard let sizes = context.integers(2) else { return [.ofRank(dimensions.count)] }
      guard sizes.count == dimensions.count else {
        throw ShapeError("Shape must be rank \(sizes.count) but is rank \(dimensions.count)")
      }
      let begins = context.integers(1)
      return [
        PartialShape(
          sizes.indices.map { axis in
            if sizes[axis] >= 0 { return sizes[axis] }
            guard let size = dimensions[axis], let begins, begins.indices.contains(axis) else { return nil }
            let (rest, overflow) = size.subtractingReportingOverflow(begins[axis])
            return overflow ? nil : max(rest, 0)
          })
      ]
    })
  ops.add(
    OpDefinition(
      "StridedSlice", inputs: ["input: T", "begin: Index", "end: Index", "strides: Index"], outputs: ["output: T"],
      attributes: [
        "T: type", "Index: {int32, int64}", "begin_mask: int = 0", "end_mask: int = 0", "ellipsis_mask: int = 0",
        "new_axis_mask: int = 0", "shrink_axis_mask: int = 0",
      ]),
    shapes: { context in
      guard let dimensions = context.inputShapes[0].dimensions, let strides = context.integers(3) else {
        return [.unknown]
      }
      let spec = try StridedSlice.Masks(node: context.node)
      do {
        return [
          try StridedSlice.shape(
            of: dimensions, begin: context.integers(1), end: context.integers(2), strides: strides, masks: spec)
        ]
      } catch let error as EngineError {
        throw ShapeError(error.message)
      }
    })
  ops.add(
    OpDefinition(
      "StridedSliceGrad",
      inputs: ["shape: Index", "begin: Index", "end: Index", "strides: Index", "dy: T"], outputs: ["output: T"],
      attributes: [
        "T: type", "Index: {int32, int64}", "begin_mask: int = 0", "end_mask: int = 0", "ellipsis_mask: int = 0",
        "new_axis_mask: int = 0", "shrink_axis_mask: int = 0",
      ]),
    shapes: Shapes.fromValue(0))
  ops.add(
    OpDefinition(
      "Split", inputs: ["split_dim: int32", "value: T"], outputs: ["output: num_split * T"],
      attributes: ["num_split: int >= 1", "T: type"]),
    shapes: { context in
      let count = context.node.outputCount
      guard var dimensions = context.inputShapes[1].dimensions else {
        return [PartialShape](repeating: .unknown, count: count)
      }
      guard let given = context.integers(0)?.first else {
        return [PartialShape](repeating: .ofRank(dimensions.count), count: count)
      }
      let axis = try Shapes.axis(given, rank: dimensions.count)
      if let size = dimensions[axis] {
        guard count > 0, size % count == 0 else {
          throw ShapeError("Dimension size must be evenly divisible by \(count) but is \(size)")
        }
        dimensions[axis] = size / count
      }
      return [PartialShape](repeating: PartialShape(dimensions), count: count)
    })
  ops.add(
    OpDefinition(
      "SplitV", inputs: ["value: T", "size_splits: Tlen", "split_dim: int32"], outputs: ["output: num_split * T"],
      attributes: ["num_split: int >= 1", "T: type", "Tlen: {int32, int64} = int64"]),
    shapes: { context in
      let count = context.node.outputCount
      guard let dimensions = context.inputShapes[0].dimensions, let axis = context.integers(2)?.first else {
        return [PartialShape](repeating: context.inputShapes[0].rank.map(PartialShape.ofRank) ?? .unknown, count: count)
      }
      let at = try Shapes.axis(axis, rank: dimensions.count)
      let sizes = context.integers(1)
      return (0..<count).map { index in
        var part = dimensions
        part[at] = sizes.flatMap { $0.count == count && $0[index] >= 0 ? $0[index] : nil }
        return PartialShape(part)
      }
    })
  ops.add(
    OpDefinition(
      "GatherV2", inputs: ["params: Tparams", "indices: Tindices", "axis: Taxis"], outputs: ["output: Tparams"],
      attributes: [
        "Tparams: type", "Tindices: {int32, int64}", "Taxis: {int32, int64}", "batch_dims: int = 0",
      ]),
    shapes: { context in
      guard let params = context.withKnownRank(0), let indices = context.inputShapes[1].dimensions,
        let axis = context.integers(2)?.first
      else { return [.unknown] }
      let at = try Shapes.axis(axis, rank: params.count)
      let batch = try context.node.int("batch_dims")
      let skipped = batch < 0 ? batch + indices.count : batch
      guard (0...indices.count).contains(skipped), skipped <= at else {
        throw ShapeError("batch_dims \(batch) does not fit indices of rank \(indices.count)")
      }
      return [PartialShape(Array(params[..<at]) + indices[skipped...] + params[(at + 1)...])]
    })
  ops.add(
    OpDefinition(
      "Gather", inputs: ["params: Tparams", "indices: Tindices"], outputs: ["output: Tparams"],
      attributes: ["validate_indices: bool = true", "Tparams: type", "Tindices: {int32, int64}"]),
    shapes: { context in
      guard let params = context.withKnownRank(0), let indices = context.inputShapes[1].dimensions, !params.isEmpty
      else { return [.unknown] }
      return [PartialShape(indices + params.dropFirst())]
    })
  for (name, hasNumber) in [("UnsortedSegmentSum", true)] where hasNumber {
    ops.add(
      OpDefinition(
        name, inputs: ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"], outputs: ["output: T"],
        attributes: ["T: numbertype", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = int32"]),
      shapes: { context in
        guard let data = context.withKnownRank(0), let ids = context.inputShapes[1].rank, ids <= data.count else {
          return [.unknown]
        }
        return [PartialShape([context.integers(2)?.first] + data[ids...])]
      })
  }
}

extension ShapeContext {
  /// The dimensions of input `index` where its rank is known.
  func withKnownRank(_ index: Int) -> [Int?]? { inputShapes[index].dimensions }
}
