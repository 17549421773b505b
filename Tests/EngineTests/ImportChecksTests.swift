import Protos
import SwiftProtobuf
import Tensors
import Testing

@testable import Engine

/// Stored nodes are held against their operations' definitions before anything relies on them.
@Suite struct ImportChecksTests {
  private static func graphDef(_ text: String) throws -> Tensorflow_GraphDef {
    try Tensorflow_GraphDef(textFormatString: text)
  }

  private static func message(_ text: String) throws -> String {
    let graphDef = try graphDef(text)
    let error = #expect(throws: EngineError.self) { try Graph(graphDef: graphDef) }
    return error?.description ?? ""
  }

  private static let placeholder = """
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }

    """

  @Test func aNodeWithoutItsInputIsRefused() throws {
    let message = try Self.message(
      #"node { name: "a" op: "Relu" attr { key: "T" value { type: DT_FLOAT } } }"#)
    #expect(message.contains("NodeDef expected inputs 'float' do not match 0 inputs specified; Op<name=Relu>"))
    #expect(message.contains("[[node a]]"))
  }

  @Test func aNodeWithoutItsTypeIsRefused() throws {
    let message = try Self.message(Self.placeholder + #"node { name: "a" op: "Relu" input: "x" }"#)
    #expect(message.contains("attr 'T'"))
    #expect(message.contains("[[node a]]"))
  }

  @Test func anInputOfAnotherTypeIsRefused() throws {
    let message = try Self.message(
      Self.placeholder + #"node { name: "a" op: "Relu" input: "x" attr { key: "T" value { type: DT_DOUBLE } } }"#)
    #expect(message.contains("Input 0 of node a was passed float from x:0 incompatible with expected double."))
  }

  @Test func aListOfAnotherLengthIsRefused() throws {
    for count in ["3", "1000000000000", "-1"] {
      let message = try Self.message(
        Self.placeholder
          + """
          node { name: "a" op: "AddN" input: "x" input: "x"
            attr { key: "T" value { type: DT_FLOAT } } attr { key: "N" value { i: \(count) } } }
          """)
      #expect(message.contains("[[node a]]"), "\(message)")
    }
  }

  @Test func aValueIsNotAVariable() throws {
    let message = try Self.message(
      Self.placeholder
        + #"node { name: "a" op: "Assign" input: "x" input: "x" attr { key: "T" value { type: DT_FLOAT } } }"#)
    #expect(message.contains("was passed float from x:0 incompatible with expected float_ref"))
  }

  @Test func anUnknownOperationAndItsReadersAreKept() throws {
    let graph = try Graph(
      graphDef: Self.graphDef(
        """
        node { name: "u" op: "NoSuchOp" }
        node { name: "a" op: "Relu" input: "u" attr { key: "T" value { type: DT_FLOAT } } }
        """))
    #expect(graph.nodeCount == 2)
    // Fed with the guessed type, the reader would get what its kernel cannot take.
    let error = #expect(throws: EngineError.self) {
      _ = try Session(graph: graph).prepare([.output(graph.output(named: "a:0"))], feeds: [graph.output(named: "u:0")])
    }
    #expect(error?.message.contains("incompatible with expected float") == true)
  }

  @Test func aConstantIsOfItsStatedType() throws {
    let graph = try Graph(
      graphDef: Self.graphDef(
        """
        node { name: "c" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
          attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 1 } } } }
        node { name: "a" op: "Relu" input: "c" attr { key: "T" value { type: DT_FLOAT } } }
        """))
    #expect(throws: EngineError.self) { _ = try Session(graph: graph).run(["a:0"]) }
  }

  @Test func aListLengthThatDoesNotFitIsRefusedWhileBuilding() throws {
    let graph = Graph()
    let x = try graph.constant(Tensor(Float(1)))
    for count in [-1, Int64.max] {
      #expect(throws: EngineError.self) {
        try graph.addNode(op: "AddN", inputs: [x], attributes: ["N": .int(count)])
      }
    }
  }
}
