import Foundation
import Tensors
import Testing

@testable import Engine

/// How gradients are built: slopes, names of nodes, several paths, none.
@Suite struct GradientTests {
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
    let noRule = try graph.add("EuclideanNorm", [x, graph.constant(Tensor([Int32(0)]))])
    #expect(
      message { _ = try gradients([noRule], [x]) }
        == "No gradient defined for operation 'EuclideanNorm' (op type: EuclideanNorm)")
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
