import Engine
import Tensors

extension Graph {
  /// A constant (`tf.constant`). Literals become float32 and int32 unless `dtype` says otherwise.
  /// - Parameter shape: fills that shape row by row; the last value repeats, as TensorFlow does.
  public func constant(
    _ value: any GraphValue, dtype: DataType? = nil, shape: Shape? = nil, name: String = "Const"
  ) throws -> Output {
    guard let shape else { return try operand(value, dtype: dtype, name: name) }
    guard let literal = try literal(value) else {
      throw BuildError.type("constant() with a shape needs numbers or text, not the output of an op.")
    }
    return try operand(literal.tensor(dtype: dtype).filled(to: shape), name: name)
  }

  /// An input that a run must feed (`tf.placeholder`). Without a shape anything can be fed.
  public func placeholder(
    _ dtype: DataType, shape: PartialShape = .unknown, name: String? = nil
  ) throws -> Output {
    try add("Placeholder", name: name, attributes: ["dtype": .type(dtype), "shape": .shape(shape)])
  }

  /// An input that a run may feed (`tf.placeholder_with_default`).
  public func placeholderWithDefault(
    _ value: any GraphValue, shape: PartialShape, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "PlaceholderWithDefault") { scope in
      let value = try self.operand(value, name: "input")
      return try self.add(
        "PlaceholderWithDefault", [value], name: scope,
        attributes: ["dtype": .type(value.dtype), "shape": .shape(shape)])
    }
  }

  /// The elements of `x` in another shape (`tf.reshape`); one dimension may be -1.
  public func reshape(_ x: any GraphValue, to shape: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "Reshape") { scope in
      let x = try self.operand(x, name: "tensor")
      let shape = try self.operand(shape, dtype: shape.typed ?? .int32, name: "shape")
      return try self.add("Reshape", [x, shape], name: scope)
    }
  }

  /// The shape of `x` (`tf.shape`): a constant where it is known.
  public func shape(of x: any GraphValue, name: String? = nil, outputType: DataType = .int32) throws -> Output {
    try nameScope(name, default: "Shape") { scope in
      let x = try self.operand(x, name: "input")
      if let known = x.shape.full {
        return try self.constant(try known.dimensions.tensor(dtype: outputType, shape: [known.rank]), name: scope)
      }
      return try self.shapeNode(x, name: scope, outputType: outputType)
    }
  }

  /// The shape of `x` as a node, even where it is known.
  func shapeNode(_ x: Output, name: String?, outputType: DataType = .int32) throws -> Output {
    try add("Shape", [x], name: name, attributes: ["out_type": .type(outputType)])
  }

  /// `x` with a dimension of 1 inserted before `axis` (`tf.expand_dims`).
  public func expandDims(_ x: any GraphValue, axis: Int, name: String? = nil) throws -> Output {
    try nameScope(name, default: "ExpandDims") { scope in
      let x = try self.operand(x, name: "input")
      let axis = try self.operand(axis, dtype: .int32, name: "dim")
      return try self.add("ExpandDims", [x, axis], name: scope)
    }
  }

  /// `x` without its dimensions of 1 (`tf.squeeze`), or without those of `axes`.
  public func squeeze(_ x: any GraphValue, axes: [Int] = [], name: String? = nil) throws -> Output {
    try nameScope(name, default: "Squeeze") { scope in
      let x = try self.operand(x, name: "input")
      return try self.add(
        "Squeeze", [x], name: scope,
        attributes: ["squeeze_dims": axes.isEmpty ? .emptyList : .ints(axes.map(Int64.init))])
    }
  }

  /// Tensors joined along `axis` (`tf.concat`). Of a single tensor: itself, as an Identity.
  public func concat(_ values: [any GraphValue], axis: Int, name: String = "concat") throws -> Output {
    guard let first = values.first else { throw BuildError.value("concat() needs at least one tensor.") }
    if values.count == 1 { return try identity(first, name: name) }
    return try nameScope(name) { scope in
      let inputs = try self.operands(values)
      let axis = try self.operand(axis, dtype: .int32, name: "axis")
      return try self.add("ConcatV2", inputs + [axis], name: scope)
    }
  }

  /// Tensors of one shape as one tensor with a new dimension `axis` (`tf.stack`).
  public func stack(_ values: [any GraphValue], axis: Int = 0, name: String = "stack") throws -> Output {
    guard !values.isEmpty else { throw BuildError.value("stack() needs at least one tensor.") }
    return try nameScope(name) { scope in
      let inputs = try self.operands(values)
      return try self.add(
        "Pack", inputs, name: scope,
        attributes: [
          "axis": .int(Int64(axis))
        ])
    }
  }

  /// `x` with its dimensions in the order of `permutation` (`tf.transpose`); reversed without one.
  public func transpose(_ x: any GraphValue, permutation: [Int]? = nil, name: String? = nil) throws -> Output {
    try nameScope(name, default: "transpose") { scope in
      let x = try self.operand(x, name: "a")
      guard let order = permutation ?? x.shape.rank.map({ Array((0..<$0).reversed()) }) else {
        throw BuildError.value("transpose() of a tensor of unknown rank needs a permutation.")
      }
      let perm = try self.operand(order, dtype: .int32, name: "perm")
      return try self.add("Transpose", [x, perm], name: scope)
    }
  }

  /// Zeros (`tf.zeros`): false and empty text for bool and string.
  public func zeros(_ shape: Shape, dtype: DataType = .float32, name: String? = nil) throws -> Output {
    try filled(shape, with: Tensor(zeros: dtype, shape: .scalar), name: name, default: "zeros")
  }

  /// Ones (`tf.ones`).
  public func ones(_ shape: Shape, dtype: DataType = .float32, name: String? = nil) throws -> Output {
    try filled(shape, with: [1].tensor(dtype: dtype, shape: []), name: name, default: "ones")
  }

  /// A tensor of one value (`tf.fill`).
  public func fill(_ shape: any GraphValue, with value: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "Fill") { scope in
      let dims = try self.operand(shape, dtype: shape.typed ?? .int32, name: "dims")
      let value = try self.operand(value, name: "value")
      return try self.fillNode(dims, value, name: scope)
    }
  }

  /// Ones of the same shape and type (`tf.ones_like`).
  public func onesLike(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "ones_like") { scope in
      let x = try self.operand(x, name: "tensor")
      let shape = try self.shape(of: x)
      let one = try self.constant([1].tensor(dtype: x.dtype, shape: []))
      return try self.fillNode(shape, one, name: scope)
    }
  }

  /// A node that does nothing itself (`tf.no_op`).
  public func noOp(name: String? = nil) throws -> Node { try addNode(op: "NoOp", name: name) }

  /// A node that is done when all of `nodes` are (`tf.group`). Where they stand on several devices, one node on each
  /// gathers those first.
  public func group(_ nodes: [Node], name: String? = nil) throws -> Node {
    try nameScope(name, default: "group_deps") { scope in
      let devices = Set(nodes.map(\.device)).sorted()
      if devices.count <= 1 { return try self.gather(nodes, on: devices.first ?? "", name: scope) }
      let gates = try devices.map { device in
        try self.gather(nodes.filter { $0.device == device }, on: device, name: nil)
      }
      return try self.addNode(op: "NoOp", name: scope, controlInputs: gates)
    }
  }

  private func gather(_ nodes: [Node], on device: String, name: String?) throws -> Node {
    let make = { try self.addNode(op: "NoOp", name: name, controlInputs: nodes) }
    return device.isEmpty ? try make() : try withDevice(device, make)
  }

  /// TensorFlow writes fewer than 1,000 equal elements as a constant, more as a Fill.
  private func filled(_ shape: Shape, with value: Tensor, name: String?, default: String) throws -> Output {
    try nameScope(name, default: `default`) { scope in
      guard let count = shape.checkedElementCount() else {
        throw BuildError.value("shape \(shape) has a negative dimension or too many elements.")
      }
      if count < 1000 { return try self.constant(value.filled(to: shape), name: scope) }
      let dims = try self.constant(Tensor(try shape.dimensions.int32()), name: "shape_as_tensor")
      return try self.fillNode(dims, self.constant(value), name: scope)
    }
  }

  private func fillNode(_ dims: Output, _ value: Output, name: String) throws -> Output {
    try add("Fill", [dims, value], name: name)
  }

  /// Inputs of a list argument; Swift values take the type of the first that has one.
  private func operands(_ values: [any GraphValue]) throws -> [Output] {
    let dtype = values.lazy.compactMap(\.typed).first
    return try values.enumerated().map { index, value in
      try operand(value, dtype: value.typed == nil ? dtype : nil, name: "values_\(index)")
    }
  }

  private func commonType(_ inputs: [Output], of op: String) throws -> DataType {
    let types = inputs.map(\.dtype)
    guard Set(types).count == 1, let type = types.first else {
      throw BuildError.type(
        "Tensors in list passed to 'values' of '\(op)' Op have types [\(types.map(\.name).joined(separator: ", "))] "
          + "that don't all match.")
    }
    return type
  }

  private func literal(_ value: any GraphValue) throws -> GraphLiteral? {
    switch value {
    case let number as Double: Double.flatten([number])
    case let number as Float: Float.flatten([number])
    case let number as Int: Int.flatten([number])
    case let truth as Bool: Bool.flatten([truth])
    case let text as String: String.flatten([text])
    case let array as any LiteralArray: try array.literal()
    default: nil
    }
  }
}

/// Arrays of any depth, seen without their element type.
private protocol LiteralArray { func literal() throws -> GraphLiteral }

extension Array: LiteralArray where Element: LiteralElement {
  fileprivate func literal() throws -> GraphLiteral { try Element.flatten(self) }
}

extension Tensor {
  /// The elements row by row in another shape, the last one repeated to its end.
  /// - Throws: TensorFlow's text where there are more elements than the shape has.
  func filled(to shape: Shape) throws -> Tensor {
    guard let count = shape.checkedElementCount() else {
      throw BuildError.value("shape \(shape) has a negative dimension or too many elements.")
    }
    guard elementCount <= count else {
      throw BuildError.value("Too many elements provided. Needed at most \(count), but received \(elementCount)")
    }
    if elementCount == count { return reshaped(to: shape) }
    if dtype == .string {
      let missing = [[UInt8]](repeating: strings.last ?? [], count: count - elementCount)
      return Tensor(strings: strings + missing, shape: shape)
    }
    guard let width = dtype.byteWidth else {
      throw BuildError.type("A constant cannot have type \(dtype.name).")
    }
    let given = withUnsafeBytes { [UInt8]($0) }
    let last = given.suffix(width)
    var bytes = given
    bytes.reserveCapacity(count * width)
    for _ in elementCount..<count { bytes.append(contentsOf: last) }
    return try Tensor(
      dtype: dtype, shape: shape, bytes: elementCount == 0 ? [UInt8](repeating: 0, count: count * width) : bytes)
  }
}

extension [Int] {
  /// The numbers as int32, which TensorFlow's shapes are.
  func int32() throws -> [Int32] {
    try map { number in
      guard let value = Int32(exactly: number) else {
        throw BuildError.value("Tensor conversion: \(number) does not fit int32.")
      }
      return value
    }
  }
}
