import Foundation
import Protos

@testable import Graphs

/// Files beside the tests.
enum Fixture {
  static func path(_ name: String) -> String {
    Bundle.module.resourceURL?.appendingPathComponent("Fixtures/\(name)").path ?? name
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  static func structure(_ name: String) throws -> GraphStructure {
    GraphStructure(try GraphModel.load(path: path(name)))
  }

  struct Expected: Decodable {
    var nodes: Int
    var functions: Int
    var ops: [String: Int]
    var edges: Int?
    var controlEdges: Int?
    var tensorflowVersion: String?
    var collections: [String: Int]?

    enum CodingKeys: String, CodingKey {
      case nodes, functions, ops, edges, collections
      case controlEdges = "control_edges"
      case tensorflowVersion = "tensorflow_version"
    }
  }

  static func expected() throws -> [String: Expected] {
    try JSONDecoder().decode([String: Expected].self, from: Data(bytes("expected.json")))
  }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// A graph from lines like `a/b MatMul x y ^z`: name, op, inputs.
func makeModel(_ lines: [String]) throws -> GraphModel {
  var graph = Tensorflow_GraphDef()
  for line in lines {
    let words = line.split(separator: " ").map(String.init)
    var node = Tensorflow_NodeDef()
    node.name = words[0]
    node.op = words[1]
    node.input = Array(words.dropFirst(2))
    graph.node.append(node)
  }
  return try GraphModel(graphDef: graph)
}

func makeStructure(_ lines: [String]) throws -> GraphStructure { GraphStructure(try makeModel(lines)) }
