import Engine
import Tensors

// Functions of one input, element by element. Each makes one node of the op's own name.

extension Graph {
  /// `max(x, 0)` (`tf.nn.relu`).
  public func relu(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Relu", x, name: name) }

  /// Hyperbolic tangent (`tf.tanh`).
  public func tanh(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Tanh", x, name: name) }

  /// `1 / (1 + exp(-x))` (`tf.sigmoid`).
  public func sigmoid(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Sigmoid", x, name: name) }

  /// Softmax over the last axis (`tf.nn.softmax`).
  public func softmax(_ logits: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Softmax", logits, name: name)
  }

  /// Logarithm of the softmax over the last axis (`tf.nn.log_softmax`).
  public func logSoftmax(_ logits: any GraphValue, name: String? = nil) throws -> Output {
    try unary("LogSoftmax", logits, name: name)
  }

  /// `x * x` (`tf.square`).
  public func square(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Square", x, name: name) }

  /// Square root (`tf.sqrt`).
  public func sqrt(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Sqrt", x, name: name) }

  /// e to the power of `x` (`tf.exp`).
  public func exp(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Exp", x, name: name) }

  /// Natural logarithm (`tf.log`).
  public func log(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Log", x, name: name) }

  /// Absolute value (`tf.abs`).
  public func abs(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Abs", x, name: name) }

  /// `-x` (`tf.negative`).
  public func negative(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Neg", x, name: name) }

  /// The largest whole number that is not greater (`tf.floor`).
  public func floor(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Floor", x, name: name) }

  /// The same value, under a name of its own (`tf.identity`). Of a variable: its value at this point.
  public func identity(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Identity", x, name: name, argument: "input")
  }

  /// The same value, through which no gradient flows (`tf.stop_gradient`).
  public func stopGradient(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("StopGradient", x, name: name, argument: "input")
  }

  /// Zeros of the same shape and type (`tf.zeros_like`).
  public func zerosLike(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("ZerosLike", x, name: name ?? "zeros_like")
  }

  /// Half the sum of squares (`tf.nn.l2_loss`).
  public func l2Loss(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("L2Loss", x, name: name, argument: "t")
  }

  /// `x` as another type (`tf.cast`); itself where it has that type already. Floating point is cut towards zero.
  public func cast(_ x: any GraphValue, to dtype: DataType, name: String? = nil) throws -> Output {
    try nameScope(name, default: "Cast") { scope in
      let x = try self.operand(x, name: "x")
      if x.dtype == dtype { return x }
      return try self.add("Cast", [x], name: scope, attributes: ["DstT": .type(dtype), "Truncate": .bool(false)])
    }
  }

  /// A node of one input of type T; a constant is named `argument` below the node.
  func unary(_ op: String, _ x: any GraphValue, name: String?, argument: String = "x") throws -> Output {
    try nameScope(name, default: op) { scope in
      let x = try self.operand(x, name: argument)
      return try self.add(op, [x], name: scope)
    }
  }
}
