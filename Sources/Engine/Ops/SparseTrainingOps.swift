import Tensors

/// Optimizer updates of the rows that a sparse gradient names, and updates less often used.
@Sendable func defineSparseTrainingOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "SparseApplyAdagrad", inputs: ["var: Ref(T)", "accum: Ref(T)", "lr: T", "grad: T", "indices: Tindices"],
      outputs: ["out: Ref(T)"],
      attributes: [
        "T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false", "update_slots: bool = true",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyAdagradDA",
      inputs: [
        "var: Ref(T)", "gradient_accumulator: Ref(T)", "gradient_squared_accumulator: Ref(T)", "grad: T",
        "indices: Tindices", "lr: T", "l1: T", "l2: T", "global_step: int64",
      ], outputs: ["out: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyMomentum",
      inputs: ["var: Ref(T)", "accum: Ref(T)", "lr: T", "grad: T", "indices: Tindices", "momentum: T"],
      outputs: ["out: Ref(T)"],
      attributes: [
        "T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false", "use_nesterov: bool = false",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyFtrl",
      inputs: [
        "var: Ref(T)", "accum: Ref(T)", "linear: Ref(T)", "grad: T", "indices: Tindices", "lr: T", "l1: T", "l2: T",
        "lr_power: T",
      ], outputs: ["out: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyFtrlV2",
      inputs: [
        "var: Ref(T)", "accum: Ref(T)", "linear: Ref(T)", "grad: T", "indices: Tindices", "lr: T", "l1: T", "l2: T",
        "l2_shrinkage: T", "lr_power: T",
      ], outputs: ["out: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyRMSProp",
      inputs: [
        "var: Ref(T)", "ms: Ref(T)", "mom: Ref(T)", "lr: T", "rho: T", "momentum: T", "epsilon: T", "grad: T",
        "indices: Tindices",
      ], outputs: ["out: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyCenteredRMSProp",
      inputs: [
        "var: Ref(T)", "mg: Ref(T)", "ms: Ref(T)", "mom: Ref(T)", "lr: T", "rho: T", "momentum: T", "epsilon: T",
        "grad: T", "indices: Tindices",
      ], outputs: ["out: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyAdadelta",
      inputs: [
        "var: Ref(T)", "accum: Ref(T)", "accum_update: Ref(T)", "lr: T", "rho: T", "epsilon: T", "grad: T",
        "indices: Tindices",
      ], outputs: ["out: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyProximalGradientDescent",
      inputs: ["var: Ref(T)", "alpha: T", "l1: T", "l2: T", "grad: T", "indices: Tindices"], outputs: ["out: Ref(T)"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SparseApplyProximalAdagrad",
      inputs: ["var: Ref(T)", "accum: Ref(T)", "lr: T", "l1: T", "l2: T", "grad: T", "indices: Tindices"],
      outputs: ["out: Ref(T)"], attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyAdagrad",
      inputs: ["var: resource", "accum: resource", "lr: T", "grad: T", "indices: Tindices"],
      attributes: [
        "T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false", "update_slots: bool = true",
      ], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyAdagradDA",
      inputs: [
        "var: resource", "gradient_accumulator: resource", "gradient_squared_accumulator: resource", "grad: T",
        "indices: Tindices", "lr: T", "l1: T", "l2: T", "global_step: int64",
      ], attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyMomentum",
      inputs: ["var: resource", "accum: resource", "lr: T", "grad: T", "indices: Tindices", "momentum: T"],
      attributes: [
        "T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false", "use_nesterov: bool = false",
      ], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyFtrl",
      inputs: [
        "var: resource", "accum: resource", "linear: resource", "grad: T", "indices: Tindices", "lr: T", "l1: T",
        "l2: T", "lr_power: T",
      ], attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyFtrlV2",
      inputs: [
        "var: resource", "accum: resource", "linear: resource", "grad: T", "indices: Tindices", "lr: T", "l1: T",
        "l2: T", "l2_shrinkage: T", "lr_power: T",
      ], attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyRMSProp",
      inputs: [
        "var: resource", "ms: resource", "mom: resource", "lr: T", "rho: T", "momentum: T", "epsilon: T", "grad: T",
        "indices: Tindices",
      ], attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyCenteredRMSProp",
      inputs: [
        "var: resource", "mg: resource", "ms: resource", "mom: resource", "lr: T", "rho: T", "momentum: T",
        "epsilon: T", "grad: T", "indices: Tindices",
      ], attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyAdadelta",
      inputs: [
        "var: resource", "accum: resource", "accum_update: resource", "lr: T", "rho: T", "epsilon: T", "grad: T",
        "indices: Tindices",
      ], attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyProximalGradientDescent",
      inputs: ["var: resource", "alpha: T", "l1: T", "l2: T", "grad: T", "indices: Tindices"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyProximalAdagrad",
      inputs: ["var: resource", "accum: resource", "lr: T", "l1: T", "l2: T", "grad: T", "indices: Tindices"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceSparseApplyKerasMomentum",
      inputs: ["var: resource", "accum: resource", "lr: T", "grad: T", "indices: Tindices", "momentum: T"],
      attributes: [
        "T: numbertype", "Tindices: {int32, int64}", "use_locking: bool = false", "use_nesterov: bool = false",
      ], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ApplyProximalGradientDescent", inputs: ["var: Ref(T)", "alpha: T", "l1: T", "l2: T", "delta: T"],
      outputs: ["out: Ref(T)"], attributes: ["T: numbertype", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ApplyProximalAdagrad", inputs: ["var: Ref(T)", "accum: Ref(T)", "lr: T", "l1: T", "l2: T", "grad: T"],
      outputs: ["out: Ref(T)"], attributes: ["T: numbertype", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ApplyAddSign", inputs: ["var: Ref(T)", "m: Ref(T)", "lr: T", "alpha: T", "sign_decay: T", "beta: T", "grad: T"],
      outputs: ["out: Ref(T)"], attributes: ["T: numbertype", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ApplyPowerSign",
      inputs: ["var: Ref(T)", "m: Ref(T)", "lr: T", "logbase: T", "sign_decay: T", "beta: T", "grad: T"],
      outputs: ["out: Ref(T)"], attributes: ["T: numbertype", "use_locking: bool = false"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ApplyAdaMax",
      inputs: [
        "var: Ref(T)", "m: Ref(T)", "v: Ref(T)", "beta1_power: T", "lr: T", "beta1: T", "beta2: T", "epsilon: T",
        "grad: T",
      ], outputs: ["out: Ref(T)"], attributes: ["T: numbertype", "use_locking: bool = false"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "ResourceApplyProximalGradientDescent", inputs: ["var: resource", "alpha: T", "l1: T", "l2: T", "delta: T"],
      attributes: ["T: numbertype", "use_locking: bool = false"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceApplyProximalAdagrad",
      inputs: ["var: resource", "accum: resource", "lr: T", "l1: T", "l2: T", "grad: T"],
      attributes: ["T: numbertype", "use_locking: bool = false"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceApplyAddSign",
      inputs: ["var: resource", "m: resource", "lr: T", "alpha: T", "sign_decay: T", "beta: T", "grad: T"],
      attributes: ["T: numbertype", "use_locking: bool = false"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceApplyPowerSign",
      inputs: ["var: resource", "m: resource", "lr: T", "logbase: T", "sign_decay: T", "beta: T", "grad: T"],
      attributes: ["T: numbertype", "use_locking: bool = false"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceApplyAdaMax",
      inputs: [
        "var: resource", "m: resource", "v: resource", "beta1_power: T", "lr: T", "beta1: T", "beta2: T", "epsilon: T",
        "grad: T",
      ], attributes: ["T: numbertype", "use_locking: bool = false"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ResourceApplyKerasMomentum", inputs: ["var: resource", "accum: resource", "lr: T", "grad: T", "momentum: T"],
      attributes: ["T: numbertype", "use_locking: bool = false", "use_nesterov: bool = false"], stateful: true),
    shapes: Shapes.none)
}
