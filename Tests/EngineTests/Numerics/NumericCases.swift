import Foundation
import Tensors
import Testing

@testable import Engine

/// Short names for building graphs in tests: `g("Add", x, y)`.
struct GraphMaker {
  let graph = Graph()

  func callAsFunction(
    _ op: String, _ inputs: Output..., attributes: [String: AttributeValue] = [:]
  ) throws -> Output {
    try graph.add(op, inputs, attributes: attributes)
  }

  func all(_ op: String, _ inputs: [Output], attributes: [String: AttributeValue] = [:]) throws -> [Output] {
    try graph.addNode(op: op, inputs: inputs, attributes: attributes).outputs
  }

  func constant(_ value: Tensor) throws -> Output { try graph.constant(value) }
  func float(_ value: Float) throws -> Output { try graph.constant(Tensor(value)) }
  func int(_ value: Int) throws -> Output { try graph.constant(Tensor(Int32(value))) }

  func ints(_ values: [Int]) throws -> Output {
    try graph.constant(Tensor(values.map { Int32($0) }, shape: [values.count]))
  }

  func placeholder(_ dtype: DataType, _ shape: PartialShape) throws -> Output {
    try graph.add("Placeholder", [], attributes: ["dtype": .type(dtype), "shape": .shape(shape)])
  }

  /// The sum of all elements.
  func total(_ x: Output) throws -> Output {
    try self("Sum", x, try ints(Array(0..<(x.shape.rank ?? 0))))
  }
}

/// One case of a file of values that TensorFlow computed: an operation, its inputs, outputs and gradients.
struct NumericCase {
  let file: String
  let index: Int
  let op: String
  let attributes: [String: Any]
  let inputs: [String: Tensor]
  let outputs: [Tensor]
  let outputGradients: [Tensor]?
  /// Gradient of each input, nil where TensorFlow gave none.
  let gradients: [String: Tensor?]

  static func all(_ file: String) throws -> [NumericCase] {
    try Golden.cases(file).enumerated().map { index, example in
      NumericCase(
        file: file, index: index, op: try #require(example["op"] as? String),
        attributes: example["attrs"] as? [String: Any] ?? [:],
        inputs: try (example["inputs"] as? [String: Any] ?? [:]).mapValues { try Golden.tensor($0) },
        outputs: try #require(example["outputs"] as? [Any]).map { try Golden.tensor($0) },
        outputGradients: try (example["grad_outputs"] as? [Any])?.map { try Golden.tensor($0) },
        gradients: try (example["grads"] as? [String: Any] ?? [:]).mapValues {
          $0 is NSNull ? nil : try Golden.tensor($0)
        })
    }
  }

  var label: String { "\(file) \(index) \(op) \(attributes)" }

  func int(_ name: String) throws -> Int { try #require(attributes[name] as? Int, "\(label): \(name)") }
  func ints(_ name: String) throws -> [Int] { try #require(attributes[name] as? [Int], "\(label): \(name)") }

  /// Builds the outputs, runs them, and compares them and all gradients.
  func check(
    relative: Double = 1e-5, absolute: Double = 2e-6,
    build: (GraphMaker, [String: Output], NumericCase) throws -> [Output]
  ) throws {
    let g = GraphMaker()
    var placeholders: [String: Output] = [:]
    var feeds: [Output: Tensor] = [:]
    for (name, value) in inputs {
      // Odd cases get unknown dimensions, so that both ways of building gradients are used.
      let shape = index % 2 == 0 ? PartialShape(value.shape) : .ofRank(value.rank)
      let placeholder = try g.placeholder(value.dtype, shape)
      placeholders[name] = placeholder
      feeds[placeholder] = value
    }
    let built = try build(g, placeholders, self)
    #expect(built.count == outputs.count, "\(label)")
    let session = Session(graph: g.graph)
    let results = try session.run(built.map(GraphElement.output), feeds: feeds)
    for (result, value) in zip(results, outputs) {
      let difference = Golden.difference(result, value, relative: relative, absolute: absolute)
      #expect(difference == nil, "\(label): \(difference ?? "")")
    }
    for (output, value) in zip(built, outputs) {
      #expect(output.shape.accepts(value.shape), "\(label): \(value.shape) was inferred as \(output.shape)")
    }
    guard let outputGradients else { return }
    var seeds: [Output?] = []
    for value in outputGradients {
      let seed = try g.placeholder(value.dtype, PartialShape(value.shape))
      feeds[seed] = value
      seeds.append(seed)
    }
    for (name, value) in gradients {
      let x = try #require(placeholders[name], "\(label): \(name)")
      guard let value else {
        // Nothing flows, or TensorFlow knows no rule.
        #expect(
          (try? Engine.gradients(Array(built.prefix(seeds.count)), [x], seeds: seeds)[0]) == nil, "\(label) d\(name)")
        continue
      }
      let gradient = try Engine.gradients(Array(built.prefix(seeds.count)), [x], seeds: seeds)[0]
      let found = try session.run(try #require(gradient, "\(label): no gradient for \(name)"), feeds: feeds)
      let difference = Golden.difference(found, value, relative: 5 * relative, absolute: 2 * absolute)
      #expect(difference == nil, "\(label) d\(name): \(difference ?? "")")
    }
  }
}
