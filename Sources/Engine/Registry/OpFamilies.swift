extension OpRegistry {
  /// What registers itself in the standard registry: definitions first, then kernels and gradients.
  static var families: [@Sendable (inout OpRegistry) -> Void] {
    [
      // Definitions.
      defineBasicOps, defineElementwiseOps, defineMatrixOps, defineReductionOps, defineLossOps, defineArrayOps,
      defineSlicingOps, defineRandomOps, defineVariableOps, defineTrainingOps, defineSummaryOps, defineCheckpointOps,
      defineDecompositionOps,
      defineLegacyCheckpointOps,
      defineConvolutionOps, definePaddingOps, defineIndexingOps, defineSegmentOps, defineScatterOps,
      defineSparseTrainingOps, defineSpecialFunctionOps, defineImageOps, defineStringOps, defineLinearAlgebraOps,
      // Kernels.
      defineMatrixKernels, defineReductionKernels, defineLossKernels, defineRandomKernels, defineTrainingKernels,
      defineBasicKernels, defineVariableKernels, defineBinaryKernels, defineUnaryKernels,
      defineCastKernels, defineArrayKernels, defineSlicingKernels, defineSummaryKernels, defineCheckpointKernels,
      defineDecompositionKernels,
      defineConvolutionKernels, definePoolingKernels, defineNormalizationKernels, definePaddingKernels,
      defineDiagonalKernels, defineScatterKernels, defineSearchKernels, defineSegmentKernels, defineStitchKernels,
      defineResizeKernels, defineMediaKernels, defineStringKernels, defineLinearAlgebraKernels,
      defineGammaKernels, defineSpecialFunctionKernels, defineReducedPrecision,
      // Gradients.
      defineElementwiseGradients, defineMatrixGradients, defineReductionGradients, defineArrayGradients,
      defineConvolutionGradients, defineGatherGradients, defineIndexingGradients, defineSpecialFunctionGradients,
      defineImageGradients, defineLinearAlgebraGradients,
    ] + controlFamilies
  }

  /// Control flow, lists, queues and input.
  private static var controlFamilies: [@Sendable (inout OpRegistry) -> Void] {
    [
      defineControlFlowOps, defineTensorArrayOps, defineQueueOps, defineReaderOps, defineParsingOps,
      defineControlFlowKernels, defineTensorArrayKernels, defineQueueKernels, defineReaderKernels,
      defineParsingKernels, defineConditionGradients, defineTensorArrayGradients,
    ]
  }
}
