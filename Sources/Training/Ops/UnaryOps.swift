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

  /// 1 over the square root (`tf.rsqrt`).
  public func rsqrt(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Rsqrt", x, name: name) }

  /// 1 over `x` (`tf.reciprocal`).
  public func reciprocal(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Reciprocal", x, name: name)
  }

  /// -1, 0 or 1 (`tf.sign`).
  public func sign(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Sign", x, name: name) }

  /// Sine (`tf.sin`).
  public func sin(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Sin", x, name: name) }

  /// Cosine (`tf.cos`).
  public func cos(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Cos", x, name: name) }

  /// The smallest whole number that is not less (`tf.ceil`).
  public func ceil(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Ceil", x, name: name) }

  /// The nearest whole number, the even one of two (`tf.round`).
  public func round(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Round", x, name: name) }

  /// Natural logarithm of `1 + x` (`tf.log1p`).
  public func log1p(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Log1p", x, name: name) }

  /// e to the power of `x`, less 1 (`tf.expm1`).
  public func expm1(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("Expm1", x, name: name) }

  /// Whether an element is no number; bool (`tf.is_nan`).
  public func isNaN(_ x: any GraphValue, name: String? = nil) throws -> Output { try unary("IsNan", x, name: name) }

  /// Whether an element is neither infinite nor NaN; bool (`tf.is_finite`).
  public func isFinite(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("IsFinite", x, name: name)
  }

  /// Whether an element is infinite; bool (`tf.is_inf`).
  public func isInfinite(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("IsInf", x, name: name)
  }

  /// `min(max(x, 0), 6)` (`tf.nn.relu6`).
  public func relu6(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Relu6", x, name: name, argument: "features")
  }

  /// `exp(x) - 1` below 0, `x` above (`tf.nn.elu`).
  public func elu(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Elu", x, name: name, argument: "features")
  }

  /// Scaled `elu` (`tf.nn.selu`).
  public func selu(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Selu", x, name: name, argument: "features")
  }

  /// `log(exp(x) + 1)` (`tf.nn.softplus`).
  public func softplus(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Softplus", x, name: name, argument: "features")
  }

  /// `x / (|x| + 1)` (`tf.nn.softsign`).
  public func softsign(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("Softsign", x, name: name, argument: "features")
  }

  /// Whether not; bool (`tf.logical_not`).
  public func logicalNot(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("LogicalNot", x, name: name)
  }

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
    try nameScope(name, default: "zeros_like") { scope in
      let x = try self.operand(x, name: "tensor")
      guard let shape = x.shape.full else { return try self.add("ZerosLike", [x], name: scope) }
      return try self.zeros(shape, dtype: x.dtype, name: scope)
    }
  }

  /// Half the sum of squares (`tf.nn.l2_loss`).
  public func l2Loss(_ x: any GraphValue, name: String? = nil) throws -> Output {
    try unary("L2Loss", x, name: name, argument: "t")
  }

  /// `x` as another type (`tf.cast`); itself where it has that type already. Floating point is cut towards zero.
  public func cast(_ x: any GraphValue, to dtype: DataType, name: String? = nil) throws -> Output {
    if let output = x as? Output, output.dtype == dtype { return output }
    return try nameScope(name, default: "Cast") { scope in
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
