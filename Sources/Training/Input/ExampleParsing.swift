import Engine
import Tensors

/// What to read of an `Example` (`tf.FixedLenFeature`, `tf.VarLenFeature`).
public enum ExampleFeature: Sendable {
  /// So many values, given out with that shape.
  /// - Parameter defaultValue: for examples without the feature; without one they are an error.
  case fixedLength(Shape, DataType, defaultValue: Tensor? = nil)
  /// Any number of values, given out as a sparse tensor.
  case variableLength(DataType)

  var dtype: DataType {
    switch self {
    case .fixedLength(_, let dtype, _), .variableLength(let dtype): dtype
    }
  }
}

/// A tensor that lists its elements with their places (`tf.SparseTensor`).
public struct SparseOutput: Sendable, Hashable {
  /// int64, a row of coordinates an element.
  public var indices: Output
  public var values: Output
  /// int64, the dimensions.
  public var denseShape: Output
}

/// The outputs of parsing, by the names of features.
public struct ParsedExample: Sendable {
  public let dense: [String: Output]
  public let sparse: [String: SparseOutput]

  /// A feature of fixed length.
  /// - Precondition: it was asked for.
  public subscript(_ name: String) -> Output {
    guard let output = dense[name] else { preconditionFailure("'\(name)' is no feature of fixed length here") }
    return output
  }
}

extension Graph {
  /// Reads the features of one serialized `Example` (`tf.parse_single_example`).
  /// - Parameter serialized: a scalar string.
  public func parseSingleExample(
    _ serialized: any GraphValue, features: [String: ExampleFeature], name: String? = nil
  ) throws -> ParsedExample {
    try nameScope(name, default: "ParseSingleExample") { _ in
      let request = try FeatureRequest(features)
      let serialized = try self.operand(serialized, dtype: .string, name: "serialized")
      let defaults = try request.defaults(in: self)
      let node = try self.addNode(
        op: "ParseSingleExample", name: name ?? "ParseSingleExample", inputs: [serialized] + defaults,
        attributes: [
          "num_sparse": .int(Int64(request.sparse.count)),
          "sparse_keys": request.sparse.isEmpty ? .emptyList : .strings(request.sparse.map(\.name)),
          "sparse_types": request.sparse.isEmpty ? .emptyList : .types(request.sparse.map(\.dtype)),
          "dense_keys": request.dense.isEmpty ? .emptyList : .strings(request.dense.map(\.name)),
          "dense_shapes": request.denseShapes,
          "Tdense": request.denseTypes,
        ])
      return request.result(node)
    }
  }

  /// Reads the features of many serialized `Example`s (`tf.parse_example`); outputs have a dimension for them in front.
  /// - Parameter serialized: a vector of strings.
  public func parseExample(
    _ serialized: any GraphValue, features: [String: ExampleFeature], name: String? = nil
  ) throws -> ParsedExample {
    try nameScope(name, default: "ParseExample") { _ in
      let request = try FeatureRequest(features)
      let serialized = try self.operand(serialized, dtype: .string, name: "serialized")
      let defaults = try request.defaults(in: self)
      return try self.nameScope(name ?? "ParseExample") { scope in
        let names = try self.constant(Tensor(strings: [], shape: [0]), name: "names")
        let sparseKeys = try request.sparse.enumerated().map {
          try self.constant(Tensor($1.name), name: "sparse_keys_\($0)")
        }
        let denseKeys = try request.dense.enumerated().map {
          try self.constant(Tensor($1.name), name: "dense_keys_\($0)")
        }
        let node = try self.addNode(
          op: "ParseExample", name: scope, inputs: [serialized, names] + sparseKeys + denseKeys + defaults,
          attributes: [
            "Nsparse": .int(Int64(sparseKeys.count)), "Ndense": .int(Int64(denseKeys.count)),
            "sparse_types": request.sparse.isEmpty ? .emptyList : .types(request.sparse.map(\.dtype)),
            "Tdense": request.denseTypes, "dense_shapes": request.denseShapes,
          ])
        return request.result(node)
      }
    }
  }

  /// Bytes as numbers, along a new last dimension (`tf.decode_raw`).
  /// - Parameter littleEndian: the order of the bytes; TensorFlow's default.
  public func decodeRaw(
    _ bytes: any GraphValue, _ dtype: DataType, littleEndian: Bool = true, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "DecodeRaw") { scope in
      let bytes = try self.operand(bytes, dtype: .string, name: "input_bytes")
      return try self.add(
        "DecodeRaw", [bytes], name: scope,
        attributes: ["out_type": .type(dtype), "little_endian": .bool(littleEndian)])
    }
  }

  /// Fields of lines of CSV, one output a column (`tf.decode_csv`).
  /// - Parameter defaults: a tensor a column with its type: empty where the field is required, else of one element.
  public func decodeCSV(
    _ records: any GraphValue, defaults: [Tensor], fieldDelimiter: String = ",", name: String? = nil
  ) throws -> [Output] {
    try nameScope(name, default: "DecodeCSV") { scope in
      let records = try self.operand(records, dtype: .string, name: "records")
      let columns = try defaults.enumerated().map { try self.constant($1, name: "record_defaults_\($0)") }
      return try self.addNode(
        op: "DecodeCSV", name: scope, inputs: [records] + columns,
        attributes: ["OUT_TYPE": .types(defaults.map(\.dtype)), "field_delim": .string(fieldDelimiter)]
      ).outputs
    }
  }
}

/// Features in the order of their names, as TensorFlow lists them.
private struct FeatureRequest {
  var sparse: [(name: String, dtype: DataType)] = []
  var dense: [(name: String, shape: Shape, dtype: DataType, defaultValue: Tensor?)] = []

  init(_ features: [String: ExampleFeature]) throws {
    guard !features.isEmpty else { throw BuildError.value("Missing features.") }
    for (name, feature) in features.sorted(by: { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }) {
      guard [.float32, .int64, .string].contains(feature.dtype) else {
        throw BuildError.type(
          "Feature '\(name)' has DataType \(feature.dtype.name) not in list of allowed values: float32, int64, string")
      }
      switch feature {
      case .variableLength(let dtype): sparse.append((name, dtype))
      case .fixedLength(let shape, let dtype, let defaultValue):
        if let defaultValue {
          guard defaultValue.dtype == dtype else {
            throw BuildError.type("The default of feature '\(name)' is \(defaultValue.dtype.name), not \(dtype.name).")
          }
          guard defaultValue.shape == shape || defaultValue.elementCount == shape.elementCount else {
            throw BuildError.value("The default of feature '\(name)' has shape \(defaultValue.shape), not \(shape).")
          }
        }
        dense.append((name, shape, dtype, defaultValue))
      }
    }
  }

  var denseShapes: AttributeValue { dense.isEmpty ? .emptyList : .shapes(dense.map { PartialShape($0.shape) }) }
  var denseTypes: AttributeValue { dense.isEmpty ? .emptyList : .types(dense.map(\.dtype)) }

  /// A constant a feature: the default, or an empty vector where there is none.
  func defaults(in graph: Graph) throws -> [Output] {
    try dense.map { feature in
      guard let value = feature.defaultValue else {
        let empty =
          feature.dtype == .string
          ? Tensor(strings: [], shape: [0]) : Tensor(zeros: feature.dtype, shape: [0])
        return try graph.constant(empty, name: "Const")
      }
      let cleaned = feature.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_.".contains($0)) ? $0 : "_" }
      let constant = try graph.constant(value, name: "key_" + String(cleaned))
      return try graph.reshape(constant, to: Tensor(feature.shape.dimensions.map { Int32(clamping: $0) }))
    }
  }

  /// Outputs are all indices, all values, all shapes of the sparse features, then the dense ones.
  func result(_ node: Node) -> ParsedExample {
    let count = sparse.count
    var found: [String: SparseOutput] = [:]
    for (index, feature) in sparse.enumerated() {
      found[feature.name] = SparseOutput(
        indices: node.output(index), values: node.output(count + index), denseShape: node.output(2 * count + index))
    }
    var fixed: [String: Output] = [:]
    for (index, feature) in dense.enumerated() { fixed[feature.name] = node.output(3 * count + index) }
    return ParsedExample(dense: fixed, sparse: found)
  }
}
