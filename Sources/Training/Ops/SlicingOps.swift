import Engine
import Tensors

// Parts of tensors, and tensors put together from parts.

extension Graph {
  /// `size` elements of each dimension from `begin` on (`tf.slice`); a size of -1 goes to the end.
  public func slice(
    _ x: any GraphValue, begin: any GraphValue, size: any GraphValue, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "Slice") { scope in
      let x = try self.operand(x, name: "input")
      let begin = try self.sliceBound(begin, name: "begin")
      let size = try self.sliceBound(size, name: "size")
      return try self.add("Slice", [x, begin, size], name: scope)
    }
  }

  /// A bound that is a scalar output is packed into a vector, as TensorFlow does with a list.
  private func sliceBound(_ bound: any GraphValue, name: String) throws -> Output {
    if let output = bound as? Output, output.shape.rank == 0 { return try stack([output], name: name) }
    return try operand(bound, dtype: bound.typed ?? .int32, name: name)
  }

  /// One index of the first dimension, which goes (`x[index]`).
  public func element(_ x: any GraphValue, at index: Int, name: String? = nil) throws -> Output {
    try stridedSlice(
      x, begin: [index], end: [index + 1], shrinkAxisMask: 1, name: name)
  }

  /// A range of the first dimension (`x[begin:end]`); negative numbers count from the end.
  public func rows(_ x: any GraphValue, from begin: Int = 0, to end: Int? = nil, name: String? = nil) throws -> Output {
    try stridedSlice(
      x, begin: [begin], end: [end ?? 0], beginMask: begin == 0 ? 1 : 0, endMask: end == nil ? 1 : 0, name: name)
  }

  /// Elements from `begin` to before `end` in steps (`tf.strided_slice`), for the first dimensions of `x`.
  ///
  /// The masks are bit sets of dimensions: those whose begin or end does not count, new ones, and those that go.
  public func stridedSlice(
    _ x: any GraphValue, begin: [Int], end: [Int], strides: [Int]? = nil, beginMask: Int = 0, shrinkAxisMask: Int = 0,
    endMask: Int = 0, ellipsisMask: Int = 0, newAxisMask: Int = 0, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "strided_slice") { scope in
      let x = try self.operand(x, name: "input")
      let first = try self.operand(begin, dtype: .int32, name: "stack")
      let last = try self.operand(end, dtype: .int32, name: "stack_1")
      let steps = try self.operand(strides ?? begin.map { _ in 1 }, dtype: .int32, name: "stack_2")
      return try self.add(
        "StridedSlice", [x, first, last, steps], name: scope,
        attributes: [
          "begin_mask": .int(Int64(beginMask)), "end_mask": .int(Int64(endMask)),
          "ellipsis_mask": .int(Int64(ellipsisMask)), "new_axis_mask": .int(Int64(newAxisMask)),
          "shrink_axis_mask": .int(Int64(shrinkAxisMask)),
        ])
    }
  }

  /// The rows of `x` that `indices` name, along `axis` (`tf.gather`).
  /// - Parameter indices: int32 or int64, of any shape, which takes the place of the dimension.
  public func gather(
    _ x: any GraphValue, indices: any GraphValue, axis: Int = 0, name: String? = nil
  ) throws -> Output {
    if let variable = x as? Variable, variable.isResource, axis == 0 {
      return try resourceGather(variable, indices, name: name)
    }
    return try nameScope(name, default: "GatherV2") { scope in
      let x = try self.operand(x, name: "params")
      let indices = try self.operand(indices, name: "indices")
      let axis = try self.operand(axis, dtype: .int32, name: "axis")
      return try self.add("GatherV2", [x, indices, axis], name: scope, attributes: ["batch_dims": .int(0)])
    }
  }

  /// Rows straight from the variable, without reading all of it.
  private func resourceGather(_ variable: Variable, _ indices: any GraphValue, name: String?) throws -> Output {
    try nameScope(name ?? "GatherV2") { scope in
      let indices = try self.operand(indices, name: "indices")
      let rows = try self.add(
        "ResourceGather", [variable.reference, indices], name: scope,
        attributes: ["dtype": .type(variable.dtype), "validate_indices": .bool(true), "batch_dims": .int(0)])
      return rows
    }
  }

  /// Rows of a table of vectors, one for each id (`tf.nn.embedding_lookup`).
  /// - Parameters:
  ///   - table: a variable `[rows, …]`.
  ///   - ids: int32 or int64, of any shape.
  public func embeddingLookup(_ table: Variable, ids: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "embedding_lookup") { scope in
      let ids = try self.operand(ids, name: "ids")
      return try self.withColocation(with: table.node) {
        if table.isResource {
          let rows = try self.add(
            "ResourceGather", [table.reference, ids], name: nil,
            attributes: ["dtype": .type(table.dtype), "validate_indices": .bool(true), "batch_dims": .int(0)])
          return try self.identity(rows, name: "Identity")
        }
        let axis = try self.operand(0, dtype: .int32, name: "axis")
        let rows = try self.add(
          "GatherV2", [table.value, ids, axis], name: scope, attributes: ["batch_dims": .int(0)])
        return try self.withoutColocation { try self.add("Identity", [rows], name: "Identity") }
      }
    }
  }

  /// 1 at the indices, 0 elsewhere (`tf.one_hot`), in a new last dimension.
  /// - Parameter depth: size of that dimension.
  public func oneHot(
    _ indices: any GraphValue, depth: Int, dtype: DataType = .float32, axis: Int = -1, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "one_hot") { scope in
      let on = try self.operand(1, dtype: dtype, name: "Const")
      let off = try self.operand(0, dtype: dtype, name: "Const")
      let indices = try self.operand(indices, name: "indices")
      let depth = try self.operand(depth, dtype: .int32, name: "depth")
      return try self.add(
        "OneHot", [indices, depth, on, off], name: scope, attributes: ["axis": .int(Int64(axis))])
    }
  }

  /// `x` repeated along each dimension (`tf.tile`).
  public func tile(_ x: any GraphValue, multiples: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "Tile") { scope in
      let x = try self.operand(x, name: "input")
      let multiples = try self.operand(multiples, dtype: multiples.typed ?? .int32, name: "multiples")
      return try self.add("Tile", [x, multiples], name: scope)
    }
  }

  /// Equal parts of `x` along `axis` (`tf.split`).
  public func split(_ x: any GraphValue, into count: Int, axis: Int = 0, name: String? = nil) throws -> [Output] {
    try nameScope(name, default: "split") { scope in
      let x = try self.operand(x, name: "value")
      let axis = try self.operand(axis, dtype: .int32, name: "split_dim")
      return try self.addNode(
        op: "Split", name: scope, inputs: [axis, x], attributes: ["num_split": .int(Int64(count))]
      ).outputs
    }
  }

  /// The places where `condition` holds, one row each, int64 (`tf.where`).
  public func places(where condition: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "Where") { scope in
      try self.add("Where", [self.operand(condition, name: "condition")], name: scope)
    }
  }

  /// The elements of `x` at which a vector of truth values is true (`tf.boolean_mask`), along the first dimension.
  /// - Parameter mask: bool, rank 1, of known rank.
  public func booleanMask(_ x: any GraphValue, mask: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "boolean_mask") { _ in
      let x = try self.operand(x, name: "tensor")
      let mask = try self.operand(mask, dtype: .bool, name: "mask")
      guard mask.shape.rank == 1 else {
        throw BuildError.value("booleanMask() takes a mask of rank 1, not \(mask.shape.tupleDescription).")
      }
      let leading = try self.reduceProd(
        self.stridedSlice(self.shape(of: x), begin: [0], end: [1]), axes: [0])
      let before = try self.stridedSlice(self.shape(of: x), begin: [0], end: [0], beginMask: 1)
      let after = try self.stridedSlice(self.shape(of: x), begin: [1], end: [0], endMask: 1)
      let shape = try self.concat([before, self.stack([leading], name: "concat/values_1"), after], axis: 0)
      let flat = try self.reshape(x, to: shape)
      let flatMask = try self.reshape(mask, to: [-1])
      let chosen = try self.squeeze(self.places(where: flatMask), axes: [1])
      return try self.gather(flat, indices: chosen)
    }
  }
}
