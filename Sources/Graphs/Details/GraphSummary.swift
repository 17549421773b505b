/// Counts of a whole graph: what `trainscope graph show` prints.
public struct GraphSummary: Codable, Sendable, Equatable {
  /// Nodes of the graph itself, without the bodies of functions.
  public var nodes: Int
  /// Inputs of these nodes, control inputs included.
  public var edges: Int
  public var controlEdges: Int
  public var functions: Int
  public var ops: [String: Int]
  /// All name scopes, sorted.
  public var scopes: [String]
  public var problems: [GraphProblem]
  /// Version of the TensorFlow that wrote the MetaGraphDef; nil where it is not known.
  public var tensorflowVersion: String?

  enum CodingKeys: String, CodingKey {
    case nodes, edges, functions, ops, scopes, problems
    case controlEdges = "control_edges"
    case tensorflowVersion = "tensorflow_version"
  }
}

extension GraphStructure {
  public var summary: GraphSummary {
    GraphSummary(
      nodes: model.mainNodeCount, edges: model.mainEdgeCount,
      controlEdges: model.edges[..<model.mainEdgeCount].count(where: \.isControl), functions: model.functions.count,
      ops: model.opCounts,
      scopes: tree.elements.indices.dropFirst().filter { tree.elements[$0].kind == .scope }
        .map { tree.id(of: Int32($0)) }.filter { !$0.hasPrefix("@") }.sorted(),
      problems: model.problems, tensorflowVersion: model.meta.map(\.tensorflowVersion))
  }
}
