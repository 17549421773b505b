/// Gradients of operations on elements (TensorFlow's `math_grad.py`, `nn_grad.py`).
@Sendable func defineElementwiseGradients(_ ops: inout OpRegistry) {
  defineBinaryGradients(&ops)
  defineUnaryGradients(&ops)
  ops.gradient("AddN") { context in context.inputs.map { _ in context.gradient } }
  ops.gradient("Select") { c in
    let zeros = try c.zeros(like: c.inputs[1])
    return [
      nil, try c.add("Select", c.inputs[0], c.gradient, zeros), try c.add("Select", c.inputs[0], zeros, c.gradient),
    ]
  }
  ops.noGradient(
    "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr", "LogicalNot",
    "IsFinite", "IsInf", "IsNan", "ZerosLike", "OnesLike", "Floor", "Ceil", "Rint", "Round", "FloorDiv",
    "TruncateDiv", "BroadcastGradientArgs")
}

private func defineBinaryGradients(_ ops: inout OpRegistry) {
  for name in ["Add", "AddV2"] {
    ops.gradient(name) { c in
      c.isSameShape ? [c.gradient, c.gradient] : try c.unbroadcast({ c.gradient }, { c.gradient })
    }
  }
  ops.gradient("Sub") { c in
    c.isSameShape ? [c.gradient, try c.neg(c.gradient)] : try c.unbroadcast({ c.gradient }, { try c.neg(c.gradient) })
  }
  ops.gradient("Mul") { c in
    if c.isSameShape { return [try c.add("Mul", c.gradient, c.y), try c.add("Mul", c.gradient, c.x)] }
    return try c.unbroadcast({ try c.add("Mul", c.gradient, c.y) }, { try c.add("Mul", c.x, c.gradient) })
  }
  for (name, divide) in [("Div", "RealDiv"), ("RealDiv", "RealDiv"), ("DivNoNan", "DivNoNan")] {
    ops.gradient(name) { c in
      try c.unbroadcast(
        { try c.add(divide, c.gradient, c.y) },
        { try c.mul(c.gradient, try c.add(divide, try c.add(divide, try c.neg(c.x), c.y), c.y)) })
    }
  }
  ops.gradient("FloorMod") { c in
    try c.unbroadcast(
      { c.gradient }, { try c.mul(c.gradient, try c.neg(try c.add("FloorDiv", c.x, c.y, name: "floordiv"))) })
  }
  for (name, selector) in [("Maximum", "GreaterEqual"), ("Minimum", "LessEqual")] {
    ops.gradient(name) { c in
      let zeros = try c.zeros(like: c.gradient)
      let mask = try c.add(selector, c.x, c.y)
      return try c.unbroadcast(
        { try c.add("Select", mask, c.gradient, zeros) }, { try c.add("Select", mask, zeros, c.gradient) })
    }
  }
  ops.gradient("SquaredDifference") { c in
    let double = try c.mul(try c.scalar(2, like: c.gradient, name: "scalar"), c.gradient)
    let difference = try c.mul(double, try c.sub(c.x, c.y))
    return try c.unbroadcast({ difference }, { try c.neg(difference) })
  }
  ops.gradient("Pow") { c in
    try c.unbroadcast(
      {
        let exponent = try c.sub(c.y, try c.scalar(1, like: c.y, name: "sub/y"))
        return try c.mul(try c.mul(c.gradient, c.y), try c.add("Pow", c.x, exponent))
      },
      {
        // The logarithm of what is not positive counts as 0.
        let zeros = try c.zeros(like: c.x)
        let positive = try c.add("Greater", c.x, zeros)
        let safe = try c.add("Select", positive, c.x, try c.add("OnesLike", c.x, name: "ones_like"))
        let logarithm = try c.add("Select", positive, try c.add("Log", safe), zeros)
        return try c.mul(try c.mul(c.gradient, c.outputs[0]), logarithm)
      })
  }
}

private func defineUnaryGradients(_ ops: inout OpRegistry) {
  ops.gradient("Neg") { c in [try c.neg(c.gradient)] }
  ops.gradient("Abs") { c in [try c.mul(c.gradient, try c.add("Sign", c.x))] }
  ops.gradient("Sign") { c in [try c.zeros(like: c.x)] }
  ops.gradient("Exp") { c in [try c.mul(c.gradient, c.outputs[0])] }
  ops.gradient("Expm1") { c in [try c.mul(c.gradient, try c.add("Exp", c.x))] }
  ops.gradient("Log") { c in [try c.mul(c.gradient, try c.add("Reciprocal", c.x))] }
  ops.gradient("Log1p") { c in
    let sum = try c.add("AddV2", try c.scalar(1, like: c.x, name: "add/x"), c.x, name: "add")
    return [try c.mul(c.gradient, try c.add("Reciprocal", sum))]
  }
  ops.gradient("Square") { c in
    // The factor waits for the gradient, as TensorFlow's does, so that memory is not taken early.
    try c.graph.withControlDependencies([c.gradient.node]) {
      let factor = try c.scalar(2, like: c.x)
      return [try c.add("Mul", c.gradient, try c.add("Mul", c.x, factor))]
    }
  }
  for (name, gradient) in [
    ("Sqrt", "SqrtGrad"), ("Rsqrt", "RsqrtGrad"), ("Sigmoid", "SigmoidGrad"), ("Tanh", "TanhGrad"),
    ("Reciprocal", "ReciprocalGrad"), ("Inv", "InvGrad"),
  ] {
    ops.gradient(name) { c in [try c.add(gradient, c.outputs[0], c.gradient)] }
  }
  ops.gradient("Sin") { c in [try c.mul(c.gradient, try c.add("Cos", c.x))] }
  ops.gradient("Cos") { c in [try c.mul(try c.neg(c.gradient), try c.add("Sin", c.x))] }
  for (name, gradient) in [("Relu", "ReluGrad"), ("Relu6", "Relu6Grad"), ("Elu", "EluGrad"), ("Selu", "SeluGrad")] {
    ops.gradient(name) { c in [try c.add(gradient, c.gradient, c.outputs[0])] }
  }
  for (name, gradient) in [("Softplus", "SoftplusGrad"), ("Softsign", "SoftsignGrad")] {
    ops.gradient(name) { c in [try c.add(gradient, c.gradient, c.x)] }
  }
  ops.gradient("LeakyRelu") { c in
    [try c.add("LeakyReluGrad", c.gradient, c.x, attributes: ["alpha": .float(try c.node.float("alpha"))])]
  }
  // Second derivatives.
  ops.gradient("TanhGrad") { c in
    let factor = try c.mul(c.gradient, try c.scalar(-2, like: c.gradient, name: "mul/y"))
    return [try c.mul(try c.mul(factor, c.y), c.x), try c.add("TanhGrad", c.x, c.gradient)]
  }
  ops.gradient("SigmoidGrad") { c in
    let gb = try c.mul(c.gradient, c.y)
    let twice = try c.mul(try c.scalar(2, like: gb, name: "mul_1/x"), gb)
    return [try c.sub(gb, try c.mul(twice, c.x)), try c.add("SigmoidGrad", c.x, c.gradient)]
  }
  for name in ["ReluGrad", "Relu6Grad"] {
    ops.gradient(name) { c in [try c.add(name, c.gradient, c.y), try c.zeros(like: c.y)] }
  }
}
