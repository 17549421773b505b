import Tensors

/// How gradients flow back through an operation.
enum GradientRule: Sendable {
  /// Nothing flows: comparisons, shapes, random numbers.
  case none
  /// Adds nodes that compute the gradients of the inputs, one an input; nil where nothing flows.
  case rule(@Sendable (GradientContext) throws -> [Gradient?])
}

/// What a gradient rule works with, and the nodes that rules are made of. Names follow TensorFlow's Python, where
/// operators give lower-case names (`mul`) and functions the operation's (`Mul`).
struct GradientContext {
  let graph: Graph
  let node: Node
  /// Gradients of the node's outputs; zeros stand for outputs that reach no `y`.
  let outputGradients: [Output]

  var inputs: [Output] { node.inputs }
  var outputs: [Output] { node.outputs }
  var gradient: Output { outputGradients[0] }
  var x: Output { node.inputs[0] }
  var y: Output { node.inputs[1] }

  func add(
    _ op: String, _ inputs: Output..., name: String? = nil, attributes: [String: AttributeValue] = [:]
  ) throws -> Output {
    try graph.add(op, inputs, name: name, attributes: attributes)
  }

  /// An integer vector.
  func integers(_ values: [Int], name: String = "Const") throws -> Output {
    try graph.constant(integerTensor(values, .int32), name: name)
  }

  func integer(_ value: Int, name: String = "Const") throws -> Output {
    try graph.constant(Tensor(Int32(value)), name: name)
  }

  /// A scalar of the type of `like`.
  func scalar(_ value: Double, like: Output, name: String = "Const") throws -> Output {
    try graph.constant(try floatScalar(value, like.dtype), name: name)
  }

  /// The shape of `output` as an int32 vector: a constant where it is known.
  func shape(_ output: Output) throws -> Output {
    if let full = output.shape.full { return try integers(full.dimensions, name: "Shape") }
    return try add("Shape", output)
  }

  func reshape(_ output: Output, _ shape: Output) throws -> Output { try add("Reshape", output, shape) }

  func sum(_ output: Output, _ axes: Output, keepDimensions: Bool = false) throws -> Output {
    try add("Sum", output, axes, attributes: ["keep_dims": .bool(keepDimensions)])
  }

  func mul(_ a: Output, _ b: Output) throws -> Output { try add("Mul", a, b, name: "mul") }
  func sub(_ a: Output, _ b: Output) throws -> Output { try add("Sub", a, b, name: "sub") }
  func neg(_ a: Output) throws -> Output { try add("Neg", a) }

  func zeros(like output: Output) throws -> Output { try add("ZerosLike", output, name: "zeros_like") }

  func cast(_ output: Output, to dtype: DataType) throws -> Output {
    output.dtype == dtype ? output : try add("Cast", output, attributes: ["DstT": .type(dtype)])
  }

  /// Whether both operands and the gradient have one known shape: nothing to sum up then.
  var isSameShape: Bool {
    guard let shape = x.shape.full else { return false }
    return y.shape.full == shape && gradient.shape.full == shape
  }

  /// Sums gradients of a broadcast operation's operands up to their shapes; each is computed when its turn comes, so
  /// that nodes are made in TensorFlow's order.
  func unbroadcast(_ left: () throws -> Output, _ right: () throws -> Output) throws -> [Output?] {
    // TensorFlow takes both shapes from the tensors unless it knows both.
    let isKnown = x.shape.full != nil && y.shape.full != nil
    let sx = isKnown ? try shape(x) : try add("Shape", x)
    let sy = isKnown ? try shape(y) : try add("Shape", y)
    let axes = try graph.addNode(op: "BroadcastGradientArgs", inputs: [sx, sy])
    let dx = try reshape(try sum(try left(), axes.output(0)), sx)
    let dy = try reshape(try sum(try right(), axes.output(1)), sy)
    return [dx, dy]
  }
}
