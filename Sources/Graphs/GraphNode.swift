import Protos

/// One node of a graph, without its attributes: those are decoded when somebody asks (``GraphModel/definition(of:)``).
public struct GraphNode: Sendable {
  /// Full name, with name scopes: `layer1/MatMul`.
  public let name: String
  /// Index into ``GraphModel/opNames``.
  public let op: Int
  /// Index into ``GraphModel/deviceNames``; 0 is the empty name (not placed).
  public let device: Int
  /// Index into ``GraphModel/functions`` for a node of a function's body; nil for a node of the graph itself.
  public let function: Int?
  /// Where the serialized NodeDef lies in ``GraphModel/serialized``. Empty for arguments and results of functions.
  let bytes: Range<Int>
  /// Range of this node's known output shapes in ``GraphModel/outputShapes``.
  let shapes: Range<Int>
  /// The `dtype` attribute, as TensorFlow numbers element types; 0 if there is none.
  let elementType: Int
}

/// One input of a node: tensor `output` of `source` (or, with `output` -1, only its completion) goes to `target`.
public struct GraphEdge: Hashable, Sendable {
  /// Index of the producing node.
  public let source: Int32
  /// Which output of the producer; -1 for a control edge.
  public let output: Int32
  /// Index of the consuming node.
  public let target: Int32
  /// Position among the consumer's inputs, control inputs included.
  public let input: Int32

  /// Whether this edge only orders execution and carries no tensor.
  public var isControl: Bool { output < 0 }
}

/// The static shape of an output: nil dimensions where unknown.
public struct GraphShape: Hashable, Sendable {
  /// Sizes, -1 where unknown; nil if not even the rank is known.
  public let dimensions: [Int64]?

  /// `?×28×28×1`; `scalar`; empty if the rank is unknown.
  public var label: String {
    guard let dimensions else { return "" }
    if dimensions.isEmpty { return "scalar" }
    return dimensions.map { $0 < 0 ? "?" : String($0) }.joined(separator: "×")
  }

  /// Number of elements, unknown dimensions counted as 1; saturates.
  public var elements: Double {
    (dimensions ?? []).reduce(1) { $0 * Double(max($1, 1)) }
  }
}

/// A function of the graph's library.
public struct GraphFunction: Sendable {
  public let name: String
  /// The nodes of its body, arguments first and results last, as a range of ``GraphModel/nodes``.
  public let nodes: Range<Int>
  let bytes: Range<Int>
}

/// What a MetaGraphDef says beside the graph.
public struct MetaGraphSummary: Sendable {
  /// Version of the TensorFlow that wrote it; empty if it does not say.
  public let tensorflowVersion: String
  public let tags: [String]
  /// Name and number of entries of each collection, by name.
  public let collections: [(name: String, count: Int)]
  /// Names of the signatures, sorted.
  public let signatures: [String]
  /// Op definitions by op name: they say which outputs have which type.
  let ops: [String: Tensorflow_OpDef]

  init(_ meta: Tensorflow_MetaGraphDef) {
    tensorflowVersion = meta.metaInfoDef.tensorflowVersion
    tags = meta.metaInfoDef.tags
    collections = meta.collectionDef.keys.sorted().map { name in
      (name, Self.count(meta.collectionDef[name] ?? Tensorflow_CollectionDef()))
    }
    signatures = meta.signatureDef.keys.sorted()
    ops = Dictionary(meta.metaInfoDef.strippedOpList.op.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private static func count(_ collection: Tensorflow_CollectionDef) -> Int {
    switch collection.kind {
    case .nodeList(let list): list.value.count
    case .bytesList(let list): list.value.count
    case .int64List(let list): list.value.count
    case .floatList(let list): list.value.count
    case .anyList(let list): list.value.count
    case nil: 0
    }
  }
}
