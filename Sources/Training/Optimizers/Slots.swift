import Engine
import Tensors

extension Graph {
  /// A variable that stands beside another, called `VARIABLE/NAME`, of the same kind; not trainable.
  /// - Parameter initializer: one that makes values for a shape, or brings a value of its own.
  func slotVariable(of variable: Variable, _ name: String, _ initializer: Initializer) throws -> Variable {
    try slotVariable(
      beside: variable.node, shape: variable.shape.full, dtype: variable.dtype, name, initializer,
      useResource: variable.isResource, slice: variable.slice)
  }

  /// The same beside any node.
  func slotVariable(
    beside node: Node, shape: Shape?, dtype: DataType, _ name: String, _ initializer: Initializer,
    useResource: Bool, standsWithNode: Bool = true, slice: VariableSlice? = nil
  ) throws -> Variable {
    try variableScope(nil, default: node.name + "/" + name) { _ in
      var request = try self.request(
        "", shape: initializer.isFixed ? nil : shape, dtype: dtype, initializer: initializer,
        useResource: useResource)
      request.isTrainable = false
      if let slice {
        // The slot's own name follows that of the part.
        let suffix = String(request.name.dropLast().dropFirst(node.name.count + 1))
        request.slice = VariableSlice(
          fullName: slice.fullName + "/" + suffix, fullShape: slice.fullShape, offset: slice.offset,
          shape: slice.shape)
      }
      let make = { try self.variable(for: request) }
      return standsWithNode ? try self.withColocation(with: node, make) : try make()
    }
  }

  /// Gradients that go on together: each waits until all are computed (`tf.tuple`). Missing ones stay missing.
  func tuple(_ gradients: [Gradient?], name: String? = nil) throws -> [Gradient?] {
    try nameScope(name, default: "tuple") { _ in
      let present = gradients.compactMap { gradient -> Node? in
        switch gradient {
        case .dense(let output): output.node
        case .sparse(let slices): slices.values.node
        case nil: nil
        }
      }
      let gate = try self.group(present, name: "group_deps")
      func after(_ value: Output) throws -> Output {
        try self.withColocation(with: value.node) {
          try self.controlDependencies([gate]) {
            try self.add("Identity", [value], name: "control_dependency")
          }
        }
      }
      return try gradients.map { gradient in
        switch gradient {
        case .dense(let output): .dense(try after(output))
        case .sparse(let slices):
          .sparse(
            IndexedSlices(
              values: try after(slices.values), indices: slices.indices, denseShape: slices.denseShape))
        case nil: nil
        }
      }
    }
  }
}
