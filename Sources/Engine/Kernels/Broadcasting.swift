import CKernels
import Tensors

/// How two operands of a loop advance.
enum OperandForm: Sendable {
  case both, leftScalar, rightScalar

  var c: ck_form {
    switch self {
    case .both: CK_BOTH
    case .leftScalar: CK_LEFT_SCALAR
    case .rightScalar: CK_RIGHT_SCALAR
    }
  }
}

/// A loop over runs of two operands, for one operation and element type.
struct BinaryLoop: Sendable {
  /// The form, both operands, the result, and the number of results. The result may be either operand.
  let run: @Sendable (OperandForm, UnsafeRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void
  let inputWidth: Int
  let outputType: DataType

  init(
    inputWidth: Int, outputType: DataType,
    run: @escaping @Sendable (OperandForm, UnsafeRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void
  ) {
    self.inputWidth = inputWidth
    self.outputType = outputType
    self.run = run
  }

  /// A loop over one element after the other.
  init<T: TensorScalar, U: TensorScalar>(_ body: @escaping @Sendable (T, T) -> U) {
    inputWidth = MemoryLayout<T>.stride
    outputType = U.dataType
    run = { form, left, right, out, count in
      let a = left.assumingMemoryBound(to: T.self)
      let b = right.assumingMemoryBound(to: T.self)
      let c = out.assumingMemoryBound(to: U.self)
      switch form {
      case .both: for index in 0..<count { c[index] = body(a[index], b[index]) }
      case .leftScalar:
        let x = a[0]
        for index in 0..<count { c[index] = body(x, b[index]) }
      case .rightScalar:
        let y = b[0]
        for index in 0..<count { c[index] = body(a[index], y) }
      }
    }
  }

  /// A loop of `CKernels`.
  init(float op: ck_binary) {
    inputWidth = 4
    outputType = .float32
    run = { form, left, right, out, count in
      ck_binary_f32(
        op, form.c, left.assumingMemoryBound(to: Float.self), right.assumingMemoryBound(to: Float.self),
        out.assumingMemoryBound(to: Float.self), count)
    }
  }

  init(double op: ck_binary) {
    inputWidth = 8
    outputType = .float64
    run = { form, left, right, out, count in
      ck_binary_f64(
        op, form.c, left.assumingMemoryBound(to: Double.self), right.assumingMemoryBound(to: Double.self),
        out.assumingMemoryBound(to: Double.self), count)
    }
  }
}

/// NumPy's broadcasting: which elements of two operands meet.
struct Broadcast {
  let result: Shape
  /// Neighbouring dimensions that both operands treat alike, merged; strides are 0 where an operand repeats.
  private var extents: [Int] = []
  private var leftStrides: [Int] = []
  private var rightStrides: [Int] = []

  init(_ left: Shape, _ right: Shape) throws {
    let rank = max(left.rank, right.rank)
    let a = [Int](repeating: 1, count: rank - left.rank) + left.dimensions
    let b = [Int](repeating: 1, count: rank - right.rank) + right.dimensions
    var dimensions: [Int] = []
    dimensions.reserveCapacity(rank)
    for (x, y) in zip(a, b) {
      guard x == y || x == 1 || y == 1 else {
        throw EngineError.invalid("Incompatible shapes: \(left) vs. \(right)")
      }
      dimensions.append(x == 1 ? y : x)
    }
    result = Shape(dimensions)
    // From the innermost dimension out: a dimension joins its neighbour if both operands go on where it ended.
    var (leftStep, rightStep) = (1, 1)
    for axis in stride(from: rank - 1, through: 0, by: -1) where dimensions[axis] != 1 {
      let (s, t) = (a[axis] == 1 ? 0 : leftStep, b[axis] == 1 ? 0 : rightStep)
      if let last = extents.indices.last,
        (s == 0) == (leftStrides[last] == 0), (t == 0) == (rightStrides[last] == 0)
      {
        let (product, overflow) = extents[last].multipliedReportingOverflow(by: dimensions[axis])
        guard !overflow else { throw EngineError(.resourceExhausted, "the broadcast shape \(result) is too large") }
        extents[last] = product
      } else {
        extents.append(dimensions[axis])
        leftStrides.append(s)
        rightStrides.append(t)
      }
      leftStep *= a[axis]
      rightStep *= b[axis]
    }
  }

  /// Calls `body` with form, offsets of left, right and result, and length of each run.
  func forEachRun(_ body: (OperandForm, Int, Int, Int, Int) -> Void) {
    guard result.elementCount > 0 else { return }
    guard let length = extents.first else { return body(.both, 0, 0, 0, 1) }
    let form: OperandForm = leftStrides[0] == 0 ? .leftScalar : rightStrides[0] == 0 ? .rightScalar : .both
    let outer = extents.count - 1
    guard outer > 0 else { return body(form, 0, 0, 0, length) }
    var index = [Int](repeating: 0, count: outer)
    var (left, right, out) = (0, 0, 0)
    while true {
      body(form, left, right, out, length)
      out += length
      var axis = 0
      while axis < outer {
        index[axis] += 1
        left += leftStrides[axis + 1]
        right += rightStrides[axis + 1]
        if index[axis] < extents[axis + 1] { break }
        index[axis] = 0
        left -= leftStrides[axis + 1] * extents[axis + 1]
        right -= rightStrides[axis + 1] * extents[axis + 1]
        axis += 1
      }
      if axis == outer { return }
    }
  }
}

extension KernelContext {
  /// Runs a loop over inputs 0 and 1 with broadcasting; the result takes an operand's memory where that is free.
  func binary(_ loop: BinaryLoop) throws {
    let (leftShape, rightShape) = (try shape(0), try shape(1))
    if leftShape == rightShape {
      try elementwise(loop, .both, shape: leftShape)
    } else if rightShape.elementCount == 1, rightShape.rank <= leftShape.rank {
      try elementwise(loop, .rightScalar, shape: leftShape)
    } else if leftShape.elementCount == 1, leftShape.rank <= rightShape.rank {
      try elementwise(loop, .leftScalar, shape: rightShape)
    } else {
      let broadcast = try Broadcast(leftShape, rightShape)
      let (left, right) = (try input(0), try input(1))
      let output = try allocate(loop.outputType, broadcast.result)
      let outputWidth = loop.outputType.byteWidth ?? 1
      withExtendedLifetime((left, right, output)) {
        let (a, b, c) = (left.storage.pointer, right.storage.pointer, output.storage.pointer)
        broadcast.forEachRun { form, i, j, k, count in
          loop.run(form, a + i * loop.inputWidth, b + j * loop.inputWidth, c + k * outputWidth, count)
        }
      }
      setOutput(0, output)
    }
  }

  private func elementwise(_ loop: BinaryLoop, _ form: OperandForm, shape: Shape) throws {
    var left = try take(0)
    var right = try take(1)
    let isSameWidth = loop.outputType == left.dtype
    let output: Tensor
    if isSameWidth, form != .leftScalar, isKnownUniquelyReferenced(&left.storage) {
      output = left
    } else if isSameWidth, form != .rightScalar, isKnownUniquelyReferenced(&right.storage) {
      output = right
    } else {
      output = try allocate(loop.outputType, shape)
    }
    let count = shape.elementCount
    withExtendedLifetime((left, right, output)) {
      if count > 0 { loop.run(form, left.storage.pointer, right.storage.pointer, output.storage.pointer, count) }
    }
    setOutput(0, output)
    // An operand that was not taken over goes back to the pool.
    if output.storage !== left.storage { recycle(&left) }
    if output.storage !== right.storage { recycle(&right) }
  }

  /// Runs a loop over input 0, in place where its memory is free.
  func unary(
    _ outputType: DataType? = nil, _ body: (UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void
  ) throws {
    var input = try take(0)
    let type = outputType ?? input.dtype
    let canReuse = type == input.dtype && isKnownUniquelyReferenced(&input.storage)
    let output = canReuse ? input : try allocate(type, input.shape)
    let count = input.elementCount
    withExtendedLifetime((input, output)) {
      if count > 0 { body(input.storage.pointer, output.storage.pointer, count) }
    }
    setOutput(0, output)
    if !canReuse { recycle(&input) }
  }

  /// Gives a taken input's memory back to the pool if nobody else has it.
  func recycle(_ tensor: inout Tensor) {
    if tensor.dtype != .string, isKnownUniquelyReferenced(&tensor.storage) { pool.give(tensor.storage) }
  }
}
