/// What the picture needs to know about op types.
enum OpTraits {
  /// Which inputs an op writes to: the variables it changes. TensorFlow declares them as reference or resource inputs.
  ///
  /// The resource forms (`ResourceApplyAdam`, `AssignVariableOp`) follow the reference forms with the same positions.
  static func writtenInputs(of op: String) -> Int {
    var name = Substring(op)
    if name.hasPrefix("Resource") { name = name.dropFirst(8) }
    if name.hasPrefix("Sparse"), name.dropFirst(6).hasPrefix("Apply") { name = name.dropFirst(6) }
    if let count = slotCounts[String(name)] { return count }
    if name.hasPrefix("Assign") || name.hasPrefix("Scatter") && !name.hasPrefix("ScatterNd")
      || name.hasPrefix("ScatterNdUpdate") || name.hasPrefix("ScatterNdAdd") || name.hasPrefix("ScatterNdSub")
      || name == "CountUpTo" || name == "DestroyTemporaryVariable" || name == "StridedSliceAssign"
    {
      return 1
    }
    return 0
  }

  /// How many variables (the weights and their slots) each training op updates.
  private static let slotCounts: [String: Int] = [
    "ApplyGradientDescent": 1, "ApplyProximalGradientDescent": 1, "ApplyMomentum": 2, "ApplyKerasMomentum": 2,
    "ApplyAdagrad": 2, "ApplyAdagradV2": 2, "ApplyProximalAdagrad": 2, "ApplyAdagradDA": 3, "ApplyAdadelta": 3,
    "ApplyAdam": 3, "ApplyAdamWithAmsgrad": 4, "ApplyAdaMax": 3, "ApplyRMSProp": 3, "ApplyCenteredRMSProp": 4,
    "ApplyFtrl": 3, "ApplyFtrlV2": 3, "ApplyAddSign": 2, "ApplyPowerSign": 2,
  ]

  static func isConstant(_ op: String) -> Bool { op == "Const" || op == "HostConst" }

  /// `ScalarSummary`, `HistogramSummary`, …; not the writers.
  static func isSummary(_ op: String) -> Bool { op.hasSuffix("Summary") || op == "TensorSummaryV2" }

  /// Ops that carry a value to the next turn of a loop.
  static func isLoopEnd(_ op: String) -> Bool { op == "NextIteration" || op == "RefNextIteration" }

  /// Ops that only gather control edges.
  static func isSink(_ op: String) -> Bool { op == "NoOp" }

  /// Scopes that every training graph has and that say little about the model: opened last.
  static func isBookkeeping(scope label: String) -> Bool {
    let name = label.split(separator: "_").first ?? ""
    return name == "save" || name == "gradients" || name == "init" || name == "report" || label == "training"
      || label.hasPrefix("gradients") || optimizers.contains(String(name))
  }

  private static let optimizers: Set<String> = [
    "Adam", "Momentum", "GradientDescent", "Adagrad", "AdagradDA", "RMSProp", "Ftrl", "Adadelta", "SGD", "train",
  ]
}
