/// Reference variables and resource variables.
@Sendable func defineVariableOps(_ ops: inout OpRegistry) {
  for name in ["VariableV2", "Variable"] {
    ops.add(
      OpDefinition(
        name, outputs: ["ref: Ref(dtype)"],
        attributes: [
          "shape: shape", "dtype: type", "container: string = ''", "shared_name: string = ''",
        ], stateful: true),
      shapes: { context in
        let shape = try context.node.shape("shape")
        // The first version of the operation wrote a scalar for "any shape".
        return [context.node.op == "Variable" && shape.rank == 0 ? .unknown : shape]
      })
  }
  ops.add(
    OpDefinition(
      "Assign", inputs: ["ref: Ref(T)", "value: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: type", "validate_shape: bool = true", "use_locking: bool = true"],
      allowsUninitializedInput: true),
    shapes: { context in
      if try context.node.bool("validate_shape") { return try Shapes.merged(context) }
      return [context.inputShapes[1]]
    })
  for name in ["AssignAdd", "AssignSub"] {
    ops.add(
      OpDefinition(
        name, inputs: ["ref: Ref(T)", "value: T"], outputs: ["output_ref: Ref(T)"],
        attributes: ["T: numbertype", "use_locking: bool = false"]),
      shapes: Shapes.merged)
  }
  ops.add(
    OpDefinition(
      "IsVariableInitialized", inputs: ["ref: Ref(dtype)"], outputs: ["is_initialized: bool"],
      attributes: ["dtype: type"], allowsUninitializedInput: true),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "CountUpTo", inputs: ["ref: Ref(T)"], outputs: ["output: T"], attributes: ["limit: int", "T: {int32, int64}"]),
    shapes: Shapes.scalar)

  ops.add(
    OpDefinition(
      "VarHandleOp", outputs: ["resource: resource"],
      attributes: ["container: string = ''", "shared_name: string = ''", "dtype: type", "shape: shape"],
      stateful: true),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "ReadVariableOp", inputs: ["resource: resource"], outputs: ["value: dtype"], attributes: ["dtype: type"],
      stateful: true),
    shapes: { [variableShape($0)] })
  for name in ["AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"] {
    ops.add(
      OpDefinition(
        name, inputs: ["resource: resource", "value: dtype"], attributes: ["dtype: type"], stateful: true),
      shapes: { context in
        _ = try variableShape(context).merged(with: context.inputShapes[1])
        return []
      })
  }
  ops.add(
    OpDefinition(
      "VarIsInitializedOp", inputs: ["resource: resource"], outputs: ["is_initialized: bool"], stateful: true),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "DestroyResourceOp", inputs: ["resource: resource"],
      attributes: ["ignore_lookup_error: bool = true"], stateful: true),
    shapes: Shapes.none)
}

/// The shape stated by the VarHandleOp that input 0 comes from.
func variableShape(_ context: ShapeContext) -> PartialShape {
  guard let source = context.inputs.first?.node, source.op == "VarHandleOp" else { return .unknown }
  return (try? source.shape("shape")) ?? .unknown
}
