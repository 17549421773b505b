import Tensors

/// Changing parts of variables.
@Sendable func defineScatterOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "ScatterUpdate", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: type", "Tindices: {int32, int64}", "use_locking: bool = true"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterAdd", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterSub", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterMul", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterDiv", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterMin", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: [
        "T: {half, bfloat16, float, double, int32, int64}", "Tindices: {int32, int64}", "use_locking: bool = false",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterMax", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: [
        "T: {half, bfloat16, float, double, int32, int64}", "Tindices: {int32, int64}", "use_locking: bool = false",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterNdUpdate", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: type", "Tindices: {int32, int64}", "use_locking: bool = true"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterNdAdd", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterNdSub", inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"], outputs: ["output_ref: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ResourceGather", inputs: ["resource: resource", "indices: Tindices"], outputs: ["output: dtype"],
      attributes: ["batch_dims: int = 0", "validate_indices: bool = true", "dtype: type", "Tindices: {int32, int64}"],
      stateful: true), shapes: IndexShapes.resourceGather)
  ops.add(
    OpDefinition(
      "ResourceGatherNd", inputs: ["resource: resource", "indices: Tindices"], outputs: ["output: dtype"],
      attributes: ["dtype: type", "Tindices: {int32, int64}"], stateful: true), shapes: IndexShapes.resourceGatherNd)
  ops.add(
    OpDefinition(
      "ResourceScatterAdd", inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
      attributes: ["dtype: numbertype", "Tindices: {int32, int64}"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterSub", inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
      attributes: ["dtype: numbertype", "Tindices: {int32, int64}"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterUpdate", inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
      attributes: ["dtype: type", "Tindices: {int32, int64}"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterMul", inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
      attributes: ["dtype: numbertype", "Tindices: {int32, int64}"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterDiv", inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
      attributes: ["dtype: numbertype", "Tindices: {int32, int64}"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterMin", inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
      attributes: ["dtype: numbertype", "Tindices: {int32, int64}"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterMax", inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
      attributes: ["dtype: numbertype", "Tindices: {int32, int64}"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterNdUpdate", inputs: ["ref: resource", "indices: Tindices", "updates: T"],
      attributes: ["T: type", "Tindices: {int32, int64}", "use_locking: bool = true"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterNdAdd", inputs: ["ref: resource", "indices: Tindices", "updates: T"],
      attributes: ["T: type", "Tindices: {int32, int64}", "use_locking: bool = true"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceScatterNdSub", inputs: ["ref: resource", "indices: Tindices", "updates: T"],
      attributes: ["T: type", "Tindices: {int32, int64}", "use_locking: bool = true"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceCountUpTo", inputs: ["resource: resource"], outputs: ["output: T"],
      attributes: ["limit: int", "T: {int32, int64}"], stateful: true), shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "VariableShape", inputs: ["input: resource"], outputs: ["output: out_type"],
      attributes: ["out_type: {int32, int64} = int32"], stateful: true), shapes: { [[variableShape($0).rank]] })
  ops.add(
    OpDefinition(
      "StridedSliceAssign", inputs: ["ref: Ref(T)", "begin: Index", "end: Index", "strides: Index", "value: T"],
      outputs: ["output_ref: Ref(T)"],
      attributes: [
        "T: type", "Index: {int32, int64}", "begin_mask: int = 0", "end_mask: int = 0", "ellipsis_mask: int = 0",
        "new_axis_mask: int = 0", "shrink_axis_mask: int = 0",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ResourceStridedSliceAssign",
      inputs: ["ref: resource", "begin: Index", "end: Index", "strides: Index", "value: T"],
      attributes: [
        "T: type", "Index: {int32, int64}", "begin_mask: int = 0", "end_mask: int = 0", "ellipsis_mask: int = 0",
        "new_axis_mask: int = 0", "shrink_axis_mask: int = 0",
      ], stateful: true), shapes: Shapes.none)
}
