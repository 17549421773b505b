import Foundation
import Tensors
import Testing

/// Numbers of the fixtures: shortest decimals, with NaN and infinities as strings.
struct JSONNumber: Decodable {
  let double: Double
  let int: Int64?

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      let special = ["NaN": Double.nan, "Infinity": .infinity, "-Infinity": -.infinity][text]
      double = try #require(special)
      int = nil
    } else {
      int = try? container.decode(Int64.self)
      double = try container.decode(Double.self)
    }
  }
}

/// A tensor of a fixture.
struct JSONTensor: Decodable {
  let dtype: String
  let shape: [Int]
  let data: [JSONNumber]

  var floats: [Float] { data.map { Float($0.double) } }

  var tensor: Tensor {
    get throws {
      switch dtype {
      case "float32": return Tensor(floats, shape: Shape(shape))
      case "int64": return Tensor(try data.map { try #require($0.int) }, shape: Shape(shape))
      case "int32": return Tensor(try data.map { Int32(try #require($0.int)) }, shape: Shape(shape))
      default: throw UnknownType(name: dtype)
      }
    }
  }

  struct UnknownType: Error { let name: String }
}

extension Fixture {
  static func json<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data(name))
  }
}

/// The largest difference between two lists, relative to the larger value of a pair but at least to `floor`.
func largestDifference(_ left: [Float], _ right: [Float], floor: Float = 1e-3) -> Float {
  guard left.count == right.count else { return .infinity }
  return zip(left, right).map { abs($0 - $1) / max(abs($0), abs($1), floor) }.max() ?? 0
}
