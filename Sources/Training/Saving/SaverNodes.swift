import Engine
import Tensors

extension Graph {
  /// The nodes that save and restore variables, as TensorFlow's Saver makes them below `save`, and their names.
  ///
  /// - Parameters:
  ///   - saved: what is saved under which name.
  ///   - reshapes: whether values of another shape are restored if they have as many elements.
  func addSaverNodes(_ saved: [(name: String, variable: Variable)], reshapes: Bool, name: String?) throws -> SaverNodes
  {
    let saved = saved.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    return try nameScope(name, default: "save") { _ in
      let model = try self.placeholderWithDefault("model", shape: .scalar, name: "filename")
      // The path to save to or restore from; TensorFlow calls it Const for the sake of old files.
      let path = try self.placeholderWithDefault(model, shape: .scalar, name: "Const")
      let references = saved.map(\.variable.reference)
      let saveNode = try self.nameScope("SaveV2") { scope in
        let (names, slices) = try self.saverConstants(saved.map(\.name))
        return try self.addNode(
          op: "SaveV2", name: scope, inputs: [path, names, slices] + references,
          attributes: ["dtypes": .types(references.map(\.dtype))])
      }
      let savedPath = try self.controlDependencies([saveNode]) {
        try self.withColocation(with: path.node) { try self.add("Identity", [path], name: "control_dependency") }
      }
      let restored = try self.withDevice("/device:CPU:0") {
        try self.nameScope("RestoreV2") { scope in
          let (names, slices) = try self.saverConstants(saved.map(\.name))
          return try self.addNode(
            op: "RestoreV2", name: scope, inputs: [path, names, slices],
            attributes: ["dtypes": .types(references.map(\.dtype))])
        }
      }
      let assignments = try zip(saved, restored.outputs).map { item, value in
        try self.addRestore(of: item.variable, from: value, reshapes: reshapes)
      }
      let restoreAll = try self.group(assignments, name: "restore_all")
      return SaverNodes(path: path, savedPath: savedPath, restore: restoreAll)
    }
  }

  private func addRestore(of variable: Variable, from value: Output, reshapes: Bool) throws -> Node {
    guard let shape = variable.shape.full else {
      return try assign(variable, value, validateShape: false).node
    }
    try value.setShape(reshapes ? .unknown : PartialShape(shape))
    guard reshapes else { return try assign(variable, value).node }
    let sizes = shape.dimensions
    return try assign(variable, reshape(value, to: sizes), validateShape: false).node
  }

  private func saverConstants(_ names: [String]) throws -> (names: Output, slices: Output) {
    (
      try constant(Tensor(strings: names.map { Array($0.utf8) }, shape: [names.count]), name: "tensor_names"),
      try constant(
        Tensor(strings: [[UInt8]](repeating: [], count: names.count), shape: [names.count]), name: "shape_and_slices")
    )
  }
}

/// What a saver runs.
struct SaverNodes {
  /// Fed with the path.
  var path: Output
  /// Fetched to save; answers the path.
  var savedPath: Output
  /// Run to restore.
  var restore: Node
}
