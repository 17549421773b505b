import Foundation
import Tensors
import Testing

@testable import Engine

/// Every differentiable operation against slopes by small differences, in double precision, at points where it is
/// smooth.
@Suite struct GradientCheckTests {
  /// One function of some inputs.
  struct Check: Sendable, CustomTestStringConvertible {
    let name: String
    let shapes: [[Int]]
    /// Where the inputs lie.
    var range: ClosedRange<Double> = 0.2...1.8
    let build: @Sendable (GraphMaker, [Output]) throws -> Output

    var testDescription: String { name }
  }

  private static func unary(_ ops: String, range: ClosedRange<Double> = 0.2...1.8) -> [Check] {
    ops.split(separator: " ").map { op in
      Check(name: String(op), shapes: [[2, 3]], range: range) { g, x in try g(String(op), x[0]) }
    }
  }

  private static func binary(_ ops: String) -> [Check] {
    ops.split(separator: " ").map { op in
      Check(name: String(op), shapes: [[2, 3], [3]]) { g, x in try g(String(op), x[0], x[1]) }
    }
  }

  private static func reductions(_ ops: String) -> [Check] {
    ops.split(separator: " ").map { op in
      Check(name: String(op), shapes: [[2, 3, 2]]) { g, x in try g(String(op), x[0], g.ints([0, -1])) }
    }
  }

  private static func attributed(
    _ op: String, _ shapes: [[Int]], _ attributes: [String: AttributeValue]
  ) -> Check {
    Check(name: "\(op) \(attributes.keys.sorted())", shapes: shapes) { g, x in
      try g.graph.add(op, x, attributes: attributes)
    }
  }

  private static let window: [String: AttributeValue] = [
    "ksize": .ints([1, 2, 2, 1]), "strides": .ints([1, 2, 1, 1]), "padding": .string("SAME"),
  ]
  private static let stride: [String: AttributeValue] = ["strides": .ints([1, 2, 1, 1]), "padding": .string("SAME")]

  static let smooth: [Check] =
    unary(
      "Neg Abs Exp Log Sqrt Rsqrt Square Sigmoid Tanh Relu Elu Softplus Softmax LogSoftmax Reciprocal Inv Log1p Expm1 Sin "
        + "Cos Tan Softsign Selu LeakyRelu Erf Erfc Lgamma Digamma Sinh Cosh Atan Asinh L2Loss Identity")
    + unary("Relu6", range: 0.2...5.8) + unary("Asin Acos Atanh", range: -0.7...0.7) + unary("Acosh", range: 1.2...3)
    + binary(
      "Add AddV2 Sub Mul Div RealDiv Maximum Minimum Pow SquaredDifference DivNoNan MulNoNan Xdivy Xlogy Atan2 FloorMod"
    )
    + reductions("Sum Mean Prod Max Min")
    + [
      attributed("MatMul", [[2, 3], [3, 4]], [:]),
      attributed("MatMul", [[3, 2], [3, 4]], ["transpose_a": .bool(true)]),
      attributed("MatMul", [[2, 3], [4, 3]], ["transpose_b": .bool(true)]),
      attributed("MatMul", [[3, 2], [4, 3]], ["transpose_a": .bool(true), "transpose_b": .bool(true)]),
      attributed("BatchMatMulV2", [[2, 1, 2, 3], [3, 3, 2]], [:]),
      attributed("BatchMatMul", [[2, 3, 2], [2, 3, 2]], ["adj_x": .bool(true)]),
      attributed("BiasAdd", [[2, 3, 4], [4]], [:]), attributed("BiasAddGrad", [[2, 3, 4]], [:]),
      attributed("Conv2D", [[2, 5, 4, 2], [3, 2, 2, 3]], stride),
      attributed(
        "Conv2D", [[1, 6, 5, 2], [2, 2, 2, 3]],
        ["strides": .ints([1, 1, 1, 1]), "padding": .string("VALID"), "dilations": .ints([1, 2, 2, 1])]),
      attributed("DepthwiseConv2dNative", [[2, 5, 4, 2], [3, 2, 2, 3]], stride),
      attributed("MaxPool", [[1, 4, 5, 2]], window), attributed("AvgPool", [[1, 4, 5, 2]], window),
      Check(name: "MirrorPad", shapes: [[3, 4]]) { g, x in
        let pads = try g.constant(Tensor([1, 1, 2, 0] as [Int32], shape: [2, 2]))
        return try g("MirrorPad", x[0], pads, attributes: ["mode": .string("REFLECT")])
      },
      attributed("SpaceToDepth", [[1, 4, 2, 3]], ["block_size": .int(2)]),
      attributed("DepthToSpace", [[1, 2, 2, 8]], ["block_size": .int(2)]),
      attributed("AddN", [[2, 3], [2, 3], [2, 3]], [:]), attributed("Pack", [[2, 3], [2, 3]], ["axis": .int(1)]),
      attributed("Diag", [[3]], [:]), attributed("DiagPart", [[3, 3]], [:]), attributed("MatrixDiag", [[2, 3]], [:]),
      attributed("MatrixDiagPart", [[2, 3, 3]], [:]), attributed("MatrixSetDiag", [[2, 3, 3], [2, 3]], [:]),
      attributed("TanhGrad", [[4], [4]], [:]), attributed("SigmoidGrad", [[4], [4]], [:]),
      attributed("SqrtGrad", [[4], [4]], [:]), attributed("RsqrtGrad", [[4], [4]], [:]),
      attributed("ReciprocalGrad", [[4], [4]], [:]), attributed("SoftplusGrad", [[4], [4]], [:]),
      attributed("ReluGrad", [[4], [4]], [:]), attributed("LeakyReluGrad", [[4], [4]], [:]),
      Check(name: "SoftmaxCrossEntropy", shapes: [[3, 4], [3, 4]]) { g, x in
        // The rule takes for granted that labels add up to 1.
        try g("SoftmaxCrossEntropyWithLogits", x[0], g("Softmax", x[1]))
      },
      Check(name: "SparseSoftmaxCrossEntropy", shapes: [[3, 4]]) { g, x in
        try g("SparseSoftmaxCrossEntropyWithLogits", x[0], g.constant(Tensor([2, 0, 3] as [Int64])))
      },
      Check(name: "Reshape", shapes: [[2, 3]]) { g, x in try g("Reshape", x[0], g.ints([3, 2])) },
      Check(name: "ExpandDims", shapes: [[2, 3]]) { g, x in try g("ExpandDims", x[0], g.int(1)) },
      Check(name: "Squeeze", shapes: [[2, 1, 3]]) { g, x in try g("Squeeze", x[0]) },
      Check(name: "Fill", shapes: [[]]) { g, x in try g("Fill", g.ints([2, 3]), x[0]) },
      Check(name: "ConcatV2", shapes: [[2, 3], [2, 1]]) { g, x in try g("ConcatV2", x[0], x[1], g.int(1)) },
      Check(name: "Split", shapes: [[2, 4]]) { g, x in
        try g.all("Split", [g.int(1), x[0]], attributes: ["num_split": .int(2)])[1]
      },
      Check(name: "SplitV", shapes: [[2, 4]]) { g, x in
        try g.all("SplitV", [x[0], g.ints([1, 3]), g.int(1)], attributes: ["num_split": .int(2)])[1]
      },
      Check(name: "Unpack", shapes: [[2, 3]]) { g, x in try g.all("Unpack", [x[0]], attributes: ["num": .int(2)])[1] },
      Check(name: "Slice", shapes: [[3, 4]]) { g, x in try g("Slice", x[0], g.ints([1, 0]), g.ints([2, 3])) },
      Check(name: "StridedSlice", shapes: [[3, 4]]) { g, x in
        try g("StridedSlice", x[0], g.ints([2, 0]), g.ints([0, 4]), g.ints([-1, 2]))
      },
      Check(name: "Tile", shapes: [[2, 3]]) { g, x in try g("Tile", x[0], g.ints([2, 3])) },
      Check(name: "BroadcastTo", shapes: [[2, 1]]) { g, x in try g("BroadcastTo", x[0], g.ints([3, 2, 4])) },
      Check(name: "Transpose", shapes: [[2, 3, 4]]) { g, x in try g("Transpose", x[0], g.ints([2, 0, 1])) },
      Check(name: "Pad", shapes: [[2, 3]]) { g, x in
        try g("Pad", x[0], g.constant(Tensor([1, 0, 0, 2] as [Int32], shape: [2, 2])))
      },
      Check(name: "GatherV2", shapes: [[4, 3]]) { g, x in try g("GatherV2", x[0], g.ints([3, 1, 3]), g.int(0)) },
      Check(name: "GatherV2 along axis 1", shapes: [[2, 4, 3]]) { g, x in
        try g("GatherV2", x[0], g.ints([3, 1, 3]), g.int(1))
      },
      Check(name: "GatherV2 in batches", shapes: [[2, 4, 3]]) { g, x in
        let indices = try g.constant(Tensor([3, 1, 0, 0] as [Int32], shape: [2, 2]))
        return try g("GatherV2", x[0], indices, g.int(1), attributes: ["batch_dims": .int(1)])
      },
      Check(name: "GatherNd", shapes: [[3, 4]]) { g, x in
        try g("GatherNd", x[0], g.constant(Tensor([1, 2, 0, 0, 1, 2] as [Int32], shape: [3, 2])))
      },
      Check(name: "ScatterNd", shapes: [[2, 3]]) { g, x in
        try g("ScatterNd", g.constant(Tensor([3, 1] as [Int32], shape: [2, 1])), x[0], g.ints([4, 3]))
      },
      Check(name: "TensorScatterUpdate", shapes: [[4, 2], [2, 2]]) { g, x in
        try g("TensorScatterUpdate", x[0], g.constant(Tensor([3, 1] as [Int32], shape: [2, 1])), x[1])
      },
      Check(name: "TensorScatterSub", shapes: [[4, 2], [2, 2]]) { g, x in
        try g("TensorScatterSub", x[0], g.constant(Tensor([3, 1] as [Int32], shape: [2, 1])), x[1])
      },
      Check(name: "ReverseV2", shapes: [[3, 4]]) { g, x in try g("ReverseV2", x[0], g.ints([1])) },
      Check(name: "ReverseSequence", shapes: [[2, 4]]) { g, x in
        try g(
          "ReverseSequence", x[0], g.constant(Tensor([3, 2] as [Int64])),
          attributes: ["seq_dim": .int(1), "batch_dim": .int(0)])
      },
      Check(name: "TopKV2", shapes: [[3, 5]]) { g, x in try g.all("TopKV2", [x[0], g.int(2)])[0] },
      Check(name: "Cumsum", shapes: [[3, 4]]) { g, x in
        try g("Cumsum", x[0], g.int(1), attributes: ["exclusive": .bool(true)])
      },
      Check(name: "Cumprod", shapes: [[3, 4]]) { g, x in
        try g("Cumprod", x[0], g.int(1), attributes: ["reverse": .bool(true)])
      },
      Check(name: "Select", shapes: [[2, 2], [2, 2]]) { g, x in
        try g("Select", g.constant(Tensor([true, false, false, true], shape: [2, 2])), x[0], x[1])
      },
      Check(name: "SelectV2", shapes: [[2, 1], [2]]) { g, x in
        try g("SelectV2", g.constant(Tensor([true, false, false, true], shape: [2, 2])), x[0], x[1])
      },
      Check(name: "SpaceToBatchND", shapes: [[1, 4, 3, 2]]) { g, x in
        try g("SpaceToBatchND", x[0], g.ints([2, 2]), g.constant(Tensor([0, 0, 1, 0] as [Int32], shape: [2, 2])))
      },
      Check(name: "BatchToSpaceND", shapes: [[4, 2, 2, 1]]) { g, x in
        try g("BatchToSpaceND", x[0], g.ints([2, 2]), g.constant(Tensor([0, 1, 1, 0] as [Int32], shape: [2, 2])))
      },
      Check(name: "MatrixBandPart", shapes: [[3, 4]]) { g, x in
        try g(
          "MatrixBandPart", x[0], g.constant(Tensor(Int64(1))), g.constant(Tensor(Int64(0))),
          attributes: ["Tindex": .type(.int64)])
      },
      Check(name: "DynamicStitch", shapes: [[2, 2], [1, 2]]) { g, x in
        try g.all("DynamicStitch", [g.ints([2, 0]), g.ints([1]), x[0], x[1]], attributes: ["N": .int(2)])[0]
      },
      Check(name: "DynamicPartition", shapes: [[4, 2]]) { g, x in
        try g.all("DynamicPartition", [x[0], g.ints([1, 0, 1, 1])], attributes: ["num_partitions": .int(2)])[1]
      },
    ]
    + ["UnsortedSegmentSum", "UnsortedSegmentMax", "UnsortedSegmentMin"].map { op in
      Check(name: op, shapes: [[4, 2]]) { g, x in try g(op, x[0], g.ints([1, 0, -1, 1]), g.int(2)) }
    }
    + ["SegmentSum", "SegmentMean", "SegmentMax", "SegmentMin"].map { op in
      Check(name: op, shapes: [[4, 2]]) { g, x in try g(op, x[0], g.ints([0, 0, 1, 1])) }
    }
    + ["SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN"].map { op in
      Check(name: op, shapes: [[4, 2]]) { g, x in try g(op, x[0], g.ints([0, 3, 1]), g.ints([0, 0, 1])) }
    }
    + ["MatrixInverse", "MatrixDeterminant"].map { op in
      Check(name: op, shapes: [[3, 3]]) { g, x in
        try g(op, g("AddV2", x[0], g("Diag", g.constant(Tensor([3.0, 4.0, 5.0])))))
      }
    }
    + ["MatrixSolve", "MatrixTriangularSolve"].map { op in
      Check(name: op, shapes: [[3, 3], [3, 2]]) { g, x in
        try g(op, g("AddV2", x[0], g("Diag", g.constant(Tensor([3.0, 4.0, 5.0])))), x[1])
      }
    }
    + [
      Check(name: "Cholesky", shapes: [[3, 3]]) { g, x in
        let square = try g("MatMul", x[0], x[0], attributes: ["transpose_b": .bool(true)])
        return try g("Cholesky", g("AddV2", square, g("Diag", g.constant(Tensor([1.0, 2.0, 3.0])))))
      }
    ]

  @Test(arguments: smooth) func gradientsAreSlopes(_ check: Check) throws {
    var generator = SteadyGenerator(seed: UInt64(check.name.utf8.reduce(17) { $0 &* 31 &+ Int($1) }.magnitude))
    let g = GraphMaker()
    let inputs = try check.shapes.map { try g.placeholder(.float64, PartialShape(Shape($0))) }
    let y = try check.build(g, inputs)
    // Every element of the output has a weight of its own.
    let shape = try y.shape.full ?? g.graph.runShape(of: y, inputs, check)
    let weights = (0..<shape.elementCount).map { _ in Double.random(in: 0.5...1.5, using: &generator) }
    let loss = try g("Sum", g("Mul", y, g.constant(Tensor(weights, shape: shape))), g.ints(Array(0..<shape.rank)))
    let slopes = try gradients([loss], inputs)
    var points = check.shapes.map { dimensions in
      (0..<Shape(dimensions).elementCount).map { _ in Double.random(in: check.range, using: &generator) }
    }
    let session = Session(graph: g.graph)
    func feeds() -> [Output: Tensor] {
      Dictionary(
        uniqueKeysWithValues: inputs.indices.map { (inputs[$0], Tensor(points[$0], shape: Shape(check.shapes[$0]))) })
    }
    for (number, slope) in slopes.enumerated() {
      let found = try session.run(try #require(slope, "input \(number)"), feeds: feeds()).scalars(Double.self)
      for index in points[number].indices {
        func value(_ shift: Double) throws -> Double {
          let kept = points[number][index]
          points[number][index] += shift
          defer { points[number][index] = kept }
          return try session.run(loss, feeds: feeds()).scalar(Double.self)
        }
        let numerical = (try value(1e-5) - value(-1e-5)) / 2e-5
        #expect(abs(found[index] - numerical) < 2e-6 * max(1, abs(numerical)), "input \(number), element \(index)")
      }
    }
  }
}

extension Graph {
  /// The shape an output has in a run, where the graph does not know it.
  fileprivate func runShape(of output: Output, _ inputs: [Output], _ check: GradientCheckTests.Check) throws -> Shape {
    let feeds = Dictionary(
      uniqueKeysWithValues: zip(inputs, check.shapes).map { input, dimensions in
        (input, Tensor([Double](repeating: 1, count: Shape(dimensions).elementCount), shape: Shape(dimensions)))
      })
    return try Session(graph: self).run(output, feeds: feeds).shape
  }
}
