import Foundation
import Tensors
import Testing

@testable import Engine

/// Convolutions, pooling and batch normalisation against values computed by TensorFlow 1.15.
@Suite struct ImageNumericsTests {
  static func windowAttributes(_ example: NumericCase) throws -> [String: AttributeValue] {
    var attributes: [String: AttributeValue] = [:]
    for (name, value) in example.attributes {
      switch value {
      case let list as [Int]: attributes[name] = .ints(list.map { Int64($0) })
      case let text as String: attributes[name] = .string(text)
      default: break
      }
    }
    return attributes
  }

  @Test(arguments: try NumericCase.all("conv_pool").indices)
  func convolutionsAndPooling(index: Int) throws {
    try NumericCase.all("conv_pool")[index].check { g, inputs, example in
      let attributes = try Self.windowAttributes(example)
      switch example.op {
      case "Conv2D", "DepthwiseConv2dNative":
        return [try g(example.op, try #require(inputs["x"]), try #require(inputs["w"]), attributes: attributes)]
      case "BiasAdd": return [try g("BiasAdd", try #require(inputs["value"]), try #require(inputs["bias"]))]
      default: return [try g(example.op, try #require(inputs["value"]), attributes: attributes)]
      }
    }
  }

  /// The same in the other order of dimensions.
  @Test(arguments: try NumericCase.all("conv_pool").indices)
  func channelsFirstGivesTheSame(index: Int) throws {
    let example = try NumericCase.all("conv_pool")[index]
    guard example.op != "BiasAdd" else { return }
    try example.check { g, inputs, example in
      var attributes = try Self.windowAttributes(example)
      for (name, value) in attributes {
        guard case .ints(let list) = value else { continue }
        attributes[name] = .ints(
          list.count == 8
            ? Array(list[0..<2] + list[6..<8] + list[2..<6]) : [list[0], list[3], list[1], list[2]])
      }
      attributes["data_format"] = .string("NCHW")
      let x = try g("Transpose", try #require(inputs["x"] ?? inputs["value"]), g.ints([0, 3, 1, 2]))
      let y =
        try inputs["w"].map { try g(example.op, x, $0, attributes: attributes) }
        ?? g(example.op, x, attributes: attributes)
      return [try g("Transpose", y, g.ints([0, 2, 3, 1]))]
    }
  }
}
