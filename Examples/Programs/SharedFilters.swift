import ArgumentParser
import Engine
import Tensors
import Training

/// One convolution, two images: the variables are made once.
struct SharedFilters: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Apply the same filters to two images.")

  func run() throws {
    let tf = Graph()
    tf.setRandomSeed(3)
    func convolved(_ x: Output, kernel: Shape, biases: Shape) throws -> Output {
      let weights = try tf.getVariable("weights", shape: kernel, initializer: .randomNormal(stddev: 0.1))
      let biases = try tf.getVariable("biases", shape: biases, initializer: .constant(0.1))
      return try tf.relu(tf.conv2d(x, filter: weights) + biases)
    }
    func filtered(_ image: Output) throws -> Output {
      let first = try tf.variableScope("conv1", reuse: .automatic) { _ in
        try convolved(image, kernel: [5, 5, 3, 8], biases: [8])
      }
      return try tf.variableScope("conv2", reuse: .automatic) { _ in
        try convolved(first, kernel: [3, 3, 8, 8], biases: [8])
      }
    }
    let left = try filtered(tf.randomNormal([1, 16, 16, 3], seed: 1))
    let right = try filtered(tf.randomNormal([1, 16, 16, 3], seed: 1))
    print("variables: \(tf.globalVariables.map(\.node.name).joined(separator: ", "))")
    try tf.withSession { session in
      try session.run(tf.globalVariablesInitializer())
      let difference: Float = try session.run(tf.reduceSum(tf.abs(left - right))).scalar()
      print("equal images, equal results: the difference is \(difference)")
    }
  }
}
