import Tensors

/// What is known about a tensor's shape before it exists: nothing, the rank, or some or all dimensions.
public struct PartialShape: Hashable, Sendable, ExpressibleByArrayLiteral {
  /// The dimensions, nil for each unknown one; nil as a whole where even the rank is unknown.
  public var dimensions: [Int?]?

  public init(_ dimensions: [Int?]?) { self.dimensions = dimensions }
  public init(arrayLiteral elements: Int?...) { dimensions = elements }
  public init(_ shape: Shape) { dimensions = shape.dimensions }

  /// Nothing known.
  public static let unknown = PartialShape(nil as [Int?]?)
  /// The shape of a scalar.
  public static let scalar = PartialShape([])

  /// More dimensions no tensor of TensorFlow has.
  private static let largestRank = 254

  /// A shape of known rank and unknown dimensions; unknown altogether for a rank that no tensor has.
  public static func ofRank(_ rank: Int) -> PartialShape {
    (0...largestRank).contains(rank) ? PartialShape([Int?](repeating: nil, count: rank)) : .unknown
  }

  public var rank: Int? { dimensions?.count }

  /// The shape where every dimension is known.
  public var full: Shape? {
    guard let dimensions else { return nil }
    var known: [Int] = []
    known.reserveCapacity(dimensions.count)
    for dimension in dimensions {
      guard let dimension else { return nil }
      known.append(dimension)
    }
    return Shape(known)
  }

  public var isFullyKnown: Bool { full != nil }

  /// The dimension at `axis` (negative counts from the end), nil where unknown or out of range.
  public subscript(axis: Int) -> Int? {
    guard let dimensions else { return nil }
    let index = axis < 0 ? axis + dimensions.count : axis
    return dimensions.indices.contains(index) ? dimensions[index] : nil
  }

  /// The number of elements where every dimension is known.
  public var elementCount: Int? { full?.checkedElementCount() }

  /// Whether a tensor of `shape` may stand where this shape was promised.
  public func accepts(_ shape: Shape) -> Bool {
    guard let dimensions else { return true }
    guard dimensions.count == shape.rank else { return false }
    return zip(dimensions, shape.dimensions).allSatisfy { $0 == nil || $0 == $1 }
  }

  /// Whether both shapes can describe one tensor.
  public func isCompatible(with other: PartialShape) -> Bool {
    guard let left = dimensions, let right = other.dimensions else { return true }
    guard left.count == right.count else { return false }
    return zip(left, right).allSatisfy { $0 == nil || $1 == nil || $0 == $1 }
  }

  /// What both shapes together say.
  /// - Throws: TensorFlow's text where they contradict each other.
  public func merged(with other: PartialShape) throws -> PartialShape {
    guard let left = dimensions else { return other }
    guard let right = other.dimensions else { return self }
    guard left.count == right.count else {
      throw ShapeError("Shapes must be equal rank, but are \(left.count) and \(right.count)")
    }
    var merged = left
    for axis in left.indices {
      if let a = left[axis], let b = right[axis], a != b {
        throw ShapeError(
          "Dimension \(axis) in both shapes must be equal, but are \(a) and \(b). "
            + "Shapes are \(self) and \(other).")
      }
      merged[axis] = left[axis] ?? right[axis]
    }
    return PartialShape(merged)
  }

  /// This shape followed by `other`.
  func concatenated(with other: PartialShape) -> PartialShape {
    guard let left = dimensions, let right = other.dimensions, left.count + right.count <= Self.largestRank else {
      return .unknown
    }
    return PartialShape(left + right)
  }

  /// As Python prints it in feeds' errors: `(?, 2)`, `(3,)`, `()`, `<unknown>`.
  public var tupleDescription: String {
    guard let dimensions else { return "<unknown>" }
    let parts = dimensions.map { $0.map(String.init) ?? "?" }
    return "(" + parts.joined(separator: ", ") + (parts.count == 1 ? ",)" : ")")
  }
}

extension PartialShape: CustomStringConvertible {
  /// As TensorFlow's C++ messages print it: `[?,2]`, `[]`, `?` where the rank is unknown.
  public var description: String {
    guard let dimensions else { return "?" }
    return "[" + dimensions.map { $0.map(String.init) ?? "?" }.joined(separator: ",") + "]"
  }
}

/// A contradiction found by shape inference; the graph adds the node and its input shapes to the message.
struct ShapeError: Error {
  var message: String
  init(_ message: String) { self.message = message }
}
