import Checkpoints
import Foundation
import Tensors
import Testing

@testable import Engine

/// Reads the values that TensorFlow computed.
enum Golden {
  static func object(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: Fixture.url(path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  static func cases(_ file: String) throws -> [[String: Any]] {
    try #require(object("numerics/\(file).json")["cases"] as? [[String: Any]])
  }

  static func double(_ value: Any) throws -> Double {
    if let number = value as? NSNumber { return number.doubleValue }
    switch value as? String {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default: throw EngineError.invalid("not a number: \(value)")
    }
  }

  /// `{"dtype", "shape", "data"}`.
  static func tensor(_ value: Any?) throws -> Tensor {
    let object = try #require(value as? [String: Any])
    let dtype = try #require(DataType(name: object["dtype"] as? String ?? ""))
    let shape = Shape(try #require(object["shape"] as? [Int]))
    let data = try #require(object["data"] as? [Any])
    switch dtype {
    case .float32: return Tensor(try data.map { Float(try double($0)) }, shape: shape)
    case .float64: return Tensor(try data.map { try double($0) }, shape: shape)
    case .int32: return Tensor(try data.map { Int32(try #require($0 as? NSNumber).int64Value) }, shape: shape)
    case .int64: return Tensor(try data.map { try #require($0 as? NSNumber).int64Value }, shape: shape)
    case .bool: return Tensor(try data.map { try #require($0 as? NSNumber).boolValue }, shape: shape)
    case .uint8: return Tensor(try data.map { UInt8(try #require($0 as? NSNumber).int64Value) }, shape: shape)
    case .int8: return Tensor(try data.map { Int8(try #require($0 as? NSNumber).int64Value) }, shape: shape)
    case .int16: return Tensor(try data.map { Int16(try #require($0 as? NSNumber).int64Value) }, shape: shape)
    case .float16: return Tensor(try data.map { Float16(try double($0)) }, shape: shape)
    default: throw EngineError.invalid("no reader for \(dtype.name)")
    }
  }

  static func doubles(_ tensor: Tensor) -> [Double]? {
    switch tensor.dtype {
    case .float32: tensor.scalars(Float.self).map(Double.init)
    case .float64: tensor.scalars(Double.self)
    default: nil
    }
  }

  /// What differs between two tensors beyond the tolerance; nil where nothing does.
  static func difference(_ found: Tensor?, _ expected: Tensor, relative: Double = 1e-5, absolute: Double = 1e-6)
    -> String?
  {
    guard let found else { return "no value" }
    guard found.dtype == expected.dtype, found.shape == expected.shape else {
      return "\(found.dtype.name) \(found.shape) for \(expected.dtype.name) \(expected.shape)"
    }
    guard let a = doubles(found), let b = doubles(expected) else {
      return found == expected ? nil : "values differ"
    }
    for (index, (x, y)) in zip(a, b).enumerated() {
      if x == y || (x.isNaN && y.isNaN) { continue }
      if !(abs(x - y) <= absolute + relative * abs(y)) { return "element \(index) is \(x), not \(y)" }
    }
    return nil
  }
}

/// Checkpoint files for the engine's tests, read with the project's reader and written with its writer.
struct TestCheckpointStore: CheckpointStore {
  func save(prefix: String, names: [String], slices: [String], tensors: [Tensor]) throws {
    let writer = try CheckpointWriter(prefix: prefix)
    for (name, tensor) in zip(names, tensors) { try writer.add(name: name, tensor: tensor) }
    try writer.finish()
  }

  func restore(prefix: String, names: [String], slices: [String], dtypes: [DataType]) throws -> [Tensor] {
    let reader = try CheckpointReader(path: prefix)
    return try names.map { try reader.tensor(named: $0) }
  }

  func merge(prefixes: [String], destination: String, deleteOldDirectories: Bool) throws {
    throw EngineError(.unimplemented, "not needed here")
  }
}
