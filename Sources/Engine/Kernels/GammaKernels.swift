import Tensors

/// The gamma distribution. (`RandomGamma` draws TensorFlow's numbers, see `RandomStream.gamma`.)
@Sendable func defineGammaKernels(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "RandomGamma", inputs: ["shape: S", "alpha: T"], outputs: ["output: T"],
      attributes: ["seed: int = 0", "seed2: int = 0", "S: {int32, int64}", "T: {half, float, double}"], stateful: true),
    shapes: { [try $0.shapeValue(0).concatenated(with: $0.inputShapes[1])] })
  ops.noGradient("RandomGamma")
  ops.kernel("RandomGamma") { node in
    let stream = try SharedStream(node)
    return { context in
      let (shape, alpha) = (try context.shapeInput(0), try context.input(1))
      let alphas = try doubles(alpha, "RandomGamma")
      let result = Shape(shape.dimensions + alpha.shape.dimensions)
      try KernelContext.checkSize(.float64, result)
      let numbers =
        result.elementCount == 0
        ? [] : stream.next { $0.gamma(alphas: alphas, samples: shape.elementCount) }
      switch alpha.dtype {
      case .float64: context.setOutput(0, Tensor(numbers, shape: result))
      default:
        context.setOutput(0, Tensor(numbers.map { Float($0) }, shape: result).narrowed(to: alpha.dtype))
      }
    }
  }
}
