import Protos
import SwiftProtobuf

/// A computation graph as it was written: nodes, edges, function library, shapes.
///
/// The serialized GraphDef is kept and decoded node by node on demand, so nothing unknown is lost. What the graph looks
/// like is ``ScopeTree``'s and ``GraphPicture``'s business.
public struct GraphModel: Sendable {
  /// Path or other name of where the graph came from, for messages.
  public let source: String
  /// The GraphDef's bytes.
  public let serialized: [UInt8]
  /// The graph's own nodes in file order, then those of the functions' bodies.
  public let nodes: [GraphNode]
  /// How many of ``nodes`` belong to the graph itself.
  public let mainNodeCount: Int
  /// All inputs of all nodes that could be resolved, ordered by consumer.
  public let edges: [GraphEdge]
  public let opNames: [String]
  public let deviceNames: [String]
  public let functions: [GraphFunction]
  /// Output shapes of all nodes; a node's range is `node.shapes`.
  public let outputShapes: [GraphShape]
  /// What is odd; the graph is usable nevertheless.
  public let problems: [GraphProblem]
  /// What the enclosing MetaGraphDef said, if the graph came from one.
  public let meta: MetaGraphSummary?
  /// Start of each node's incoming edges in ``edges``; one more entry than nodes.
  let inputStarts: [Int32]

  /// Reads a serialized GraphDef.
  ///
  /// - Throws: ``GraphError/damaged(source:offset:reason:)`` with the offset in `bytes`.
  public init(graphDefBytes bytes: [UInt8], source: String = "graph") throws {
    try self.init(bytes, source: source, meta: nil, baseOffset: 0, problems: [])
  }

  /// Takes a decoded GraphDef.
  public init(graphDef: Tensorflow_GraphDef, source: String = "graph") throws {
    let bytes: [UInt8]
    do {
      bytes = try graphDef.serializedBytes()
    } catch {
      throw GraphError.damaged(source: source, offset: 0, reason: "cannot be serialized (\(error))")
    }
    try self.init(graphDefBytes: bytes, source: source)
  }

  /// - Parameter baseOffset: where `bytes` starts in the file, so that errors name the file's offsets.
  init(
    _ bytes: [UInt8], source: String, meta: MetaGraphSummary?, baseOffset: Int, problems found: [GraphProblem]
  ) throws {
    var scanner = GraphDefScanner(bytes)
    do {
      try scanner.scan(0..<bytes.count)
    } catch let failure as WireReader.Failure {
      throw GraphError.damaged(source: source, offset: baseOffset + failure.offset, reason: failure.reason)
    }
    self.source = source
    self.meta = meta
    serialized = bytes
    opNames = scanner.ops.names
    deviceNames = scanner.devices.names
    functions = scanner.functions
    outputShapes = scanner.shapes
    mainNodeCount = scanner.functions.first?.nodes.lowerBound ?? scanner.nodes.count
    nodes = scanner.nodes.map { raw in
      GraphNode(
        name: raw.name, op: raw.op, device: raw.device, function: raw.function < 0 ? nil : raw.function,
        bytes: raw.bytes, shapes: raw.shapes, elementType: raw.elementType)
    }
    var resolver = InputResolver(scanner: scanner, mainNodeCount: mainNodeCount)
    resolver.resolve()
    edges = resolver.edges
    inputStarts = resolver.starts
    problems = found + resolver.problems
  }

  /// The op type of a node.
  public func op(of node: Int) -> String { opNames[nodes[node].op] }

  /// The edges into a node, in the order of its inputs.
  public func inputs(of node: Int) -> ArraySlice<GraphEdge> {
    edges[Int(inputStarts[node])..<Int(inputStarts[node + 1])]
  }

  /// The static shape of an output, if the graph says it.
  public func shape(of node: Int, output: Int) -> GraphShape? {
    let range = nodes[node].shapes
    guard output >= 0, output < range.count else { return nil }
    return outputShapes[range.lowerBound + output]
  }

  /// The full NodeDef of a node, attributes included.
  ///
  /// - Throws: ``GraphError/damaged(source:offset:reason:)`` if an attribute does not decode.
  public func definition(of node: Int) throws -> Tensorflow_NodeDef {
    let range = nodes[node].bytes
    do {
      return try Tensorflow_NodeDef(serializedBytes: Array(serialized[range]), options: Self.decoding)
    } catch {
      throw GraphError.damaged(
        source: source, offset: range.lowerBound,
        reason: "the definition of node \"\(nodes[node].name)\" does not decode (\(error))")
    }
  }

  /// The whole graph as a message.
  public func graphDef() throws -> Tensorflow_GraphDef {
    do {
      return try Tensorflow_GraphDef(serializedBytes: serialized, options: Self.decoding)
    } catch {
      throw GraphError.damaged(source: source, offset: 0, reason: "the graph does not decode (\(error))")
    }
  }

  static let decoding: BinaryDecodingOptions = {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 200
    return options
  }()

  /// How many nodes of each op the graph itself has.
  public var opCounts: [String: Int] {
    var counts: [String: Int] = [:]
    for node in nodes[..<mainNodeCount] { counts[opNames[node.op], default: 0] += 1 }
    return counts
  }

  /// How many inputs the graph's own nodes have, control inputs included.
  public var mainEdgeCount: Int { Int(inputStarts[mainNodeCount]) }
}

/// Turns the inputs' names into edges.
private struct InputResolver {
  let scanner: GraphDefScanner
  let mainNodeCount: Int
  private(set) var edges: [GraphEdge] = []
  private(set) var starts: [Int32] = []
  private(set) var problems: [GraphProblem] = []
  private var missing = 0
  private var duplicates = 0
  private static let listed = 20

  init(scanner: GraphDefScanner, mainNodeCount: Int) {
    self.scanner = scanner
    self.mainNodeCount = mainNodeCount
  }

  mutating func resolve() {
    edges.reserveCapacity(scanner.inputs.count)
    starts.reserveCapacity(scanner.nodes.count + 1)
    resolve(0..<mainNodeCount, inFunction: false)
    for function in scanner.functions { resolve(function.nodes, inFunction: true) }
    starts.append(Int32(edges.count))
    if missing > Self.listed { problems.append(GraphProblem("\(missing - Self.listed) more inputs are missing")) }
    if duplicates > Self.listed {
      problems.append(GraphProblem("\(duplicates - Self.listed) more names are used more than once"))
    }
  }

  private mutating func resolve(_ range: Range<Int>, inFunction: Bool) {
    var indices: [Substring: Int32] = [:]
    indices.reserveCapacity(range.count)
    for index in range {
      let name = scanner.nodes[index].name
      if indices.updateValue(Int32(index), forKey: Substring(name)) != nil {
        duplicates += 1
        if duplicates <= Self.listed {
          problems.append(GraphProblem(node: name, "The name \"\(name)\" is used by more than one node."))
        }
      }
    }
    for index in range {
      starts.append(Int32(edges.count))
      for (position, at) in scanner.nodes[index].inputs.enumerated() {
        let text = scanner.inputs[at]
        let (name, output) = Self.parse(text, inFunction: inFunction)
        if let source = indices[name] {
          edges.append(GraphEdge(source: source, output: output, target: Int32(index), input: Int32(position)))
        } else {
          missing += 1
          if missing <= Self.listed {
            let node = scanner.nodes[index].name
            problems.append(GraphProblem(node: node, "Input \"\(text)\" of \"\(node)\" is not in the graph."))
          }
        }
      }
    }
  }

  /// `name`, `name:2`, `^name`; in functions also `name:output_argument:2`.
  private static func parse(_ text: String, inFunction: Bool) -> (Substring, Int32) {
    if text.utf8.first == UInt8(ascii: "^") { return (text.dropFirst(), -1) }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return (Substring(text), 0) }
    guard let output = Int32(text[text.index(after: colon)...]), output >= 0 else { return (Substring(text), 0) }
    if inFunction, let first = text.utf8.firstIndex(of: UInt8(ascii: ":")) { return (text[..<first], output) }
    return (text[..<colon], output)
  }
}
