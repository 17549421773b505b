import Tensors

/// How two tensors are stretched against each other: NumPy's rule, shapes aligned at their ends, a dimension of 1 stands
/// for any.
struct Broadcast {
  let shape: Shape
  /// Dimensions with neighbours merged where both sides allow it, and the step of each side in them (0 repeats).
  private var extents: [Int] = []
  private var leftSteps: [Int] = []
  private var rightSteps: [Int] = []

  /// How one stretch of neighbouring results reads its operands.
  enum Form { case both, leftScalar, rightScalar }

  /// - Throws: InvalidArgument `Incompatible shapes` where the shapes do not fit.
  init(_ left: Shape, _ right: Shape) throws {
    if left == right {
      shape = left
      let count = left.elementCount
      if count > 0 { (extents, leftSteps, rightSteps) = ([count], [1], [1]) }
      return
    }
    let rank = max(left.rank, right.rank)
    let a = [Int](repeating: 1, count: rank - left.rank) + left.dimensions
    let b = [Int](repeating: 1, count: rank - right.rank) + right.dimensions
    var result: [Int] = []
    for (x, y) in zip(a, b) {
      guard x == y || x == 1 || y == 1 else {
        throw EngineError.invalid("Incompatible shapes: \(left) vs. \(right)")
      }
      result.append(x == 1 ? y : x)
    }
    shape = Shape(result)
    guard let count = shape.checkedElementCount() else {
      throw EngineError(.resourceExhausted, "OOM when broadcasting \(left) and \(right)")
    }
    guard count > 0 else { return }
    let (stepsA, stepsB) = (Shape(a).strides, Shape(b).strides)
    for axis in 0..<rank where result[axis] != 1 {
      let stepA = a[axis] == 1 ? 0 : stepsA[axis]
      let stepB = b[axis] == 1 ? 0 : stepsB[axis]
      if let last = extents.indices.last, leftSteps[last] == stepA * result[axis],
        rightSteps[last] == stepB * result[axis]
      {
        extents[last] *= result[axis]
        leftSteps[last] = stepA
        rightSteps[last] = stepB
      } else {
        extents.append(result[axis])
        leftSteps.append(stepA)
        rightSteps.append(stepB)
      }
    }
    if extents.isEmpty { (extents, leftSteps, rightSteps) = ([1], [1], [1]) }
  }

  /// Calls `body` for each stretch of neighbouring results: offsets of left, right and result, count, and form.
  @inline(__always)
  func forEachRun(_ body: (Int, Int, Int, Int, Form) -> Void) {
    guard let last = extents.indices.last else { return }
    let form: Form = leftSteps[last] == 0 ? .leftScalar : (rightSteps[last] == 0 ? .rightScalar : .both)
    let run = extents[last]
    if last == 0 { return body(0, 0, 0, run, form) }
    var index = [Int](repeating: 0, count: last)
    var (left, right, result) = (0, 0, 0)
    while true {
      body(left, right, result, run, form)
      result += run
      var axis = last - 1
      while axis >= 0 {
        index[axis] += 1
        left += leftSteps[axis]
        right += rightSteps[axis]
        if index[axis] < extents[axis] { break }
        left -= leftSteps[axis] * extents[axis]
        right -= rightSteps[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Applies `operation` to each pair of elements.
  @inline(__always)
  func map<A: TensorScalar, R: TensorScalar>(
    _ left: UnsafeBufferPointer<A>, _ right: UnsafeBufferPointer<A>, into results: UnsafeMutableBufferPointer<R>,
    _ operation: (A, A) -> R
  ) {
    forEachRun { leftOffset, rightOffset, offset, count, form in
      switch form {
      case .both:
        for i in 0..<count { results[offset + i] = operation(left[leftOffset + i], right[rightOffset + i]) }
      case .leftScalar:
        let x = left[leftOffset]
        for i in 0..<count { results[offset + i] = operation(x, right[rightOffset + i]) }
      case .rightScalar:
        let y = right[rightOffset]
        for i in 0..<count { results[offset + i] = operation(left[leftOffset + i], y) }
      }
    }
  }
}

/// Which axes of a broadcast result to sum over to get back each operand's shape, as `BroadcastGradientArgs` lists them.
func broadcastGradientAxes(_ left: [Int], _ right: [Int]) throws -> (left: [Int], right: [Int]) {
  if left == right { return ([], []) }
  let rank = max(left.count, right.count)
  let a = [Int](repeating: 1, count: rank - left.count) + left
  let b = [Int](repeating: 1, count: rank - right.count) + right
  var axes: (left: [Int], right: [Int]) = ([], [])
  for axis in 0..<rank {
    guard a[axis] == b[axis] || a[axis] == 1 || b[axis] == 1 else {
      throw EngineError.invalid("Incompatible shapes: \(Shape(left)) vs. \(Shape(right))")
    }
    // Where both are 1, TensorFlow lists the axis for both.
    if a[axis] == 1 { axes.left.append(axis) }
    if b[axis] == 1 { axes.right.append(axis) }
  }
  return axes
}
