/// Optimizer updates, on reference variables (`Apply…`) and on resource variables (`ResourceApply…`).
@Sendable func defineTrainingOps(_ ops: inout OpRegistry) {
  // Name, variables, scalars and gradient in TensorFlow's order, and attributes besides T and use_locking.
  let updates: [(name: String, variables: [String], values: [String], attributes: [String])] = [
    ("GradientDescent", ["var"], ["alpha", "delta"], []),
    ("Momentum", ["var", "accum"], ["lr", "grad", "momentum"], ["use_nesterov: bool = false"]),
    (
      "Adam", ["var", "m", "v"], ["beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon", "grad"],
      ["use_nesterov: bool = false"]
    ),
    ("Adagrad", ["var", "accum"], ["lr", "grad"], ["update_slots: bool = true"]),
    (
      "AdagradDA", ["var", "gradient_accumulator", "gradient_squared_accumulator"],
      ["grad", "lr", "l1", "l2", "global_step"], []
    ),
    ("RMSProp", ["var", "ms", "mom"], ["lr", "rho", "momentum", "epsilon", "grad"], []),
    ("CenteredRMSProp", ["var", "mg", "ms", "mom"], ["lr", "rho", "momentum", "epsilon", "grad"], []),
    ("Adadelta", ["var", "accum", "accum_update"], ["lr", "rho", "epsilon", "grad"], []),
    ("Ftrl", ["var", "accum", "linear"], ["grad", "lr", "l1", "l2", "lr_power"], []),
    ("FtrlV2", ["var", "accum", "linear"], ["grad", "lr", "l1", "l2", "l2_shrinkage", "lr_power"], []),
  ]
  for update in updates {
    let attributes = ["T: numbertype", "use_locking: bool = false"] + update.attributes
    // AdagradDA counts its steps in an int64.
    let values = update.values.map { $0 == "global_step" ? "\($0): int64" : "\($0): T" }
    let variableCount = update.variables.count
    ops.add(
      OpDefinition(
        "Apply\(update.name)", inputs: update.variables.map { "\($0): Ref(T)" } + values, outputs: ["out: Ref(T)"],
        attributes: attributes),
      shapes: { context in
        let gradient = update.values.firstIndex { $0 == "grad" || $0 == "delta" } ?? 0
        let shapes = context.inputShapes[..<variableCount] + [context.inputShapes[variableCount + gradient]]
        return [try shapes.dropFirst().reduce(shapes[0]) { try $0.merged(with: $1) }]
      })
    ops.add(
      OpDefinition(
        "ResourceApply\(update.name)", inputs: update.variables.map { "\($0): resource" } + values,
        attributes: attributes, stateful: true),
      shapes: Shapes.none)
  }
}
