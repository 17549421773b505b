import Checkpoints
import Engine
import Foundation
import Tensors

/// Lets the engine's saving and restoring ops work on checkpoint files of both formats, whole, in slices and in shards.
public struct BundleCheckpointStore: CheckpointStore {
  public init() {}

  public func save(prefix: String, names: [String], slices: [String], tensors: [Tensor]) throws {
    try Self.reportingErrors {
      Self.makeFolder(of: prefix)
      let writer = try CheckpointWriter(prefix: prefix)
      for (index, tensor) in tensors.enumerated() {
        if let slice = try Self.parse(slices[index], ofTensor: names[index]) {
          try writer.add(name: names[index], slice: slice, tensor: tensor)
        } else {
          try writer.add(name: names[index], tensor: tensor)
        }
      }
      try writer.finish()
    }
  }

  public func saveFirstFormat(path: String, names: [String], slices: [String], tensors: [Tensor]) throws {
    try Self.reportingErrors {
      var writer = TableCheckpointWriter(path: path)
      for (index, tensor) in tensors.enumerated() {
        try writer.add(
          name: names[index], tensor: tensor, slice: Self.parse(slices[index], ofTensor: names[index]))
      }
      try writer.finish()
    }
  }

  public func restore(prefix: String, names: [String], slices: [String], dtypes: [DataType]) throws -> [Tensor] {
    do {
      let reader = try CheckpointReader(prefix: prefix)
      return try zip(zip(names, slices), dtypes).map { item, dtype in
        let (wanted, slice) = item
        let name = try Self.key(of: wanted, in: reader)
        let entry = try reader.entry(named: name)
        guard entry.dtype == dtype else {
          throw EngineError(
            .invalidArgument,
            "tensor_name = \(wanted); expected dtype \(dtype.shortName) does not equal original dtype "
              + "\(entry.dtype.shortName)")
        }
        return try reader.tensor(named: name, slice: Self.ranges(slice, of: entry))
      }
    } catch let error as CheckpointError {
      throw Self.engineError(error)
    }
  }

  /// The key of a variable: its name; in an object-based checkpoint the path whose variable had that name in the
  /// program that wrote it.
  private static func key(of name: String, in reader: CheckpointReader) throws -> String {
    guard reader.format == .object || reader.format == .savedModel, (try? reader.entry(named: name)) == nil else {
      return name
    }
    return try reader.fullNames.filter { $0.value == name }.map(\.key).min() ?? name
  }

  public func merge(prefixes: [String], destination: String, deleteOldDirectories: Bool) throws {
    try Self.reportingErrors {
      try CheckpointMerge.merge(prefixes, into: destination, deleteFolders: deleteOldDirectories)
    }
  }

  /// One missing level is made, as TensorFlow does; where that fails, writing the files says why.
  private static func makeFolder(of prefix: String) {
    guard let slash = prefix.lastIndex(of: "/") else { return }
    try? FileManager.default.createDirectory(
      atPath: String(prefix[..<slash]), withIntermediateDirectories: false)
  }

  private static func reportingErrors(_ body: () throws -> Void) throws {
    do { try body() } catch let error as CheckpointError { throw engineError(error) }
  }

  /// The part that a text of `shape_and_slices` means: the dimensions of the whole tensor, then `start,length` or `-`
  /// for each of them, joined by colons. Nil for an empty text, which is the whole tensor.
  static func parse(_ text: String, ofTensor name: String) throws -> TensorSlice? {
    if text.isEmpty { return nil }
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    let dimensions = parts.dropLast().compactMap { Int($0) }
    let ranges = (parts.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
    let unreadable = EngineError(.invalidArgument, "shape_and_slice \"\(text)\" of \(name) cannot be read")
    guard dimensions.count == parts.count - 1, ranges.count == dimensions.count else { throw unreadable }
    let bounds = try zip(ranges, dimensions).map { range, size -> Range<Int> in
      if range == "-" { return 0..<max(0, size) }
      let bounds = range.split(separator: ",").compactMap { Int($0) }
      guard bounds.count == 2, bounds[0] >= 0, bounds[1] >= 0, bounds[1] <= size, bounds[0] <= size - bounds[1] else {
        throw unreadable
      }
      return bounds[0]..<bounds[0] + bounds[1]
    }
    return TensorSlice(fullShape: Shape(dimensions), ranges: bounds)
  }

  /// What to read of a stored tensor; nil for all of it.
  private static func ranges(_ text: String, of entry: CheckpointEntry) throws -> [SliceRange]? {
    guard let slice = try parse(text, ofTensor: entry.name) else { return nil }
    guard slice.fullShape == entry.shape else {
      throw EngineError(
        .invalidArgument,
        "Shape in shape_and_slice spec \(slice.fullShape) does not match the shape stored in checkpoint: "
          + "\(entry.shape) (tensor \(entry.name))")
    }
    return slice.ranges.map { .range(start: $0.lowerBound, stop: $0.upperBound, step: 1) }
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
