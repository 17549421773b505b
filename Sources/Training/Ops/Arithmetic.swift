import Engine
import Tensors

// Arithmetic of two inputs. The operators make the nodes that Python's operators make (`a + b` is an AddV2 named
// `add`), the functions those of TensorFlow's functions (`add(a, b)` is an Add named `Add`).

extension Graph {
  /// `x + y` with broadcasting (`tf.add`).
  public func add(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Add", x, y, name: name)
  }

  /// `x - y` with broadcasting (`tf.subtract`).
  public func subtract(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Sub", x, y, name: name)
  }

  /// `x * y`, element by element, with broadcasting (`tf.multiply`).
  public func multiply(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Mul", x, y, name: name)
  }

  /// The quotient as Python computes it: of integers in floating point (`tf.divide`).
  public func divide(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try trueDivide(x, y, name: name)
  }

  /// The larger of two, element by element (`tf.maximum`).
  public func maximum(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Maximum", x, y, name: name)
  }

  /// The smaller of two, element by element (`tf.minimum`).
  public func minimum(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Minimum", x, y, name: name)
  }

  /// `x` to the power of `y` (`tf.pow`).
  public func pow(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "Pow") { scope in try self.binary("Pow", x, y, name: scope) }
  }

  /// Whether two are equal, element by element; bool (`tf.equal`).
  public func equal(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Equal", x, y, name: name, attributes: ["incompatible_shape_error": .bool(true)])
  }

  /// Whether `x` is greater than `y`; bool (`tf.greater`).
  public func greater(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Greater", x, y, name: name)
  }

  /// Whether `x` is less than `y`; bool (`tf.less`).
  public func less(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("Less", x, y, name: name)
  }

  /// The sum of tensors of one shape and type (`tf.add_n`); of a single one itself, as an Identity where it is named.
  public func addN(_ values: [any GraphValue], name: String? = nil) throws -> Output {
    guard let first = values.first else {
      throw BuildError.value("inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape")
    }
    if values.count == 1 {
      let only = try operand(first, name: "inputs")
      guard let name else { return only }
      return try add("Identity", [only], name: name)
    }
    return try nameScope(name, default: "AddN") { scope in
      try self.add("AddN", values.enumerated().map { try self.operand($1, name: "inputs_\($0)") }, name: scope)
    }
  }

  /// The quotient with its own name scope, `truediv` by default.
  func trueDivide(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "truediv") { scope in
      let (x, y) = try self.operands(x, y)
      let widened: DataType? =
        switch x.dtype {
        case .int8, .uint8, .int16, .uint16: .float32
        case .int32, .int64: .float64
        default: nil
        }
      guard let widened else { return try self.binary("RealDiv", x, y, name: scope) }
      return try self.binary("RealDiv", self.cast(x, to: widened), self.cast(y, to: widened), name: scope)
    }
  }

  /// A node of two inputs of one type T; constants are named `x` and `y` below the node.
  func binary(
    _ op: String, _ x: any GraphValue, _ y: any GraphValue, name: String?, attributes: [String: AttributeValue] = [:]
  ) throws -> Output {
    try nameScope(name, default: op) { scope in
      let (x, y) = try self.operands(x, y, for: op)
      return try self.add(op, [x, y], name: scope, attributes: attributes)
    }
  }

  /// Both inputs, where one that has no type of its own takes the other's.
  func operands(
    _ x: any GraphValue, _ y: any GraphValue, for op: String? = nil
  ) throws -> (x: Output, y: Output) {
    let left: Output
    let right: Output
    if x.typed == nil, let dtype = y.typed {
      left = try operand(x, dtype: dtype, name: "x")
      right = try operand(y, name: "y")
    } else {
      left = try operand(x, name: "x")
      right = try operand(y, dtype: y.typed == nil ? left.dtype : nil, name: "y")
    }
    if let op, left.dtype != right.dtype {
      throw BuildError.type(
        "Input 'y' of '\(op)' Op has type \(right.dtype.name) that does not match type \(left.dtype.name) "
          + "of argument 'x'.")
    }
    return (left, right)
  }
}

extension GraphValue {
  /// The type that the value brings along; nil for Swift literals, which adapt.
  var typed: DataType? {
    switch self {
    case let output as Output: output.dtype
    case let variable as Variable: variable.dtype
    case let tensor as Tensor: tensor.dtype
    default: nil
    }
  }
}
