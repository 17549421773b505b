import Tensors

/// How many numbers `Range` makes, with TensorFlow's checks.
enum RangeRule {
  static func count(start: Tensor, limit: Tensor, delta: Tensor) throws -> Int {
    guard start.elementCount == 1, limit.elementCount == 1, delta.elementCount == 1 else {
      throw EngineError.invalid("start, limit and delta must be scalars")
    }
    guard start.dtype == limit.dtype, start.dtype == delta.dtype else {
      throw EngineError.invalid("start, limit and delta must be of one type")
    }
    switch start.dtype {
    case .int32:
      return try integers(Int(start.scalar(Int32.self)), Int(limit.scalar(Int32.self)), Int(delta.scalar(Int32.self)))
    case .int64:
      return try integers(Int(start.scalar(Int64.self)), Int(limit.scalar(Int64.self)), Int(delta.scalar(Int64.self)))
    case .float32: return try floats(start.scalar(Float.self), limit.scalar(Float.self), delta.scalar(Float.self))
    case .float64: return try floats(start.scalar(Double.self), limit.scalar(Double.self), delta.scalar(Double.self))
    default: throw EngineError(.unimplemented, "Range of \(start.dtype.name) is not supported")
    }
  }

  private static func integers(_ start: Int, _ limit: Int, _ delta: Int) throws -> Int {
    guard delta != 0 else { throw EngineError.invalid("Requires delta != 0") }
    try check(start, limit, isForward: delta > 0)
    let (distance, overflow) =
      delta > 0 ? limit.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(limit)
    guard !overflow, delta != .min else { throw EngineError.invalid("Range from \(start) to \(limit) is too long") }
    return distance == 0 ? 0 : (distance - 1) / abs(delta) + 1
  }

  private static func floats<T: BinaryFloatingPoint>(_ start: T, _ limit: T, _ delta: T) throws -> Int {
    guard delta != 0 else { throw EngineError.invalid("Requires delta != 0") }
    try check(start, limit, isForward: delta > 0)
    guard let count = Int(exactly: ((limit - start) / delta).rounded(.up)) else {
      throw EngineError.invalid("Range from \(start) to \(limit) is too long")
    }
    return count
  }

  private static func check<T: Comparable>(_ start: T, _ limit: T, isForward: Bool) throws {
    guard isForward ? start <= limit : start >= limit else {
      throw EngineError.invalid(
        "Requires start \(isForward ? "<=" : ">=") limit when delta \(isForward ? ">" : "<") 0: \(start)/\(limit)")
    }
  }
}
