import Foundation
import Tensors
import Testing

@testable import Engine

/// Padding, joining, slicing, gathering, conversions.
enum ArrayCases {
  static let build: CaseBuilder = { g, inputs, example in
    if let constants = try made(g, example) { return constants }
    if let parts = try joined(g, inputs, example) { return parts }
    switch example.op {
    case "pad CONSTANT", "pad REFLECT", "pad SYMMETRIC":
      let t = try #require(inputs["t"])
      let pairs = try #require(example.attributes["paddings"] as? [[Int]])
      let pads = try g.constant(Tensor(pairs.joined().map { Int32($0) }, shape: [pairs.count, 2]))
      if let value = example.attributes["constant_values"] as? Double {
        return [try g("PadV2", t, pads, g.float(Float(value)))]
      }
      let mode = try #require(example.attributes["mode"] as? String)
      return [
        try mode == "CONSTANT" ? g("Pad", t, pads) : g("MirrorPad", t, pads, attributes: ["mode": .string(mode)])
      ]
    case "where indices": return [try g("Where", try #require(inputs["c"]))]
    case "one_hot":
      return [
        try g(
          "OneHot", try #require(inputs["i"]), g.int(try example.int("depth")),
          g.float(Float(try #require(example.attributes["on_value"] as? Double))),
          g.float(Float(try #require(example.attributes["off_value"] as? Double))))
      ]
    case "zeros_like", "ones_like":
      return [try g(example.op == "zeros_like" ? "ZerosLike" : "OnesLike", try #require(inputs["tensor"]))]
    case "scatter_nd":
      let indices = try #require(example.attributes["indices"] as? [[Int]])
      let list = try g.constant(Tensor(indices.joined().map { Int32($0) }, shape: [indices.count, 1]))
      return [try g("ScatterNd", list, try #require(inputs["u"]), g.ints(try example.ints("shape")))]
    case "matrix_diag": return [try g("MatrixDiag", try #require(inputs["diagonal"]))]
    case "unique": return try g.all("Unique", [try #require(inputs["x"])])
    case "bitcast": return [try g("Bitcast", try #require(inputs["x"]), attributes: ["type": .type(.int32)])]
    case "cast":
      let x = try #require(inputs["x"])
      let name = try #require(example.attributes["to"] as? String)
      if name == "bfloat16 and back" {
        let rounded = try g("Cast", x, attributes: ["DstT": .type(.bfloat16)])
        return [try g("Cast", rounded, attributes: ["DstT": .type(.float32)])]
      }
      return [try g("Cast", x, attributes: ["DstT": .type(try #require(DataType(name: name)))])]
    default: return try moved(g, try #require(inputs["a"]), inputs["b"], example)
    }
  }

  /// Cases without inputs.
  private static func made(_ g: GraphMaker, _ example: NumericCase) throws -> [Output]? {
    let expected = example.outputs[0]
    switch example.op {
    case "range" where expected.dtype == .int32: return [try g("Range", g.int(3), g.int(18), g.int(3))]
    case "range": return [try g("Range", g.float(0), g.float(1), g.float(0.1))]
    case "linspace" where expected.elementCount == 11:
      return [try g("LinSpace", g.float(0), g.float(1), g.int(11))]
    case "linspace": return [try g("LinSpace", g.float(10), g.float(12), g.int(3))]
    case "fill": return [try g("Fill", g.ints([2, 3]), g.int(9))]
    case "constant": return [try g.constant(Tensor([Int32](repeating: -1, count: 6), shape: [2, 3]))]
    default: return nil
    }
  }

  private static func joined(
    _ g: GraphMaker, _ inputs: [String: Output], _ example: NumericCase
  ) throws -> [Output]? {
    guard let a = inputs["a"], let b = inputs["b"] else { return nil }
    switch example.op {
    case "concat":
      guard let axis = example.attributes["axis"] as? Int else {
        let one = try g.int(1)
        return [try g("ConcatV2", g("ExpandDims", a, one), g("ExpandDims", b, one), one)]
      }
      return [try g("ConcatV2", a, b, g.int(axis))]
    case "stack": return [try g("Pack", a, b, attributes: ["axis": .int(Int64(try example.int("axis")))])]
    case "where": return [try g("Select", g("Greater", a, b), a, b)]
    case "where rows": return [try g("Select", g.constant(Tensor([true, false])), a, b)]
    default: return nil
    }
  }

  private static func moved(_ g: GraphMaker, _ a: Output, _ b: Output?, _ example: NumericCase) throws -> [Output] {
    switch example.op {
    case "expand_dims": return [try g("ExpandDims", a, g.int(try example.int("axis")))]
    case "reshape": return [try g("Reshape", a, g.ints(try example.ints("shape")))]
    case "squeeze":
      return [
        try g("Squeeze", a, attributes: ["squeeze_dims": .ints(try example.ints("axis").map { Int64($0) })])
      ]
    case "transpose": return [try g("Transpose", a, g.ints(example.attributes["perm"] as? [Int] ?? [1, 0]))]
    case "tile": return [try g("Tile", a, g.ints(try example.ints("multiples")))]
    case "split":
      let axis = try g.int(try example.int("axis"))
      if let sizes = example.attributes["sizes"] as? [Int] {
        return try g.all(
          "SplitV", [a, g.ints(sizes), axis], attributes: ["num_split": .int(Int64(sizes.count))])
      }
      return try g.all("Split", [axis, a], attributes: ["num_split": .int(Int64(try example.int("num")))])
    case "unstack": return try g.all("Unpack", [a], attributes: ["num": .int(3), "axis": .int(1)])
    case "strided_slice": return [try sliced(g, a, try #require(example.attributes["slice"] as? String))]
    case "slice": return [try g("Slice", a, g.ints(try example.ints("begin")), g.ints(try example.ints("size")))]
    case "gather":
      return [try g("GatherV2", a, g.ints(try example.ints("indices")), g.int(try example.int("axis")))]
    case "gather_nd":
      let indices = try #require(example.attributes["indices"] as? [[Int]])
      let list = Tensor(indices.joined().map { Int32($0) }, shape: [indices.count, indices[0].count])
      return [try g("GatherNd", a, g.constant(list))]
    case "reverse": return [try g("ReverseV2", a, g.ints(try example.ints("axis")))]
    case "boolean_mask":
      let kept = try g("Reshape", g("Where", g.constant(Tensor([true, false]))), g.ints([-1]))
      return [try g("GatherV2", a, kept, g.int(0))]
    case "resize_nearest": return [try g("ResizeNearestNeighbor", a, g.ints([3, 5]))]
    case "resize_bilinear": return [try g("ResizeBilinear", a, g.ints([3, 5]))]
    default: throw UnknownCase()
    }
  }

  /// `a[…]` as Python writes it.
  private static func sliced(_ g: GraphMaker, _ a: Output, _ text: String) throws -> Output {
    var masks = ["begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0]
    var (begin, end, strides): ([Int], [Int], [Int]) = ([], [], [])
    for (position, part) in text.dropFirst().dropLast().split(separator: ",").enumerated() {
      let bit = 1 << position
      var range = (0, 0, 1)
      if part == "..." {
        masks["ellipsis_mask"]! |= bit
      } else if part == "tf.newaxis" {
        masks["new_axis_mask"]! |= bit
      } else if let index = Int(part) {
        range = (index, index + 1, 1)
        masks["shrink_axis_mask"]! |= bit
      } else {
        let numbers = part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        if numbers[0] == nil { masks["begin_mask"]! |= bit }
        if numbers.count < 2 || numbers[1] == nil { masks["end_mask"]! |= bit }
        range = (numbers[0] ?? 0, numbers.count > 1 ? numbers[1] ?? 0 : 0, numbers.count > 2 ? numbers[2] ?? 1 : 1)
      }
      begin.append(range.0)
      end.append(range.1)
      strides.append(range.2)
    }
    return try g(
      "StridedSlice", a, g.ints(begin), g.ints(end), g.ints(strides),
      attributes: masks.mapValues { .int(Int64($0)) })
  }
}
