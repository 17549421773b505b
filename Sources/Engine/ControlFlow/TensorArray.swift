import Tensors

/// A list of tensors of one type that lives for one run: what `TensorArrayV3` makes and loops read and write.
///
/// `@unchecked Sendable`: one run uses it, and the steps of a run follow one another.
final class TensorArray: @unchecked Sendable {
  struct Options: Sendable {
    var name: String
    var dtype: DataType
    var elementShape: PartialShape
    var isDynamic: Bool
    var clearsAfterRead: Bool
    var hasIdenticalShapes: Bool
  }

  private struct Element {
    var value: Tensor?
    var isWritten = false
    var isCleared = false
    /// The shape it was written with; of a gradient's element, that of the element it is the gradient of.
    var shape: Shape?
  }

  private(set) var options: Options
  /// Whether several writes to one element add up, as gradients do.
  let accumulates: Bool
  private var elements: [Element]
  private var gradients: [String: TensorArray] = [:]
  private var isClosed = false

  /// No array has more elements: a size comes from the graph's data.
  static let largestCount = 1 << 24

  init(options: Options, count: Int, accumulates: Bool = false) throws {
    guard count >= 0 else { throw EngineError.invalid("Size should be >= 0: \(count)") }
    guard count <= Self.largestCount else {
      throw EngineError(.resourceExhausted, "a TensorArray of \(count) elements is too large")
    }
    self.options = options
    self.accumulates = accumulates
    elements = [Element](repeating: Element(), count: count)
  }

  private func open() throws {
    if isClosed { throw EngineError.invalid("TensorArray \(options.name) has already been closed.") }
  }

  func count() throws -> Int {
    try open()
    return elements.count
  }

  func close() {
    elements = []
    gradients = [:]
    isClosed = true
  }

  func write(_ index: Int, _ value: Tensor) throws {
    try open()
    guard index >= 0 else {
      throw EngineError.invalid(
        "TensorArray \(options.name): Tried to write to index \(index) but array is not resizeable")
    }
    if index >= elements.count {
      guard options.isDynamic, index < Self.largestCount else {
        throw EngineError.invalid(
          "TensorArray \(options.name): Tried to write to index \(index) but array is not resizeable and size is: "
            + "\(elements.count)")
      }
      elements += [Element](repeating: Element(), count: index + 1 - elements.count)
    }
    guard value.dtype == options.dtype else {
      throw EngineError.invalid(
        "TensorArray \(options.name): Could not write to TensorArray index \(index) because the value dtype is "
          + "\(value.dtype.shortName) but TensorArray dtype is \(options.dtype.shortName).")
    }
    guard options.elementShape.accepts(value.shape) else {
      throw EngineError.invalid(
        "TensorArray \(options.name): Could not write to TensorArray index \(index) because the value shape is "
          + "\(value.shape) which is incompatible with the TensorArray's inferred element shape: "
          + "\(options.elementShape) (consider setting infer_shape=False).")
    }
    if options.hasIdenticalShapes { options.elementShape = PartialShape(value.shape) }
    if elements[index].isCleared {
      throw EngineError.invalid(
        "TensorArray \(options.name): Could not write to TensorArray index \(index) because it has already been read.")
    }
    if elements[index].isWritten {
      guard accumulates else {
        throw EngineError.invalid(
          "TensorArray \(options.name): Could not write to TensorArray index \(index) because it has already been "
            + "written to.")
      }
      try add(value, to: index)
      return
    }
    elements[index].value = value
    elements[index].shape = value.shape
    elements[index].isWritten = true
  }

  private func add(_ value: Tensor, to index: Int) throws {
    guard var sum = elements[index].value.take() else {
      elements[index].value = value
      return
    }
    guard sum.shape == value.shape else {
      throw EngineError.invalid(
        "TensorArray \(options.name): Could not aggregate to TensorArray index \(index) because the existing shape is "
          + "\(sum.shape) but the new input shape is \(value.shape).")
    }
    let loop = try BinaryLoop.arithmetic("Add", value.dtype)
    sum.withUnsafeMutableBytes { target in
      value.withUnsafeBytes { source in
        guard let left = target.baseAddress, let right = source.baseAddress else { return }
        loop.run(.both, left, right, left, value.elementCount)
      }
    }
    elements[index].value = sum
  }

  func read(_ index: Int) throws -> Tensor {
    try open()
    guard elements.indices.contains(index) else {
      throw EngineError.invalid("Tried to read from index \(index) but array size is: \(elements.count)")
    }
    if elements[index].isCleared {
      throw EngineError.invalid(
        "TensorArray \(options.name): Could not read index \(index) twice because it was cleared after a previous read "
          + "(perhaps try setting clear_after_read = false?).")
    }
    let value: Tensor
    if let written = elements[index].value {
      value = written
    } else {
      // An element nobody wrote counts as zeros where its shape is known.
      let known = elements[index].shape ?? options.elementShape.full
      guard let shape = known, options.dtype.byteWidth != nil || options.dtype == .string else {
        throw EngineError.invalid(
          "TensorArray \(options.name): Could not read from TensorArray index \(index).  Furthermore, the element shape "
            + "is not fully defined: \(options.elementShape).  It is possible you are working with a resizeable "
            + "TensorArray and stop_gradients is not allowing the gradients to be written.  If you set the full "
            + "element_shape property on the forward TensorArray, the proper all-zeros tensor will be returned instead "
            + "of incurring this error.")
      }
      try KernelContext.checkSize(options.dtype, shape)
      value = Tensor(zeros: options.dtype, shape: shape)
    }
    if options.clearsAfterRead {
      elements[index].value = nil
      elements[index].isCleared = true
    }
    return value
  }

  /// The array that gathers the gradients, where every element has dimensions prepended.
  func gradient(source: String, prepending dimensions: [Int]) throws -> TensorArray {
    let array = try gradient(source: source)
    guard !dimensions.isEmpty else { return array }
    for index in array.elements.indices {
      if let shape = array.elements[index].shape {
        array.elements[index].shape = Shape(dimensions + shape.dimensions)
      }
    }
    array.options.elementShape = PartialShape(dimensions).concatenated(with: array.options.elementShape)
    return array
  }

  /// The array that gathers the gradients of this one's elements for `source`; made when first asked for.
  func gradient(source: String) throws -> TensorArray {
    try open()
    if let made = gradients[source] { return made }
    guard !accumulates else {
      throw EngineError.invalid(
        "Unable to create a gradients TensorArray for \(options.name).  Perhaps you used the multiple_writes_aggregate "
          + "flag on a previous write?  Gradient calculation is impossible when multiple writes are performed to the "
          + "same index.")
    }
    var options = options
    options.name = "\(self.options.name)@\(source)"
    options.isDynamic = false
    options.clearsAfterRead = false
    options.hasIdenticalShapes = false
    let array = try TensorArray(options: options, count: elements.count, accumulates: true)
    for index in elements.indices { array.elements[index].shape = elements[index].shape }
    gradients[source] = array
    // A gradient of a size that is still to change would miss elements.
    self.options.isDynamic = false
    return array
  }
}

/// A last-in-first-out list of tensors that lives for one run: where a loop leaves values for its gradient.
///
/// `@unchecked Sendable`: one run uses it, and the steps of a run follow one another.
final class TensorStack: @unchecked Sendable {
  let name: String
  let dtype: DataType
  /// Most elements it may hold; no limit where negative.
  let limit: Int
  private var elements: [Tensor] = []
  private var isClosed = false

  init(name: String, dtype: DataType, limit: Int) {
    self.name = name
    self.dtype = dtype
    self.limit = limit
  }

  func push(_ value: Tensor) throws {
    guard !isClosed else { throw EngineError.invalid("Stack[\(name)] has already been closed.") }
    guard value.dtype == dtype else {
      throw EngineError.invalid("Must have type \(dtype.shortName) but got \(value.dtype.shortName)")
    }
    guard limit < 0 || elements.count < limit else {
      throw EngineError.invalid("Stack[\(name)] overflowed its max_size (\(limit))")
    }
    elements.append(value)
  }

  func pop() throws -> Tensor {
    guard !isClosed else { throw EngineError.invalid("Stack[\(name)] has already been closed.") }
    guard let value = elements.popLast() else {
      throw EngineError.invalid("Stack[\(name)] is empty when calling Pop().")
    }
    return value
  }

  func close() {
    elements = []
    isClosed = true
  }
}
