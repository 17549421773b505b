import Engine
import Foundation
import Tensors

/// How a large variable is split into parts along one dimension (`tf.fixed_size_partitioner` and its siblings).
public struct Partitioner: Sendable {
  private let count: @Sendable (Shape, DataType) throws -> [Int]

  /// A partitioner of one's own: answers how many parts each dimension has.
  public init(_ count: @escaping @Sendable (Shape, DataType) throws -> [Int]) { self.count = count }

  /// A fixed number of parts, at most one an index.
  public static func fixedSize(_ parts: Int, axis: Int = 0) -> Partitioner {
    Partitioner { shape, _ in
      try counts(of: shape, axis: axis) { min(parts, $0) }
    }
  }

  /// As many parts as keep each below `maximumBytes` (`tf.variable_axis_size_partitioner`).
  public static func axisSize(
    maximumBytes: Int, axis: Int = 0, bytesPerString: Int = 16, maximumParts: Int? = nil
  ) -> Partitioner {
    Partitioner { shape, dtype in
      guard maximumBytes >= 1, bytesPerString >= 1 else {
        throw BuildError.value("Both max_shard_bytes and bytes_per_string_element must be positive.")
      }
      return try counts(of: shape, axis: axis) { size in
        let elements = shape.dimensions.reduce(1.0) { $0 * Double($1) }
        let bytesPerIndex = elements / Double(max(size, 1)) * Double(dtype.byteWidth ?? bytesPerString)
        let indicesPerPart = max(1, (Double(maximumBytes) / bytesPerIndex).rounded(.down))
        let parts = Int((Double(size) / indicesPerPart).rounded(.up))
        return min(parts, maximumParts ?? parts)
      }
    }
  }

  /// As few parts as give each at least `minimumBytes` (`tf.min_max_variable_partitioner`).
  public static func minMax(
    maximumParts: Int = 1, axis: Int = 0, minimumBytes: Int = 256 << 10, bytesPerString: Int = 16
  ) -> Partitioner {
    Partitioner { shape, dtype in
      try counts(of: shape, axis: axis) { size in
        let bytes = shape.dimensions.reduce(1.0) { $0 * Double($1) } * Double(dtype.byteWidth ?? bytesPerString)
        return max(1, min(size, maximumParts, Int((bytes / Double(minimumBytes)).rounded(.up))))
      }
    }
  }

  private static func counts(of shape: Shape, axis: Int, _ parts: (Int) throws -> Int) throws -> [Int] {
    guard shape.dimensions.indices.contains(axis) else {
      throw BuildError.value("Can not partition variable along axis \(axis) when shape is only \(shape)")
    }
    var counts = [Int](repeating: 1, count: shape.rank)
    counts[axis] = try parts(shape.dimensions[axis])
    return counts
  }

  /// How many parts each dimension has.
  /// - Throws: `BuildError` with TensorFlow's text where that makes no sense.
  func partitions(of shape: Shape, dtype: DataType) throws -> [Int] {
    guard shape.rank >= 1 else {
      throw BuildError.value("A partitioned Variable must have rank at least 1, shape: \(shape)")
    }
    let counts = try count(shape, dtype)
    guard counts.count == shape.rank else {
      throw BuildError.value(
        "Partitioner returned a partition list that does not match the Variable's rank: \(counts) vs. \(shape)")
    }
    guard counts.allSatisfy({ $0 >= 1 }) else {
      throw BuildError.value("Partitioner returned zero partitions for some axes: \(counts)")
    }
    guard counts.filter({ $0 > 1 }).count <= 1 else {
      throw BuildError.value(
        "Can only slice a variable along one dimension: shape: \(shape), partitioning: \(counts)")
    }
    return counts
  }
}

/// A variable whose value is spread over several (`tf.get_variable` with a partitioner): `NAME/part_0`, `NAME/part_1`,
/// …. As an input it is all parts joined, under the name `NAME`. Savers store it as one tensor in slices.
public final class PartitionedVariable: Sendable {
  /// Name of the whole; its key in checkpoints.
  public let name: String
  public let shape: Shape
  public let dtype: DataType
  /// How many parts each dimension has.
  public let partitions: [Int]
  /// The parts in order.
  public let parts: [Variable]

  init(name: String, shape: Shape, dtype: DataType, partitions: [Int], parts: [Variable]) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.partitions = partitions
    self.parts = parts
  }

  /// The dimension that is split.
  var axis: Int { partitions.firstIndex { $0 > 1 } ?? 0 }

  /// All parts joined; made anew each time.
  func joined(in graph: Graph) throws -> Output {
    try graph.controlDependencies(nil) {
      if parts.count == 1 { return try graph.nameScope(nil) { try graph.identity(parts[0], name: name) } }
      let joined = try graph.nameScope(name + "/ConcatPartitions/") { try graph.concat(parts, axis: axis) }
      return try graph.nameScope(nil) { try graph.identity(joined, name: name) }
    }
  }
}

extension PartitionedVariable: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    if let dtype, dtype != self.dtype {
      throw BuildError.value(
        "Incompatible type conversion requested to type '\(dtype.name)' for variable of type '\(self.dtype.name)'")
    }
    return try joined(in: graph)
  }
}

extension Graph {
  /// A variable in parts (`tf.get_variable` with a partitioner).
  /// - Parameters:
  ///   - shape: of the whole; a variable of one part is still called `NAME/part_0`.
  ///   - partitioner: that of the open scope if nil.
  /// - Throws: `BuildError` as `getVariable`, and where the parts found are not those asked for.
  public func getPartitionedVariable(
    _ name: String, shape: Shape, dtype: DataType? = nil, initializer: Initializer? = nil,
    regularizer: Regularizer? = nil, trainable: Bool = true, collections: [String]? = nil,
    partitioner: Partitioner? = nil, useResource: Bool? = nil
  ) throws -> PartitionedVariable {
    var request = try self.request(
      name, shape: shape, dtype: dtype, initializer: initializer, regularizer: regularizer, useResource: useResource)
    request.isTrainable = trainable
    request.collections = collections
    guard let partitioner = try partitioner ?? currentVariableScope.partitioner else {
      throw BuildError.value("getPartitionedVariable() needs a partitioner, its own or the scope's.")
    }
    let partitions = try partitioner.partitions(of: shape, dtype: request.dtype)
    let (whole, existing) = try withVariableStore { ($0.variables[request.name], $0.partitioned[request.name]) }
    if whole != nil {
      throw BuildError.value(
        "A partitioner was provided, but an unpartitioned version of the variable was found: \(request.name).  "
          + "Perhaps a variable of the same name was already created without partitioning?")
    }
    if let existing {
      try Self.check(existing, request, partitions)
      return existing
    }
    guard request.reuse != .always else {
      throw BuildError.value(
        "PartitionedVariable \(request.name) does not exist, or was not created with tf.get_variable(). Did you mean "
          + "to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?")
    }
    let parts = try makeParts(request, shape: shape, partitions: partitions)
    let made = PartitionedVariable(
      name: request.name, shape: shape, dtype: request.dtype, partitions: partitions, parts: parts)
    try withVariableStore { $0.partitioned[request.name] = made }
    return made
  }

  private func makeParts(_ request: VariableRequest, shape: Shape, partitions: [Int]) throws -> [Variable] {
    let axis = partitions.firstIndex { $0 > 1 } ?? 0
    let (size, excess) = shape.dimensions[axis].quotientAndRemainder(dividingBy: partitions[axis])
    var offset = [Int](repeating: 0, count: shape.rank)
    return try (0..<partitions[axis]).map { index in
      var sizes = shape.dimensions
      sizes[axis] = size + (index < excess ? 1 : 0)
      var part = request
      part.name = "\(request.name)/part_\(index)"
      part.shape = Shape(sizes)
      part.slice = VariableSlice(fullName: request.name, fullShape: shape.dimensions, offset: offset, shape: sizes)
      if let value = request.initializer?.fixedValue {
        let (begin, length) = (offset, sizes)
        part.initializer = .value(
          try nameScope(nil) {
            try nameScope(part.name + "/PartitionedInitializer") {
              try self.slice(self.operand(value, name: "Const"), begin: begin, size: length)
            }
          })
        part.shape = nil
      }
      offset[axis] += sizes[axis]
      return try makeOrTakeVariable(part)
    }
  }

  private static func check(
    _ existing: PartitionedVariable, _ request: VariableRequest, _ partitions: [Int]
  ) throws {
    let name = request.name
    if request.reuse == .inherit {
      throw BuildError.value(
        "Partitioned variable with name \(name) already exists. Did you mean to set reuse=True or "
          + "reuse=tf.AUTO_REUSE in VarScope?")
    }
    if let shape = request.shape, shape != existing.shape {
      throw BuildError.value(
        "Trying to reuse partitioned variable \(name), but specified shape \(PartialShape(shape).tupleDescription) "
          + "and found shape \(PartialShape(existing.shape).tupleDescription).")
    }
    if request.dtype != existing.dtype {
      throw BuildError.value(
        "Trying to reuse partitioned variable \(name), but specified dtype \(request.dtype.name) and found dtype "
          + "\(existing.dtype.name).")
    }
    if partitions != existing.partitions {
      throw BuildError.value(
        "Trying to reuse partitioned variable \(name), but specified partitions \(partitions) and found partitions "
          + "\(existing.partitions).")
    }
  }
}
