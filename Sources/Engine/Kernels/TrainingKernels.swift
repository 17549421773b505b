import CKernels
import Tensors

/// Kernels of optimizer updates. `Apply…` works on reference variables, `ResourceApply…` on resource variables, and
/// `SparseApply…` on the rows that a sparse gradient names; all change the variables in place while no one else can.
///
/// Formulas and their order of operations are TensorFlow's, so that trajectories agree to the last digits.
@Sendable func defineTrainingKernels(_ ops: inout OpRegistry) {
  // The rule, and the attribute that changes it.
  let rules: [(name: String, rule: any UpdateRule.Type, flag: String?)] = [
    ("GradientDescent", GradientDescentRule.self, nil), ("Momentum", MomentumRule.self, "use_nesterov"),
    ("KerasMomentum", KerasMomentumRule.self, "use_nesterov"), ("Adam", AdamRule.self, "use_nesterov"),
    ("AdaMax", AdaMaxRule.self, nil), ("Adagrad", AdagradRule.self, "update_slots"),
    ("AdagradDA", AdagradDualAveragingRule.self, nil), ("RMSProp", RMSPropRule.self, nil),
    ("CenteredRMSProp", CenteredRMSPropRule.self, nil), ("Adadelta", AdadeltaRule.self, nil),
    ("Ftrl", FtrlRule.self, nil), ("FtrlV2", ShrinkingFtrlRule.self, nil),
    ("ProximalGradientDescent", ProximalGradientDescentRule.self, nil),
    ("ProximalAdagrad", ProximalAdagradRule.self, nil), ("AddSign", AddSignRule.self, nil),
    ("PowerSign", PowerSignRule.self, nil),
  ]
  for (name, rule, flag) in rules {
    for prefix in ["Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"] where ops[prefix + name] != nil {
      ops.kernel(prefix + name) { node in
        let update = try VariableUpdate(node, rule, flag: flag)
        return { try update.run($0) }
      }
    }
  }
}

/// One kind of update: which inputs are variables, numbers, the gradient and its rows, and the rule for the elements.
private struct VariableUpdate: Sendable {
  private let variables: Int
  private let gradient: Int
  /// The rows of a sparse gradient.
  private let indices: Int?
  private let scalars: [Int]
  private let flag: Bool
  private let rule: any UpdateRule.Type

  init(_ node: Node, _ rule: any UpdateRule.Type, flag: String?) throws {
    guard let inputs = node.definition?.inputs,
      let gradient = inputs.firstIndex(where: { ["grad", "delta"].contains($0.name) })
    else { throw EngineError(.internal, "an update without a gradient", node: node.name) }
    let variables = inputs.prefix { $0.isReference || $0.type == .fixed(.resource) }.count
    let indices = inputs.firstIndex { $0.name == "indices" }
    self.gradient = gradient
    self.indices = indices
    self.variables = variables
    self.rule = rule
    self.flag = try flag.map { try node.bool($0) } ?? false
    scalars = (variables..<inputs.count).filter { $0 != gradient && $0 != indices }
  }

  func run(_ context: KernelContext) throws {
    let change = try context.input(gradient)
    let states = try (0..<variables).map(context.variable)
    let numbers = try scalars.map { index in
      let value = try context.input(index)
      guard value.elementCount == 1 else {
        throw EngineError.invalid("input \(index) of an update is not a scalar: \(value.shape)")
      }
      return value
    }
    let rows = try indices.map { try context.input($0) }
    switch change.dtype {
    case .float32: try apply(Float.self, states, change, numbers, rows)
    case .float64: try apply(Double.self, states, change, numbers, rows)
    case .float16, .bfloat16: try applyWidened(states, change, numbers, rows)
    default: throw EngineError.noKernel("Apply", change.dtype)
    }
  }

  private func apply<T: UpdateScalar>(
    _: T.Type, _ variables: [Variable], _ gradient: Tensor, _ scalars: [Tensor], _ rows: Tensor?
  ) throws {
    let values = scalars.map { $0.dtype == .int64 ? T($0.scalar(Int64.self)) : $0.scalar(T.self) }
    try Variable.update(variables) { try change(&$0, gradient, values, rows) }
  }

  private func change<T: UpdateScalar>(
    _ tensors: inout [Tensor], _ gradient: Tensor, _ values: [T], _ rows: Tensor?
  ) throws {
    for tensor in tensors where tensor.dtype != gradient.dtype {
      throw EngineError.invalid("var is \(tensor.dtype.name), but grad \(gradient.dtype.name)")
    }
    guard let rows else {
      for tensor in tensors where tensor.shape != gradient.shape {
        throw EngineError.invalid("var and grad do not have the same shape\(tensor.shape) \(gradient.shape)")
      }
      // Each tensor is the only owner of its memory from here on, so the pointers stay valid while `tensors` lives.
      let state = tensors.indices.map { tensors[$0].withMutableElements(of: T.self) { $0 } }
      gradient.withElements(of: T.self) { rule.step(state, gradient: $0, values: values, flag: flag) }
      withExtendedLifetime(tensors) {}
      return
    }
    for tensor in tensors where tensor.shape != tensors[0].shape {
      throw EngineError.invalid("var and its slots do not have the same shape\(tensors[0].shape) \(tensor.shape)")
    }
    guard rows.rank == 1 else { throw EngineError.invalid("indices must be one-dimensional") }
    let slices = try SliceIndices(rows: rows, of: tensors[0].shape)
    guard gradient.shape == slices.updateShape else {
      throw EngineError.invalid(
        "grad must have the shape of the rows named, \(slices.updateShape), not \(gradient.shape)")
    }
    let length = slices.length
    let state = tensors.indices.map { tensors[$0].withMutableElements(of: T.self) { $0 } }
    gradient.withElements(of: T.self) { elements in
      for (index, row) in slices.positions.enumerated() {
        let part = state.map { UnsafeMutableBufferPointer(rebasing: $0[(row * length)..<((row + 1) * length)]) }
        let slope = UnsafeBufferPointer(rebasing: elements[(index * length)..<((index + 1) * length)])
        rule.step(part, gradient: slope, values: values, flag: flag)
      }
    }
    withExtendedLifetime(tensors) {}
  }

  /// Types of two bytes are updated as float32 and rounded.
  private func applyWidened(
    _ variables: [Variable], _ gradient: Tensor, _ scalars: [Tensor], _ rows: Tensor?
  ) throws {
    let values = scalars.map { $0.dtype == .int64 ? Float($0.scalar(Int64.self)) : $0.widened().scalar(Float.self) }
    try Variable.update(variables) { tensors in
      for tensor in tensors where tensor.dtype != gradient.dtype {
        throw EngineError.invalid("var is \(tensor.dtype.name), but grad \(gradient.dtype.name)")
      }
      var wide = tensors.map { $0.widened() }
      try change(&wide, gradient.widened(), values, rows)
      tensors = wide.map { $0.narrowed(to: gradient.dtype) }
    }
  }
}
