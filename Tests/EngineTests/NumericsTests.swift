import Foundation
import Tensors
import Testing

@testable import Engine

/// Operations and their gradients against values computed by TensorFlow 1.15.
@Suite struct NumericsTests {
  /// Builds a case's outputs from its placeholders; nil where the case is about an operation the engine lacks.
  typealias Build = (Graph, [String: Output], [String: Any], [String: Tensor]) throws -> [Output]?

  /// Runs every case of a file that `build` knows; answers how many.
  private func check(_ file: String, relative: Double = 1e-5, absolute: Double = 2e-6, _ build: Build) throws -> Int {
    var count = 0
    for (index, example) in try Golden.cases(file).enumerated() {
      let op = try #require(example["op"] as? String)
      let inputs = try #require(example["inputs"] as? [String: Any]).compactMapValues { try? Golden.tensor($0) }
      let graph = Graph()
      var placeholders: [String: Output] = [:]
      for (name, value) in inputs {
        // Odd cases get unknown dimensions, so that both ways of building gradients are used.
        let shape = index % 2 == 0 ? PartialShape(value.shape) : .ofRank(value.rank)
        placeholders[name] = try placeholder(graph, value.dtype, shape, name: name)
      }
      var attributes = example["attrs"] as? [String: Any] ?? [:]
      attributes["op"] = op
      guard let outputs = try build(graph, placeholders, attributes, inputs) else { continue }
      count += 1
      let label = "\(file) \(index) \(op) \(attributes)"
      var feeds = Dictionary(uniqueKeysWithValues: inputs.map { (placeholders[$0.key]!, $0.value) })
      let expected = try #require(example["outputs"] as? [Any]).map { try Golden.tensor($0) }
      let session = Session(graph: graph)
      let results = try session.run(outputs.map(GraphElement.output), feeds: feeds)
      for (result, value) in zip(results, expected) {
        let difference = Golden.difference(result, value, relative: relative, absolute: absolute)
        #expect(difference == nil, "\(label): \(difference ?? "")")
      }
      guard let given = example["grad_outputs"] as? [Any], let wanted = example["grads"] as? [String: Any] else {
        continue
      }
      var seeds: [Output?] = []
      for value in try given.map({ try Golden.tensor($0) }) {
        let seed = try placeholder(graph, value.dtype, PartialShape(value.shape), name: "seed")
        feeds[seed] = value
        seeds.append(seed)
      }
      for (name, value) in wanted where placeholders[name] != nil {
        let gradient = try gradients(Array(outputs.prefix(seeds.count)), [placeholders[name]!], seeds: seeds)[0]
        if value is NSNull {
          #expect(gradient == nil, "\(label) d\(name)")
          continue
        }
        let found = try session.run(try #require(gradient, "\(label): no gradient for \(name)"), feeds: feeds)
        let difference = Golden.difference(
          found, try Golden.tensor(value), relative: 5 * relative, absolute: 2 * absolute)
        #expect(difference == nil, "\(label) d\(name): \(difference ?? "")")
      }
    }
    return count
  }

  @Test func broadcasting() throws {
    let names = [
      "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "RealDiv", "maximum": "Maximum",
      "minimum": "Minimum", "squared_difference": "SquaredDifference", "pow": "Pow", "floordiv": "FloorDiv",
      "mod": "FloorMod", "truncatediv": "TruncateDiv", "truncatemod": "Mod", "divide by zero": "RealDiv",
      "div_no_nan": "DivNoNan", "equal": "Equal", "not_equal": "NotEqual", "less": "Less", "less_equal": "LessEqual",
      "greater": "Greater", "greater_equal": "GreaterEqual", "add int32 overflow": "AddV2",
    ]
    let count = try check("broadcasting") { graph, inputs, attributes, _ in
      guard let op = names[attributes["op"] as? String ?? ""] else { return nil }
      return [try graph.add(op, [inputs["a"]!, inputs["b"]!])]
    }
    #expect(count >= 55)
  }

  @Test func elementwise() throws {
    let names = [
      "relu": "Relu", "relu6": "Relu6", "elu": "Elu", "softplus": "Softplus", "sigmoid": "Sigmoid", "tanh": "Tanh",
      "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "rsqrt": "Rsqrt", "square": "Square", "abs": "Abs", "sign": "Sign",
      "negative": "Neg", "floor": "Floor", "ceil": "Ceil", "round": "Round", "rint": "Rint", "softmax": "Softmax",
      "log_softmax": "LogSoftmax", "expm1": "Expm1", "log1p": "Log1p", "reciprocal": "Reciprocal", "sin": "Sin",
      "cos": "Cos", "selu": "Selu", "softsign": "Softsign",
    ]
    let count = try check("elementwise") { graph, inputs, attributes, _ in
      guard let op = names[attributes["op"] as? String ?? ""], let x = inputs["x"] else { return nil }
      // Along another axis softmax is a transposition, the operation, and back.
      if let axis = attributes["axis"] as? Int, axis != -1 { return nil }
      return [try graph.add(op, [x])]
    }
    #expect(count >= 26)
  }

  @Test func reductions() throws {
    let names = [
      "reduce_sum": "Sum", "reduce_mean": "Mean", "reduce_prod": "Prod", "reduce_max": "Max", "reduce_min": "Min",
      "reduce_any": "Any", "reduce_all": "All", "argmax": "ArgMax", "argmin": "ArgMin",
    ]
    let count = try check("reductions") { graph, inputs, attributes, values in
      let words = (attributes["op"] as? String ?? "").split(separator: " ")
      guard let op = names[String(words[0])], let x = inputs["x"], let value = values["x"] else { return nil }
      if op.hasPrefix("Arg") {
        return [try graph.add(op, [x, graph.constant(Tensor(Int32(attributes["axis"] as? Int ?? 0)))])]
      }
      // The gradient of a product needs running products, which the engine does not have yet.
      if op == "Prod", words.count == 1 { return nil }
      let axes: [Int32]
      switch attributes["axis"] {
      case let axis as Int: axes = [Int32(axis)]
      case let list as [Int]: axes = list.map { Int32($0) }
      default: axes = value.dtype == .bool ? [1] : (0..<value.rank).map { Int32($0) }
      }
      return [
        try graph.add(
          op, [x, graph.constant(Tensor(axes, shape: [axes.count]))],
          attributes: ["keep_dims": .bool(attributes["keepdims"] as? Bool ?? false)])
      ]
    }
    #expect(count >= 30)
  }

  @Test func losses() throws {
    let count = try check("losses") { graph, inputs, attributes, _ in
      switch attributes["op"] as? String {
      case "softmax_cross_entropy_with_logits_v2":
        return [try graph.add("SoftmaxCrossEntropyWithLogits", [inputs["logits"]!, inputs["labels"]!])]
      case "sparse_softmax_cross_entropy_with_logits":
        return [try graph.add("SparseSoftmaxCrossEntropyWithLogits", [inputs["logits"]!, inputs["labels"]!])]
      case "l2_loss": return [try graph.add("L2Loss", [inputs["t"]!])]
      default: return nil
      }
    }
    #expect(count >= 4)
  }

  @Test func products() throws {
    let count = try check("matmul") { graph, inputs, attributes, _ in
      let op = attributes["op"] as? String ?? ""
      switch op {
      case "MatMul", "MatMul int32", "seed 003":
        return [
          try graph.add(
            "MatMul", [inputs["a"]!, inputs["b"]!],
            attributes: [
              "transpose_a": .bool(attributes["transpose_a"] as? Bool ?? false),
              "transpose_b": .bool(attributes["transpose_b"] as? Bool ?? false),
            ])
        ]
      case "BatchMatMulV2":
        return [
          try graph.add(
            "BatchMatMulV2", [inputs["a"]!, inputs["b"]!],
            attributes: [
              "adj_x": .bool(attributes["adjoint_a"] as? Bool ?? attributes["transpose_a"] as? Bool ?? false),
              "adj_y": .bool(attributes["adjoint_b"] as? Bool ?? attributes["transpose_b"] as? Bool ?? false),
            ])
        ]
      case "xw_plus_b":
        return [
          try graph.add("BiasAdd", [graph.add("MatMul", [inputs["x"]!, inputs["weights"]!]), inputs["biases"]!])
        ]
      default: return nil
      }
    }
    #expect(count >= 8)
  }

  @Test func arrays() throws {
    let count = try check("arrays", relative: 0, absolute: 0) { graph, inputs, attributes, _ in
      func integers(_ value: Any?) throws -> Output {
        if let scalar = value as? Int { return try graph.constant(Tensor(Int32(scalar))) }
        let list = try #require(value as? [Int]).map { Int32($0) }
        return try graph.constant(Tensor(list, shape: [list.count]))
      }
      let a = inputs["a"]
      switch attributes["op"] as? String {
      case "concat" where attributes["axis"] is Int:
        return [try graph.add("ConcatV2", [a!, inputs["b"]!, integers(attributes["axis"])])]
      case "stack":
        return [
          try graph.add(
            "Pack", [a!, inputs["b"]!], attributes: ["axis": .int(Int64(attributes["axis"] as? Int ?? 0))])
        ]
      case "expand_dims": return [try graph.add("ExpandDims", [a!, integers(attributes["axis"])])]
      case "reshape": return [try graph.add("Reshape", [a!, integers(attributes["shape"])])]
      case "squeeze":
        let axes = (attributes["axis"] as? [Int] ?? []).map { Int64($0) }
        return [try graph.add("Squeeze", [a!], attributes: ["squeeze_dims": axes.isEmpty ? .emptyList : .ints(axes)])]
      case "transpose" where a?.shape.rank == 2 && attributes["perm"] == nil:
        return [try graph.add("Transpose", [a!, integers([1, 0])])]
      case "transpose" where attributes["perm"] is [Int]:
        return [try graph.add("Transpose", [a!, integers(attributes["perm"])])]
      case "tile": return [try graph.add("Tile", [a!, integers(attributes["multiples"])])]
      case "split" where attributes["num"] is Int:
        return try graph.addNode(
          op: "Split", inputs: [integers(attributes["axis"]), a!],
          attributes: ["num_split": .int(Int64(attributes["num"] as? Int ?? 1))]
        ).outputs
      case "slice": return [try graph.add("Slice", [a!, integers(attributes["begin"]), integers(attributes["size"])])]
      case "gather" where attributes["axis"] as? Int == 0:
        return [try graph.add("GatherV2", [a!, integers(attributes["indices"]), integers(0)])]
      case "one_hot" where attributes["on_value"] is Double && attributes["axis"] == nil:
        return [
          try graph.add(
            "OneHot",
            [
              inputs["i"]!, integers(attributes["depth"]),
              graph.constant(Tensor(Float(attributes["on_value"] as? Double ?? 1))),
              graph.constant(Tensor(Float(attributes["off_value"] as? Double ?? 0))),
            ])
        ]
      case "zeros_like": return [try graph.add("ZerosLike", [inputs["tensor"]!])]
      case "ones_like": return [try graph.add("OnesLike", [inputs["tensor"]!])]
      case "cast":
        guard let type = DataType(name: attributes["to"] as? String ?? ""), type != .bfloat16 else { return nil }
        return [try graph.add("Cast", [inputs["x"]!], attributes: ["DstT": .type(type)])]
      default: return nil
      }
    }
    #expect(count >= 18)
  }

  /// Every kernel with a gradient, where it is smooth: the slope by small differences.
  @Test(arguments: [
    "Neg", "Abs", "Exp", "Log", "Sqrt", "Rsqrt", "Square", "Sigmoid", "Tanh", "Relu", "Relu6", "Elu", "Softplus",
    "Softmax", "LogSoftmax", "Reciprocal", "Log1p", "Expm1", "Sin", "Cos", "Softsign", "Selu",
  ])
  func gradientsAreSlopes(op: String) throws {
    let graph = Graph()
    let x = try placeholder(graph, .float64, [2, 3], name: "x")
    let weights = try graph.constant(Tensor([0.3, -1.2, 0.7, 1.1, -0.4, 0.9], shape: [2, 3]))
    let y = try graph.add("Mul", [graph.add(op, [x]), weights])
    let loss = try graph.add("Sum", [y, graph.constant(Tensor([0, 1] as [Int32], shape: [2]))])
    let slope = try #require(try gradients([loss], [x])[0])
    let point = [0.37, 1.21, 0.52, 2.03, 0.94, 1.48]
    let session = Session(graph: graph)
    let found = try session.run(slope, feeds: [x: Tensor(point, shape: [2, 3])]).scalars(Double.self)
    for index in point.indices {
      func value(_ shift: Double) throws -> Double {
        var moved = point
        moved[index] += shift
        return try session.run(loss, feeds: [x: Tensor(moved, shape: [2, 3])]).scalar(Double.self)
      }
      let numerical = (try value(1e-6) - value(-1e-6)) / 2e-6
      #expect(abs(found[index] - numerical) < 1e-7 * max(1, abs(numerical)), "\(op) at \(index)")
    }
  }

  /// Whole trainings of a small network, forty steps with each optimizer, are in the imported graphs; here one is built.
  @Test func gradientNodesAreNamedAsTensorFlowNamesThem() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil], name: "x")
    let target = try placeholder(graph, .float32, [nil], name: "target")
    let w = try variable(graph, [1], name: "W")
    let read = try graph.add("Identity", [w], name: "W/read")
    let y = try graph.add("Mul", [read, x], name: "y")
    let square = try graph.add("Square", [graph.add("Sub", [y, target], name: "sub")], name: "Square")
    let loss = try graph.add("Mean", [square, graph.constant(Tensor([0] as [Int32]))], name: "loss")
    let gradient = try #require(try gradients([loss], [read])[0])
    #expect(gradient.name == "gradients/y_grad/tuple/control_dependency:0")
    let original = try Graph(graphDef: Fixture.metaGraph("linear").graphDef)
    let names = Set(graph.nodes.map(\.name).filter { $0.hasPrefix("gradients") })
    let expected = Set(original.nodes.map(\.name).filter { $0.hasPrefix("gradients") })
    // A constant more or less aside, the nodes are TensorFlow's.
    #expect(
      names.intersection(expected).count >= expected.count - 4, "missing: \(expected.subtracting(names).sorted())")
    #expect(try gradients([loss], [read])[0]?.name.hasPrefix("gradients_1/") == true)
  }

  @Test func gradientsWithoutPathOrRuleSaySo() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [2], name: "x")
    let other = try placeholder(graph, .float32, [2], name: "other")
    let y = try graph.add("Square", [x])
    #expect(try gradients([y], [other]) == [nil])
    #expect(try gradients([y], [x], stopGradients: [x]) != [])
    let stopped = try graph.add("StopGradient", [y])
    #expect(try gradients([stopped], [x]) == [nil])
    let noRule = try graph.add("Erf", [x])
    #expect(
      message { _ = try gradients([noRule], [x]) } == "No gradient defined for operation 'Erf' (op type: Erf)")
    let count = try graph.add("Cast", [x], attributes: ["DstT": .type(.int32)])
    #expect(message { _ = try gradients([count], [x]) }.hasPrefix("Gradients of tensors must be of a floating type"))
  }

  @Test func severalPathsAddUp() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [], name: "x")
    let y = try graph.add("AddV2", [graph.add("Mul", [x, x]), x])
    let slope = try #require(try gradients([y], [x])[0])
    #expect(try Session(graph: graph).run(slope, feeds: [x: Tensor(Float(3))]).scalar(Float.self) == 7)
    // And of the gradient again.
    let second = try #require(try gradients([slope], [x])[0])
    #expect(try Session(graph: graph).run(second, feeds: [x: Tensor(Float(3))]).scalar(Float.self) == 2)
  }
}
