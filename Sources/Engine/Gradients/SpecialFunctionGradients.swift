import Tensors

/// Gradients of special functions, of complex parts, and second derivatives (TensorFlow's `math_grad.py`).
@Sendable func defineSpecialFunctionGradients(_ ops: inout OpRegistry) {
  for (name, sign) in [("Erf", 1.0), ("Erfc", -1.0)] {
    ops.gradient(name) { c in
      let factor = try c.scalar(sign * 2 / Double.pi.squareRoot(), like: c.gradient)
      let bell = try c.add("Exp", try c.neg(try c.add("Square", c.x)))
      return [try c.mul(try c.mul(c.gradient, factor), bell)]
    }
  }
  ops.gradient("Lgamma") { c in [try c.mul(c.gradient, try c.add("Digamma", c.x))] }
  ops.gradient("Digamma") { c in
    [try c.mul(c.gradient, try c.add("Polygamma", try c.scalar(1, like: c.x), c.x))]
  }
  ops.gradient("Polygamma") { c in
    let next = try c.add("AddV2", c.x, try c.scalar(1, like: c.x), name: "add")
    return [nil, try c.unbroadcast({ c.gradient }, { try c.mul(c.gradient, try c.add("Polygamma", next, c.y)) })[1]]
  }
  ops.gradient("Tan") { c in
    let secant = try c.add("Reciprocal", try c.add("Cos", c.x))
    return [try c.mul(try c.add("Square", secant), c.gradient)]
  }
  ops.gradient("Sinh") { c in [try c.mul(c.gradient, try c.add("Cosh", c.x))] }
  ops.gradient("Cosh") { c in [try c.mul(c.gradient, try c.add("Sinh", c.x))] }
  @Sendable func one(_ c: GradientContext) throws -> Output { try c.scalar(1, like: c.gradient) }
  ops.gradient("Asin") { c in
    let root = try c.add("Sqrt", try c.sub(try one(c), try c.add("Square", c.x)))
    return [try c.mul(c.gradient, try c.add("Reciprocal", root))]
  }
  ops.gradient("Acos") { c in
    let root = try c.add("Sqrt", try c.sub(try one(c), try c.add("Square", c.x)))
    return [try c.neg(try c.mul(c.gradient, try c.add("Reciprocal", root)))]
  }
  ops.gradient("Atan") { c in
    let sum = try c.add("Add", try one(c), try c.add("Square", c.x))
    return [try c.mul(c.gradient, try c.add("Reciprocal", sum))]
  }
  ops.gradient("Asinh") { c in
    [try c.add("RealDiv", c.gradient, try c.add("Cosh", c.outputs[0]), name: "truediv")]
  }
  ops.gradient("Acosh") { c in
    [try c.add("RealDiv", c.gradient, try c.add("Sinh", c.outputs[0]), name: "truediv")]
  }
  ops.gradient("Atanh") { c in
    let difference = try c.sub(try one(c), try c.add("Square", c.x))
    return [try c.mul(c.gradient, try c.add("Reciprocal", difference))]
  }
  ops.gradient("Atan2") { c in
    let squares = try c.add("AddV2", try c.add("Square", c.y), try c.add("Square", c.x), name: "add")
    let part = try c.add("RealDiv", c.gradient, squares, name: "truediv")
    if c.isSameShape { return [try c.mul(c.y, part), try c.mul(try c.neg(c.x), part)] }
    return try c.unbroadcast({ try c.mul(c.y, part) }, { try c.mul(try c.neg(c.x), part) })
  }
  ops.gradient("Xdivy") { c in
    let isUsed = try c.cast(try c.add("NotEqual", c.x, try c.scalar(0, like: c.x)), to: c.x.dtype)
    return try c.unbroadcast(
      { try c.mul(try c.add("Xdivy", isUsed, c.y), c.gradient) },
      { try c.mul(try c.add("Xdivy", try c.neg(c.x), try c.add("Square", c.y)), c.gradient) })
  }
  ops.gradient("Xlogy") { c in
    let isUsed = try c.cast(try c.add("NotEqual", c.x, try c.scalar(0, like: c.x)), to: c.x.dtype)
    return try c.unbroadcast(
      { try c.mul(try c.add("Xlogy", isUsed, c.y), c.gradient) },
      { try c.mul(try c.add("Xdivy", c.x, c.y), c.gradient) })
  }
  ops.gradient("MulNoNan") { c in
    try c.unbroadcast(
      { try c.add("MulNoNan", c.gradient, c.y) }, { try c.add("MulNoNan", c.x, c.gradient) })
  }
  ops.gradient("ClipByValue") { c in
    let zeros = try c.zeros(like: c.gradient)
    let (below, above) = (try c.add("Less", c.x, c.inputs[1]), try c.add("Greater", c.x, c.inputs[2]))
    let all = try c.integers(Array(0..<(c.x.shape.rank ?? 0)))
    func bound(_ mask: Output, _ index: Int) throws -> Output {
      let part = try c.add("Select", mask, c.gradient, zeros)
      return c.inputs[index].shape.rank == 0 ? try c.sum(part, all) : part
    }
    let inside = try c.add("Select", try c.add("LogicalOr", below, above), zeros, c.gradient)
    return [inside, try bound(below, 1), try bound(above, 2)]
  }
  defineComplexGradients(&ops)
  defineSecondDerivatives(&ops)
  ops.noGradient(
    "NextAfter", "ApproximateEqual", "TruncateMod", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Invert",
    "PopulationCount", "LeftShift", "RightShift")
}

private func defineComplexGradients(_ ops: inout OpRegistry) {
  @Sendable func complex(_ c: GradientContext, _ real: Output, _ imaginary: Output) throws -> Output {
    try c.add(
      "Complex", real, imaginary, attributes: ["Tout": .type(real.dtype == .float32 ? .complex64 : .complex128)])
  }
  @Sendable func part(_ c: GradientContext, _ op: String, _ value: Output) throws -> Output {
    try c.add(op, value, attributes: ["Tout": .type(value.dtype == .complex64 ? .float32 : .float64)])
  }
  ops.gradient("Real") { c in [try complex(c, c.gradient, try c.scalar(0, like: c.gradient))] }
  ops.gradient("Imag") { c in
    let factor = try c.graph.constant(c.x.dtype == .complex64 ? Tensor(Complex64(0, -1)) : Tensor(Complex128(0, -1)))
    let turned = try complex(c, c.gradient, try c.scalar(0, like: c.gradient))
    // The imaginary part is the real part of the number times -i, whose conjugate comes back.
    return [try c.add("Mul", turned, try c.add("Conj", factor))]
  }
  ops.gradient("Conj") { c in [try c.add("Conj", c.gradient)] }
  ops.gradient("ComplexAbs") { c in
    [try c.mul(try complex(c, c.gradient, try c.zeros(like: c.gradient)), try c.add("Sign", c.x))]
  }
  ops.gradient("Complex") { c in
    try c.unbroadcast({ try part(c, "Real", c.gradient) }, { try part(c, "Imag", c.gradient) })
  }
}

private func defineSecondDerivatives(_ ops: inout OpRegistry) {
  for name in ["InvGrad", "ReciprocalGrad"] {
    ops.gradient(name) { c in
      let twice = try c.mul(c.gradient, try c.scalar(-2, like: c.gradient))
      return [try c.mul(try c.mul(twice, c.y), c.x), try c.add(name, c.x, c.gradient)]
    }
  }
  ops.gradient("SqrtGrad") { c in
    let share = try c.add("RealDiv", c.gradient, c.x, name: "truediv")
    return [
      try c.mul(try c.neg(share), c.outputs[0]), try c.mul(try c.scalar(0.5, like: share), share),
    ]
  }
  ops.gradient("RsqrtGrad") { c in
    let scaled = try c.mul(try c.mul(c.gradient, try c.scalar(-1.5, like: c.gradient)), c.y)
    return [try c.mul(scaled, try c.add("Square", c.x)), try c.add("RsqrtGrad", c.x, c.gradient)]
  }
  for name in ["EluGrad", "SeluGrad"] {
    ops.gradient(name) { c in
      let isNegative = try c.add("Less", c.y, try c.scalar(0, like: c.y))
      let slope = try c.add("Select", isNegative, try c.mul(c.gradient, c.x), try c.zeros(like: c.y))
      return [try c.add(name, c.gradient, c.y), slope]
    }
  }
  ops.gradient("SoftplusGrad") { c in
    let tail = try c.add(
      "AddV2", try c.add("AddV2", try c.add("Exp", try c.neg(c.y)), try c.scalar(2, like: c.y), name: "add"),
      try c.add("Exp", c.y), name: "add")
    let slope = try c.add("RealDiv", try c.mul(c.gradient, c.x), tail, name: "truediv")
    return [try c.add("SoftplusGrad", c.gradient, c.y), slope]
  }
  ops.gradient("LeakyReluGrad") { c in
    [
      try c.add("LeakyReluGrad", c.gradient, c.y, attributes: c.attributes(["alpha"])), try c.zeros(like: c.y),
    ]
  }
  ops.gradient("BiasAddGrad") { c in
    let shape = try c.shape(c.x)
    let count = try c.shape(c.gradient)
    let isFirst = try c.node.string("data_format") == "NCHW"
    let axis = try c.integer(0, name: "concat/axis")
    func join(_ parts: [Output]) throws -> Output { try c.graph.add("ConcatV2", parts + [axis], name: "concat") }
    let one = try c.integers([1])
    func ones(_ part: Output) throws -> Output { try c.add("OnesLike", part, name: "ones_like") }
    let (expanded, multiples): (Output, Output)
    if isFirst {
      let (batch, space) = (try c.slice(shape, to: 1), try c.slice(shape, from: 2))
      (expanded, multiples) = (try join([try ones(batch), count, try ones(space)]), try join([batch, one, space]))
    } else {
      let outer = try c.slice(shape, to: -1)
      (expanded, multiples) = (try join([try ones(outer), count]), try join([outer, one]))
    }
    return [try c.add("Tile", try c.reshape(c.gradient, expanded), multiples)]
  }
}
