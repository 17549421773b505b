import Tensors

/// The rules of `x[begin:end:stride, ..., newaxis, i]` (TensorFlow's `ValidateStridedSliceOp`).
enum StridedSlice {
  struct Masks {
    var begin: Int
    var end: Int
    var ellipsis: Int
    var newAxis: Int
    var shrinkAxis: Int

    init(node: Node) throws {
      begin = try node.int("begin_mask")
      end = try node.int("end_mask")
      ellipsis = try node.int("ellipsis_mask")
      newAxis = try node.int("new_axis_mask")
      shrinkAxis = try node.int("shrink_axis_mask")
    }
  }

  /// One dimension of the input: which indices are taken, in steps.
  struct Axis: Equatable {
    var begin: Int
    var stride: Int
    var count: Int
  }

  /// The taken part of every axis, and the result's shape.
  static func plan(
    _ shape: Shape, begin: [Int], end: [Int], strides: [Int], masks: Masks
  ) throws -> (axes: [Axis], result: Shape) {
    let (axes, result) = try resolve(shape.dimensions.map { $0 }, begin, end, strides, masks)
    let known = axes.compactMap { $0 }
    guard known.count == axes.count, let full = result.full else {
      throw EngineError(.internal, "a slice of a known shape has an unknown extent")
    }
    return (known, full)
  }

  /// The result's shape as far as it is known.
  static func shape(
    of dimensions: [Int?], begin: [Int]?, end: [Int]?, strides: [Int], masks: Masks
  ) throws -> PartialShape {
    try resolve(dimensions, begin, end, strides, masks).result
  }

  private static func resolve(
    _ dimensions: [Int?], _ begin: [Int]?, _ end: [Int]?, _ strides: [Int], _ masks: Masks
  ) throws -> (axes: [Axis?], result: PartialShape) {
    let count = strides.count
    guard count < 32, begin == nil || begin?.count == count, end == nil || end?.count == count else {
      throw EngineError.invalid("Expected begin, end, and strides to be 1D equal size tensors")
    }
    let rank = dimensions.count
    let hasEllipsis = masks.ellipsis & ((1 << count) - 1) != 0
    guard masks.ellipsis & (masks.ellipsis &- 1) == 0 else {
      throw EngineError.invalid("Multiple ellipses in slice spec not allowed")
    }
    // How many axes the entries beside the ellipsis use.
    let used = (0..<count).filter { masks.ellipsis >> $0 & 1 == 0 && masks.newAxis >> $0 & 1 == 0 }.count
    guard used <= rank else {
      throw EngineError.invalid("Index out of range using input dim \(rank); input has only \(rank) dims")
    }
    var axes: [Axis?] = []
    var result: [Int?] = []
    func takeWhole(_ number: Int) {
      for _ in 0..<number {
        let size = dimensions[axes.count]
        result.append(size)
        axes.append(size.map { Axis(begin: 0, stride: 1, count: $0) })
      }
    }
    for entry in 0..<count {
      if masks.ellipsis >> entry & 1 == 1 {
        takeWhole(rank - used)
      } else if masks.newAxis >> entry & 1 == 1 {
        result.append(1)
      } else {
        let shrinks = masks.shrinkAxis >> entry & 1 == 1
        let axis = try axisRange(
          size: dimensions[axes.count],
          begin: masks.begin >> entry & 1 == 1 && !shrinks ? .some(nil) : begin.map { $0[entry] },
          end: masks.end >> entry & 1 == 1 ? .some(nil) : end.map { $0[entry] }, stride: strides[entry],
          shrinks: shrinks, position: axes.count)
        axes.append(axis)
        if !shrinks { result.append(axis?.count) }
      }
    }
    if !hasEllipsis { takeWhole(rank - axes.count) }
    return (axes, PartialShape(result))
  }

  /// One axis; `begin` and `end` are nil where not known yet, `.some(nil)` where masked (from the start, to the end).
  private static func axisRange(
    size: Int?, begin: Int??, end: Int??, stride: Int, shrinks: Bool, position: Int
  ) throws -> Axis? {
    guard stride != 0 else { throw EngineError.invalid("strides[\(position)] must be non-zero") }
    if shrinks {
      guard stride > 0 else { throw EngineError.invalid("only stride 1 allowed on non-range indexing.") }
      guard let size, case .some(.some(let index)) = begin else { return nil }
      let at = index < 0 ? index + size : index
      guard (0..<size).contains(at) else {
        throw EngineError.invalid("slice index \(index) of dimension \(position) out of bounds.")
      }
      return Axis(begin: at, stride: 1, count: 1)
    }
    guard let size, let begin, let end else { return nil }
    // A backward slice starts at the last element and may end before the first.
    let (low, high) = stride > 0 ? (0, size) : (-1, size - 1)
    func clamp(_ index: Int) -> Int { min(max(index < 0 ? index + size : index, low), high) }
    let first = begin.map(clamp) ?? (stride > 0 ? 0 : size - 1)
    let last = end.map(clamp) ?? (stride > 0 ? size : -1)
    let distance = stride > 0 ? last - first : first - last
    let step = stride == .min ? Int.max : abs(stride)
    return Axis(begin: first, stride: stride, count: distance <= 0 ? 0 : (distance - 1) / step + 1)
  }
}
