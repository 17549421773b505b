import Tensors

/// Moving rectangular regions of elements, whatever their type: what transposes, slices and joins are made of.
///
/// Unsafe island: offsets and strides are counted in elements and must stay inside both tensors; callers derive them
/// from shapes they have checked.
enum Regions {
  /// Copies `extents` elements from `source` to `target`, each with its own first element and strides.
  static func copy(
    _ source: Tensor, from start: Int, strides: [Int], to target: Tensor, at targetStart: Int, targetStrides: [Int],
    extents: [Int]
  ) {
    guard let width = source.dtype.byteWidth, extents.allSatisfy({ $0 > 0 }) else { return }
    // The longest contiguous tail moves as one block.
    var block = 1
    var outer = extents.count
    while outer > 0, strides[outer - 1] == block, targetStrides[outer - 1] == block {
      block *= extents[outer - 1]
      outer -= 1
    }
    withExtendedLifetime((source, target)) {
      let (from, to) = (source.storage.pointer, target.storage.pointer)
      visit(Array(extents.prefix(outer)), strides, targetStrides, start, targetStart) { i, j in
        if block == 1, width == 4 {
          (to + j * 4).storeBytes(of: (from + i * 4).load(as: UInt32.self), as: UInt32.self)
        } else {
          (to + j * width).copyMemory(from: from + i * width, byteCount: block * width)
        }
      }
    }
  }

  /// The same for the elements of string tensors.
  static func copyStrings(
    _ source: [[UInt8]], from start: Int, strides: [Int], to target: inout [[UInt8]], at targetStart: Int,
    targetStrides: [Int], extents: [Int]
  ) {
    guard extents.allSatisfy({ $0 > 0 }) else { return }
    visit(extents, strides, targetStrides, start, targetStart) { target[$1] = source[$0] }
  }

  /// Calls `body` with the positions on both sides of every index below `extents`, the last one running fastest.
  @inline(__always)
  static func visit(
    _ extents: [Int], _ left: [Int], _ right: [Int], _ leftStart: Int, _ rightStart: Int, _ body: (Int, Int) -> Void
  ) {
    guard let inner = extents.last else { return body(leftStart, rightStart) }
    let outer = extents.count - 1
    var index = [Int](repeating: 0, count: outer)
    var (i, j) = (leftStart, rightStart)
    let (leftStep, rightStep) = (left[outer], right[outer])
    while true {
      var (x, y) = (i, j)
      for _ in 0..<inner {
        body(x, y)
        x += leftStep
        y += rightStep
      }
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        i += left[axis]
        j += right[axis]
        if index[axis] < extents[axis] { break }
        index[axis] = 0
        i -= left[axis] * extents[axis]
        j -= right[axis] * extents[axis]
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

extension KernelContext {
  /// A tensor whose elements come from `parts`: each a source with start and strides, and the place they go to.
  func gathered(
    _ dtype: DataType, _ shape: Shape, zeroed: Bool = false,
    parts: [(source: Tensor, start: Int, strides: [Int], at: Int, targetStrides: [Int], extents: [Int])]
  ) throws -> Tensor {
    if dtype == .string {
      try Self.checkSize(.string, shape)
      var strings = [[UInt8]](repeating: [], count: shape.elementCount)
      for part in parts {
        Regions.copyStrings(
          part.source.strings, from: part.start, strides: part.strides, to: &strings, at: part.at,
          targetStrides: part.targetStrides, extents: part.extents)
      }
      return Tensor(strings: strings, shape: shape)
    }
    let output = zeroed ? try zeros(dtype, shape) : try allocate(dtype, shape)
    for part in parts {
      Regions.copy(
        part.source, from: part.start, strides: part.strides, to: output, at: part.at,
        targetStrides: part.targetStrides, extents: part.extents)
    }
    return output
  }

  /// Input `index` as integers (int32 or int64).
  func integers(_ index: Int) throws -> [Int] {
    let value = try input(index)
    guard let integers = ShapeContext.integers(value) else {
      throw EngineError.invalid("input \(index) must be int32 or int64, not \(value.dtype.name)")
    }
    return integers
  }

  /// Input `index` as one integer.
  func integer(_ index: Int, _ name: String) throws -> Int {
    let values = try integers(index)
    guard values.count == 1 else {
      throw EngineError.invalid("\(name) must be a scalar, not of \(values.count) elements")
    }
    return values[0]
  }

  /// Input `index` read as a shape.
  func shapeInput(_ index: Int) throws -> Shape {
    let dimensions = try integers(index)
    if let bad = dimensions.first(where: { $0 < 0 }) { throw EngineError.invalid("Dimension \(bad) must be >= 0") }
    return Shape(dimensions)
  }
}

/// An integer vector of the type an attribute asks for.
func integerTensor(_ values: [Int], _ dtype: DataType, shape: Shape? = nil) -> Tensor {
  let shape = shape ?? [values.count]
  return dtype == .int64
    ? Tensor(values.map(Int64.init), shape: shape) : Tensor(values.map { Int32(truncatingIfNeeded: $0) }, shape: shape)
}

/// An axis of `rank` dimensions, counted from the front.
func checkedAxis(_ axis: Int, rank: Int, _ name: String) throws -> Int {
  guard axis >= -rank, axis < rank else {
    throw EngineError.invalid("\(name) \(axis) must be in the range [-\(rank), \(rank))")
  }
  return axis < 0 ? axis + rank : axis
}
