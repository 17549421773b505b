import Tensors

/// Lists of tensors that live for one run: the third version of TensorFlow's TensorArrays, and stacks.
@Sendable func defineTensorArrayOps(_ ops: inout OpRegistry) {
  let handle = "handle: resource"
  let flow = "flow_in: float"
  ops.add(
    OpDefinition(
      "TensorArrayV3", inputs: ["size: int32"], outputs: ["handle: resource", "flow: float"],
      attributes: [
        "dtype: type", "element_shape: shape = ?", "dynamic_size: bool = false", "clear_after_read: bool = true",
        "identical_element_shapes: bool = false", "tensor_array_name: string = ''",
      ], stateful: true),
    shapes: { _ in [[2], .scalar] })
  ops.add(
    OpDefinition(
      "TensorArrayGradV3", inputs: [handle, flow], outputs: ["grad_handle: resource", "flow_out: float"],
      attributes: ["source: string"], stateful: true),
    shapes: { _ in [[2], .scalar] })
  ops.add(
    OpDefinition(
      "TensorArrayGradWithShape", inputs: [handle, flow, "shape_to_prepend: int32"],
      outputs: ["grad_handle: resource", "flow_out: float"], attributes: ["source: string"], stateful: true),
    shapes: { _ in [[2], .scalar] })
  ops.add(
    OpDefinition(
      "TensorArrayWriteV3", inputs: [handle, "index: int32", "value: T", flow], outputs: ["flow_out: float"],
      attributes: ["T: type"], stateful: true),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "TensorArrayReadV3", inputs: [handle, "index: int32", flow], outputs: ["value: dtype"],
      attributes: ["dtype: type"], stateful: true))
  ops.add(
    OpDefinition(
      "TensorArrayGatherV3", inputs: [handle, "indices: int32", flow], outputs: ["value: dtype"],
      attributes: ["dtype: type", "element_shape: shape = ?"], stateful: true),
    shapes: { context in
      let rows = PartialShape([context.inputShapes[1][0]])
      return [rows.concatenated(with: try context.node.shape("element_shape"))]
    })
  ops.add(
    OpDefinition(
      "TensorArrayScatterV3", inputs: [handle, "indices: int32", "value: T", flow], outputs: ["flow_out: float"],
      attributes: ["T: type"], stateful: true),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "TensorArrayConcatV3", inputs: [handle, flow], outputs: ["value: dtype", "lengths: int64"],
      attributes: ["dtype: type", "element_shape_except0: shape = ?"], stateful: true),
    shapes: { _ in [.unknown, .ofRank(1)] })
  ops.add(
    OpDefinition(
      "TensorArraySplitV3", inputs: [handle, "value: T", "lengths: int64", flow], outputs: ["flow_out: float"],
      attributes: ["T: type"], stateful: true),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition("TensorArraySizeV3", inputs: [handle, flow], outputs: ["size: int32"], stateful: true),
    shapes: Shapes.scalar)
  ops.add(OpDefinition("TensorArrayCloseV3", inputs: [handle], stateful: true), shapes: Shapes.none)
  defineStackOps(&ops)
}

/// Stacks; the first version's handle is a reference to a string.
private func defineStackOps(_ ops: inout OpRegistry) {
  for (version, handle) in [("V2", "handle: resource"), ("", "handle: Ref(string)")] {
    ops.add(
      OpDefinition(
        "Stack" + version, inputs: version.isEmpty ? [] : ["max_size: int32"], outputs: [handle],
        attributes: ["elem_type: type", "stack_name: string = ''"], stateful: true),
      shapes: { _ in [[2]] })
    ops.add(
      OpDefinition(
        "StackPush" + version, inputs: [handle, "elem: T"], outputs: ["output: T"],
        attributes: ["T: type", "swap_memory: bool = false"], stateful: !version.isEmpty),
      shapes: { [$0.inputShapes[1]] })
    ops.add(
      OpDefinition(
        "StackPop" + version, inputs: [handle], outputs: ["elem: elem_type"], attributes: ["elem_type: type"],
        stateful: !version.isEmpty))
    ops.add(OpDefinition("StackClose" + version, inputs: [handle], stateful: !version.isEmpty), shapes: Shapes.none)
  }
}
