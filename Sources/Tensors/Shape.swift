/// The extents of a tensor, outermost first; a scalar has none.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral {
  public var dimensions: [Int]

  public init(_ dimensions: [Int]) { self.dimensions = dimensions }
  public init(arrayLiteral elements: Int...) { dimensions = elements }

  /// The shape of a scalar.
  public static let scalar = Shape([])

  public var rank: Int { dimensions.count }

  public subscript(index: Int) -> Int {
    get { dimensions[index] }
    set { dimensions[index] = newValue }
  }

  /// The number of elements: the product of the dimensions, 1 for a scalar. Where a dimension is negative or the
  /// product does not fit, `Int.max`; check sizes that come from files with `checkedElementCount()`.
  public var elementCount: Int {
    switch dimensions.count {
    case 0: return 1
    case 1 where dimensions[0] >= 0: return dimensions[0]
    default: return checkedElementCount() ?? .max
    }
  }

  /// The number of elements, or nil where a dimension is negative or the product does not fit an `Int`.
  public func checkedElementCount() -> Int? {
    var count = 1
    var overflowed = false
    var hasZero = false
    for dimension in dimensions {
      if dimension < 0 { return nil }
      if dimension == 0 { hasZero = true }
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      overflowed = overflowed || overflow
      count = product
    }
    if hasZero { return 0 }
    return overflowed ? nil : count
  }

  /// Distance in elements between neighbours along each dimension, row-major.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    var step = 1
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      strides[axis] = step
      step = step.multipliedReportingOverflow(by: dimensions[axis]).partialValue
    }
    return strides
  }
}

extension Shape: CustomStringConvertible {
  /// As TensorFlow's C++ messages print it: `[2,3]`, `[]` for a scalar.
  public var description: String { "[" + dimensions.map(String.init).joined(separator: ",") + "]" }
}
