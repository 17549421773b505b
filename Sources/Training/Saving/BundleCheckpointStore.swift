import Checkpoints
import Engine
import Tensors

/// Lets the engine's `SaveV2` and `RestoreV2` work on checkpoint files: writes V2 bundles, reads those and V1 files.
public struct BundleCheckpointStore: CheckpointStore {
  public init() {}

  public func save(prefix: String, names: [String], slices: [String], tensors: [Tensor]) throws {
    if let slice = zip(names, slices).first(where: { !$1.isEmpty }) {
      throw EngineError(
        .unimplemented, "Saving a part of a variable is not supported (\(slice.0), slice \(slice.1)).")
    }
    do {
      let writer = try CheckpointWriter(prefix: prefix)
      for (name, tensor) in zip(names, tensors) { try writer.add(name: name, tensor: tensor) }
      try writer.finish()
    } catch let error as CheckpointError {
      throw Self.engineError(error)
    }
  }

  public func restore(prefix: String, names: [String], slices: [String], dtypes: [DataType]) throws -> [Tensor] {
    do {
      let reader = try CheckpointReader(prefix: prefix)
      return try zip(zip(names, slices), dtypes).map { item, dtype in
        let (name, slice) = item
        let entry = try reader.entry(named: name)
        guard entry.dtype == dtype else {
          throw EngineError(
            .invalidArgument,
            "tensor_name = \(name); expected dtype \(dtype.shortName) does not equal original dtype "
              + "\(entry.dtype.shortName)")
        }
        return try reader.tensor(named: name, slice: Self.parse(slice, of: entry))
      }
    } catch let error as CheckpointError {
      throw Self.engineError(error)
    }
  }

  public func merge(prefixes: [String], destination: String, deleteOldDirectories: Bool) throws {
    guard prefixes.count == 1, prefixes[0] == destination else {
      throw EngineError(.unimplemented, "Merging sharded checkpoints is not supported.")
    }
  }

  /// The ranges of `shape_and_slices`: the dimensions of the whole tensor, then `start,length` or `-` for each of them,
  /// joined by colons. Empty text is the whole tensor.
  static func parse(_ text: String, of entry: CheckpointEntry) throws -> [SliceRange]? {
    if text.isEmpty { return nil }
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    let dimensions = parts.dropLast().compactMap { Int($0) }
    let ranges = (parts.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
    guard dimensions.count == parts.count - 1, ranges.count == dimensions.count else {
      throw EngineError(.invalidArgument, "shape_and_slice \"\(text)\" of \(entry.name) cannot be read")
    }
    guard dimensions == entry.shape.dimensions else {
      throw EngineError(
        .invalidArgument,
        "Shape in shape_and_slice spec \(Shape(dimensions)) does not match the shape stored in checkpoint: "
          + "\(entry.shape) (tensor \(entry.name))")
    }
    return try zip(ranges, dimensions).map { range, size in
      if range == "-" { return .all }
      let bounds = range.split(separator: ",").compactMap { Int($0) }
      guard bounds.count == 2, bounds[0] >= 0, bounds[1] >= 0, bounds[0] <= size - bounds[1] else {
        throw EngineError(.invalidArgument, "shape_and_slice \"\(text)\" of \(entry.name) cannot be read")
      }
      return .range(start: bounds[0], stop: bounds[0] + bounds[1], step: 1)
    }
  }

  /// The engine's form of what went wrong: TensorFlow's code, and where it has one its text.
  private static func engineError(_ error: CheckpointError) -> EngineError {
    switch error {
    case .noSuchTensor(let name, _): EngineError(.notFound, "Key \(name) not found in checkpoint")
    case .notFound, .missingShard: EngineError(.notFound, error.description)
    case .damagedIndex, .damagedTensor, .damagedState: EngineError(.dataLoss, error.description)
    case .undecodable, .unsupported: EngineError(.unimplemented, error.description)
    case .invalidSlice, .invalidName: EngineError(.invalidArgument, error.description)
    case .tooLarge: EngineError(.resourceExhausted, error.description)
    case .fileAccess, .outside: EngineError(.failedPrecondition, error.description)
    }
  }
}
