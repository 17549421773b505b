extension OpRegistry {
  /// What registers itself in the standard registry: definitions first, then kernels and gradients.
  static var families: [@Sendable (inout OpRegistry) -> Void] {
    [
      defineBasicOps, defineElementwiseOps, defineMatrixOps, defineReductionOps, defineLossOps, defineArrayOps,
      defineSlicingOps, defineRandomOps, defineVariableOps, defineTrainingOps, defineSummaryOps, defineCheckpointOps,
      defineControlFlowOps,
      defineCastKernels, defineMatrixKernels, defineReductionKernels,
      defineLossKernels, defineRandomKernels, defineTrainingKernels,
    ]
  }
}
