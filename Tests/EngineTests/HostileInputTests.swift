import Foundation
import Protos
import SwiftProtobuf
import Tensors
import Testing

@testable import Engine

/// Inputs that no graph should have: every one ends in a result or an error, in short time.
@Suite struct HostileInputTests {
  private static func code(_ op: String, _ inputs: [Tensor], _ attributes: [String: AttributeValue] = [:]) throws
    -> EngineError.Code?
  {
    let graph = Graph()
    let sources = try inputs.map {
      try graph.add("Placeholder", [], attributes: ["dtype": .type($0.dtype), "shape": .shape(.unknown)])
    }
    let node = try graph.addNode(op: op, inputs: sources, attributes: attributes)
    do {
      _ = try Session(graph: graph).run(
        [.node(node)] + node.outputs.map(GraphElement.output),
        feeds: Dictionary(zip(sources, inputs)) { first, _ in first })
      return nil
    } catch let error as EngineError {
      return error.code
    }
  }

  private static let nothing = Tensor([Float](), shape: [0])
  private static let noIntegers = Tensor([Int32](), shape: [0])

  @Test func unstackingAnotherNumberOfPartsIsRefused() throws {
    let rows = Tensor([Float](repeating: 1, count: 6), shape: [3, 2])
    #expect(try Self.code("Unpack", [rows], ["num": .int(2)]) == .invalidArgument)
    #expect(try Self.code("Unpack", [rows], ["num": .int(4)]) == .invalidArgument)
    #expect(try Self.code("Unpack", [rows], ["num": .int(3)]) == nil)
  }

  @Test func emptyScalarsAreRefused() throws {
    let one = Tensor(Float(1))
    #expect(try Self.code("LinSpace", [Self.nothing, one, Tensor(Int32(2))]) == .invalidArgument)
    #expect(try Self.code("LinSpace", [one, Self.nothing, Tensor(Int32(2))]) == .invalidArgument)
    #expect(try Self.code("Range", [Self.nothing, one, one]) == .invalidArgument)
    #expect(
      try Self.code("Multinomial", [Tensor([Float(1)], shape: [1, 1]), Self.noIntegers]) == .invalidArgument)
    #expect(
      try Self.code("Assert", [Tensor([Bool](), shape: [0]), one]) == .invalidArgument)
    #expect(
      try Self.code("OneHot", [Tensor([Int32(0)], shape: [1]), Tensor(Int32(2)), one, Self.nothing]) == .invalidArgument
    )
  }

  @Test func tensorsLargerThanTheMachineAreRefused() throws {
    let vast = Tensor(Int64(1) << 40)
    #expect(try Self.code("Range", [Tensor(Int64(0)), vast, Tensor(Int64(1))]) == .resourceExhausted)
    #expect(try Self.code("LinSpace", [Tensor(Float(0)), Tensor(Float(1)), vast]) == .resourceExhausted)
    #expect(try Self.code("Fill", [Tensor([Int64(1) << 40]), Tensor(Float(1))]) == .resourceExhausted)
    #expect(try Self.code("Fill", [Tensor([Int64(1) << 40]), Tensor("text")]) == .resourceExhausted)
    #expect(try Self.code("Fill", [Tensor([0, Int64.max, Int64.max]), Tensor(Float(1))]) == .resourceExhausted)
    #expect(
      try Self.code(
        "UnsortedSegmentSum", [Tensor([Float(1)]), Tensor([Int32(0)]), vast]) == .resourceExhausted)
  }

  /// Each step uses the one before twice: without memory of what is known this takes 2^24 evaluations a node.
  @Test(.timeLimit(.minutes(1))) func squaresOfSquaresAreQuick() throws {
    let graph = Graph()
    let first = try graph.constant(Tensor([Int32(1)]))
    var value = first
    for _ in 0..<60 { value = try graph.add("Mul", [value, value]) }
    let filled = try graph.add("Fill", [value, graph.constant(Tensor(Float(0)))])
    #expect(filled.shape.rank == 1)
    var joined = try graph.add(
      "Shape", [graph.add("Placeholder", [], attributes: ["dtype": .type(.float32), "shape": .shape([nil])])])
    for _ in 0..<40 { joined = try graph.add("ConcatV2", [joined, joined, graph.constant(Tensor(Int32(0)))]) }
    #expect(try graph.add("Fill", [joined, graph.constant(Tensor(Float(0)))]).shape.rank == nil)
  }

  @Test func hugeStatedDimensionsAreNoTrouble() throws {
    let graphDef = try Tensorflow_GraphDef(
      textFormatString: """
        node { name: "s" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } }
          attr { key: "shape" value { shape { dim { size: 4611686018427387904 } } } } }
        node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } } }
        node { name: "r" op: "Reshape" input: "x" input: "s" attr { key: "T" value { type: DT_INT32 } } }
        node { name: "a" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
          attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 0 } } } }
        node { name: "c" op: "ConcatV2" input: "s" input: "s" input: "a"
          attr { key: "T" value { type: DT_INT32 } } attr { key: "N" value { i: 2 } } }
        node { name: "d" op: "ConcatV2" input: "c" input: "c" input: "a"
          attr { key: "T" value { type: DT_INT32 } } attr { key: "N" value { i: 2 } } }
        """)
    let graph = try Graph(graphDef: graphDef)
    #expect(try graph.output(named: "r:0").shape == .unknown)
    #expect(try graph.output(named: "d:0").shape == [nil])
  }

  /// Doubles have the vector loops of floats; both give the same where numbers are exact.
  @Test func doublesAndFloatsAgree() throws {
    let values = (0..<21).map { Double(($0 * 8) % 13) }
    func results<T: TensorScalar & BinaryFloatingPoint>(_: T.Type) throws -> [[Double]] {
      let graph = Graph()
      let matrix = try graph.constant(Tensor(values.map { T($0) }, shape: [7, 3]))
      let bias = try graph.constant(Tensor([1, 2, 3] as [T]))
      let axis = try graph.constant(Tensor([Int32(1)]))
      let order = try graph.constant(Tensor([Int32(1), 0]))
      let fetches = [
        try graph.add("Max", [matrix, axis]), try graph.add("Min", [matrix, axis]),
        try graph.add("BiasAdd", [matrix, bias]), try graph.add("BiasAddGrad", [matrix]),
        try graph.add("Transpose", [matrix, order]),
      ]
      return try Session(graph: graph).run(fetches).map { $0.scalars(T.self).map { Double($0) } }
    }
    let doubles = try results(Double.self)
    #expect(doubles == (try results(Float.self)))
    #expect(doubles[0].first == 8 && doubles[1].first == 0 && doubles[4][1] == values[3])
  }

  @Test func aReadVariableIsOfTheStatedType() throws {
    let graph = Graph()
    let handle = try graph.add(
      "VarHandleOp", [], attributes: ["dtype": .type(.int32), "shape": .shape(.scalar), "shared_name": .string("v")])
    let assign = try graph.addNode(
      op: "AssignVariableOp", inputs: [handle, graph.constant(Tensor(Int32(1)))],
      attributes: ["dtype": .type(.int32)])
    let read = try graph.add("ReadVariableOp", [handle], attributes: ["dtype": .type(.float32)])
    let doubled = try graph.add("Relu", [read])
    let session = Session(graph: graph)
    try session.run(assign)
    #expect(throws: EngineError.self) { try session.run(doubled) }
  }
}
