import Foundation
import Tensors
import Testing

@testable import Engine

/// Every case of every file of values that TensorFlow 1.15 computed for single operations. A case that no builder
/// knows fails.
@Suite struct OperationNumericsTests {
  static let files: [(file: String, count: Int, build: CaseBuilder)] = [
    ("broadcasting", 63, BinaryCases.build), ("elementwise", 48, ElementwiseCases.build),
    ("reductions", 60, ReductionCases.build), ("losses", 18, LossCases.build), ("matmul", 11, MatrixCases.build),
    ("arrays", 60, ArrayCases.build),
  ]

  @Test(arguments: files.indices) func everyCaseGivesTensorFlowsValues(index: Int) throws {
    let (file, count, build) = Self.files[index]
    let cases = try NumericCase.all(file)
    #expect(cases.count == count)
    for example in cases {
      do {
        // What only moves elements is exact.
        let isExact = file == "arrays" && !example.op.hasPrefix("resize") && !example.op.hasPrefix("pad")
        try example.check(relative: isExact ? 0 : 1e-5, absolute: isExact ? 0 : 2e-6, build: build)
      } catch {
        Issue.record("\(example.label): \(error)")
      }
    }
  }
}

/// Builds the outputs of a case from its placeholders.
typealias CaseBuilder = @Sendable (GraphMaker, [String: Output], NumericCase) throws -> [Output]

struct UnknownCase: Error {}

enum BinaryCases {
  private static let names = [
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "RealDiv", "maximum": "Maximum",
    "minimum": "Minimum", "squared_difference": "SquaredDifference", "pow": "Pow", "floordiv": "FloorDiv",
    "mod": "FloorMod", "truncatediv": "TruncateDiv", "truncatemod": "TruncateMod", "divide by zero": "RealDiv",
    "div_no_nan": "DivNoNan", "equal": "Equal", "not_equal": "NotEqual", "less": "Less", "less_equal": "LessEqual",
    "greater": "Greater", "greater_equal": "GreaterEqual", "add int32 overflow": "AddV2", "atan2": "Atan2",
  ]

  static let build: CaseBuilder = { g, inputs, example in
    let (a, b) = (try #require(inputs["a"]), try #require(inputs["b"]))
    if example.op == "truediv" {
      let wide: [String: AttributeValue] = ["DstT": .type(.float64)]
      return [try g("RealDiv", g("Cast", a, attributes: wide), g("Cast", b, attributes: wide))]
    }
    guard let op = names[example.op] else { throw UnknownCase() }
    return [try g(op, a, b)]
  }
}

enum ElementwiseCases {
  private static let names = [
    "relu": "Relu", "relu6": "Relu6", "elu": "Elu", "softplus": "Softplus", "sigmoid": "Sigmoid", "tanh": "Tanh",
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "rsqrt": "Rsqrt", "square": "Square", "abs": "Abs", "sign": "Sign",
    "negative": "Neg", "floor": "Floor", "ceil": "Ceil", "round": "Round", "rint": "Rint", "expm1": "Expm1",
    "log1p": "Log1p", "reciprocal": "Reciprocal", "sin": "Sin", "cos": "Cos", "selu": "Selu", "softsign": "Softsign",
    "leaky_relu": "LeakyRelu", "tan": "Tan", "sinh": "Sinh", "cosh": "Cosh", "atan": "Atan", "erf": "Erf",
    "erfc": "Erfc", "lgamma": "Lgamma", "digamma": "Digamma",
  ]

  static let build: CaseBuilder = { g, inputs, example in
    if example.op == "clip_by_global_norm" { return try clipByGlobalNorm(g, inputs) }
    let x = try #require(inputs["x"])
    switch example.op {
    case "swish": return [try g("Mul", x, g("Sigmoid", x))]
    case "clip_by_value": return [try g("Maximum", g("Minimum", x, g.float(1.5)), g.float(-1))]
    case "clip_by_norm":
      let square = try g("Sum", g("Mul", x, x), g.ints([0, 1]), attributes: ["keep_dims": .bool(true)])
      let isPositive = try g("Greater", square, g.float(0))
      let safe = try g("Select", isPositive, square, g("OnesLike", square))
      let norm = try g("Select", isPositive, g("Sqrt", safe), square)
      return [try g("RealDiv", g("Mul", x, g.float(2)), g("Maximum", norm, g.float(2)))]
    case "l2_normalize":
      let square = try g("Sum", g("Square", x), g.ints([1]), attributes: ["keep_dims": .bool(true)])
      return [try g("Mul", x, g("Rsqrt", g("Maximum", square, g.float(1e-12))))]
    case "softmax", "log_softmax":
      let op = example.op == "softmax" ? "Softmax" : "LogSoftmax"
      let (axis, rank) = (try example.int("axis"), try #require(x.shape.rank))
      if axis == -1 || axis == rank - 1 { return [try g(op, x)] }
      // Along another axis the operation stands between two exchanges.
      var order = Array(0..<rank)
      order.swapAt(axis, rank - 1)
      let perm = try g.ints(order)
      return [try g("Transpose", g(op, g("Transpose", x, perm)), perm)]
    case "lrn":
      func number(_ name: String) throws -> AttributeValue {
        .float(Float(try #require(example.attributes[name] as? Double)))
      }
      return [
        try g(
          "LRN", x,
          attributes: [
            "depth_radius": .int(Int64(try example.int("depth_radius"))), "bias": try number("bias"),
            "alpha": try number("alpha"), "beta": try number("beta"),
          ])
      ]
    default:
      guard let op = names[example.op] else { throw UnknownCase() }
      return [try g(op, x)]
    }
  }

  private static func clipByGlobalNorm(_ g: GraphMaker, _ inputs: [String: Output]) throws -> [Output] {
    let values = [try #require(inputs["a"]), try #require(inputs["b"])]
    let half = try g("Pack", g("L2Loss", values[0]), g("L2Loss", values[1]))
    let norm = try g("Sqrt", g("Mul", g("Sum", half, g.ints([0])), g.float(2)))
    let scale = try g("Mul", g("Minimum", g("RealDiv", g.float(1), norm), g.float(1 / 1.5)), g.float(1.5))
    return try values.map { try g("Mul", $0, scale) }
  }
}

enum ReductionCases {
  private static let names = [
    "reduce_sum": "Sum", "reduce_mean": "Mean", "reduce_prod": "Prod", "reduce_max": "Max", "reduce_min": "Min",
    "reduce_any": "Any", "reduce_all": "All", "reduce_euclidean_norm": "EuclideanNorm",
  ]

  private static func axes(_ g: GraphMaker, _ example: NumericCase, _ x: Output) throws -> Output {
    switch example.attributes["axis"] {
    case let axis as Int: try g.int(axis)
    case let list as [Int]: try g.ints(list)
    default: try g.ints(x.dtype == .bool ? [1] : Array(0..<(x.shape.rank ?? 0)))
    }
  }

  static let build: CaseBuilder = { g, inputs, example in
    let keeps: [String: AttributeValue] = ["keep_dims": .bool(example.attributes["keepdims"] as? Bool ?? false)]
    let word = String(example.op.split(separator: " ")[0])
    if word == "in_top_k" {
      return [
        try g("InTopKV2", try #require(inputs["p"]), try #require(inputs["t"]), g.int(try example.int("k")))
      ]
    }
    let x = try #require(inputs["x"])
    switch word {
    case "argmax", "argmin":
      return [try g(word == "argmax" ? "ArgMax" : "ArgMin", x, g.int(try example.int("axis")))]
    case "reduce_logsumexp":
      let axes = try axes(g, example, x)
      let most = try g("Max", x, axes, attributes: ["keep_dims": .bool(true)])
      let base = try g("StopGradient", g("Select", g("IsFinite", most), most, g("ZerosLike", most)))
      let sum = try g("Log", g("Sum", g("Exp", g("Sub", x, base)), axes, attributes: keeps))
      let shape = try g("Shape", sum)
      return [try g("Add", sum, g("Reshape", base, shape))]
    case "moments":
      let axes = try g.ints([0, 1])
      let mean = try g("Mean", x, axes, attributes: ["keep_dims": .bool(true)])
      let square = try g("SquaredDifference", x, g("StopGradient", mean))
      let shape = try g.ints([4])
      return [try g("Reshape", mean, shape), try g("Mean", square, axes)]
    case "cumsum":
      return [
        try g(
          "Cumsum", x, g.int(try example.int("axis")),
          attributes: [
            "exclusive": .bool(example.attributes["exclusive"] as? Bool ?? false),
            "reverse": .bool(example.attributes["reverse"] as? Bool ?? false),
          ])
      ]
    case "top_k": return try g.all("TopKV2", [x, g.int(try example.int("k"))])
    case "unsorted_segment_sum": return [try g("UnsortedSegmentSum", x, g.ints([0, 2, 0]), g.int(4))]
    default:
      guard let op = names[word] else { throw UnknownCase() }
      return [try g(op, x, axes(g, example, x), attributes: keeps)]
    }
  }
}

enum MatrixCases {
  static let build: CaseBuilder = { g, inputs, example in
    switch example.op {
    case "MatMul", "MatMul int32", "seed 003":
      return [
        try g(
          "MatMul", try #require(inputs["a"]), try #require(inputs["b"]),
          attributes: [
            "transpose_a": .bool(example.attributes["transpose_a"] as? Bool ?? false),
            "transpose_b": .bool(example.attributes["transpose_b"] as? Bool ?? false),
          ])
      ]
    case "BatchMatMulV2": return [try g("BatchMatMulV2", try #require(inputs["a"]), try #require(inputs["b"]))]
    case "xw_plus_b":
      let product = try g("MatMul", try #require(inputs["x"]), try #require(inputs["weights"]))
      return [try g("BiasAdd", product, try #require(inputs["biases"]))]
    case "tensordot":
      let flat = try g("Reshape", try #require(inputs["b"]), g.ints([3, 4]))
      return [try g("Reshape", g("MatMul", try #require(inputs["a"]), flat), g.ints([2, 2, 2]))]
    default: throw UnknownCase()
    }
  }
}
