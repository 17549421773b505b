/// Why a tensor could not be made from outside data. Callers report the message and give up on that tensor.
public enum TensorError: Error, Equatable, CustomStringConvertible {
  /// A dimension is negative, or the shape has more elements than memory can address.
  case invalidShape(Shape)
  /// The bytes given are not what dtype and shape need.
  case byteCountMismatch(dtype: DataType, shape: Shape, expected: Int, found: Int)
  /// The type's elements have no fixed size, so they cannot come from raw bytes.
  case notPlainBytes(DataType)

  public var description: String {
    switch self {
    case .invalidShape(let shape):
      "shape \(shape) has a negative dimension or too many elements"
    case .byteCountMismatch(let dtype, let shape, let expected, let found):
      "a \(dtype.name) tensor of shape \(shape) takes \(expected) bytes, but \(found) were given"
    case .notPlainBytes(let dtype):
      "a \(dtype.name) tensor cannot be made from raw bytes"
    }
  }
}

/// An n-dimensional value over one contiguous row-major buffer.
///
/// A value type: copies share the buffer until one of them is changed. Numbers lie in memory as in TensorFlow's files
/// (little-endian; complex as real, imaginary; bool as one byte). String tensors hold byte strings of any length.
public struct Tensor: Sendable {
  public let dtype: DataType
  public let shape: Shape
  package var storage: TensorStorage

  /// Wraps a block that is at least as large as dtype and shape need.
  package init(dtype: DataType, shape: Shape, storage: TensorStorage) {
    self.dtype = dtype
    self.shape = shape
    self.storage = storage
  }

  /// A tensor whose elements are not yet set; the caller fills all of them before anyone reads.
  /// - Precondition: `dtype` has a fixed width and the size fits memory.
  package init(uninitialized dtype: DataType, shape: Shape) {
    guard let bytes = Tensor.byteCount(dtype, shape) else {
      preconditionFailure("no \(dtype.name) tensor of shape \(shape) can exist")
    }
    self.init(dtype: dtype, shape: shape, storage: TensorStorage(capacity: bytes))
  }

  /// A tensor of the given elements in row-major order.
  /// - Precondition: `scalars` has as many elements as `shape`.
  public init<S: TensorScalar>(_ scalars: [S], shape: Shape) {
    precondition(
      scalars.count == shape.elementCount, "shape \(shape) does not have \(scalars.count) elements")
    self.init(uninitialized: S.dataType, shape: shape)
    scalars.withUnsafeBytes { source in
      if let base = source.baseAddress { storage.pointer.copyMemory(from: base, byteCount: source.count) }
    }
  }

  /// A vector of the given elements.
  public init<S: TensorScalar>(_ scalars: [S]) { self.init(scalars, shape: [scalars.count]) }

  /// A scalar.
  public init<S: TensorScalar>(_ scalar: S) {
    self.init(dtype: S.dataType, shape: .scalar, storage: TensorStorage(capacity: MemoryLayout<S>.size))
    storage.pointer.storeBytes(of: scalar, as: S.self)
  }

  /// A tensor of raw little-endian row-major bytes, as checkpoints and `tensor_content` hold them.
  public init(dtype: DataType, shape: Shape, bytes: [UInt8]) throws {
    try self.init(dtype: dtype, shape: shape, byteCount: bytes.count) { target in
      bytes.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }

  /// A tensor of `byteCount` raw bytes that `fill` writes; the buffer it gets is zero at the start.
  public init(
    dtype: DataType, shape: Shape, byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    guard dtype.byteWidth != nil else { throw TensorError.notPlainBytes(dtype) }
    guard let expected = Tensor.byteCount(dtype, shape) else { throw TensorError.invalidShape(shape) }
    guard expected == byteCount else {
      throw TensorError.byteCountMismatch(dtype: dtype, shape: shape, expected: expected, found: byteCount)
    }
    self.init(zeros: dtype, shape: shape)
    try withUnsafeMutableBytes(fill)
  }

  /// A tensor of zeros, of false, or of empty strings.
  /// - Precondition: the size fits memory, and dtype is neither resource nor variant.
  public init(zeros dtype: DataType, shape: Shape) {
    if dtype == .string {
      self.init(strings: [[UInt8]](repeating: [], count: shape.elementCount), shape: shape)
    } else {
      self.init(uninitialized: dtype, shape: shape)
      storage.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: storage.capacity)
    }
  }

  /// A tensor of byte strings in row-major order.
  /// - Precondition: `strings` has as many elements as `shape`.
  public init(strings: [[UInt8]], shape: Shape) {
    precondition(
      strings.count == shape.elementCount, "shape \(shape) does not have \(strings.count) elements")
    self.init(dtype: .string, shape: shape, storage: TensorStorage(strings: strings))
  }

  /// A scalar string, as UTF-8.
  public init(_ string: String) { self.init(strings: [Array(string.utf8)], shape: .scalar) }

  /// The elements of a string tensor; empty for every other type.
  public var strings: [[UInt8]] { storage.strings }

  public var rank: Int { shape.rank }
  public var elementCount: Int { shape.elementCount }

  /// Bytes of the raw form; 0 for string tensors, whose elements live in `strings`.
  public var byteCount: Int { (dtype.byteWidth ?? 0) * shape.elementCount }

  /// The elements in row-major order.
  /// - Precondition: `S` is the Swift type of `dtype`.
  public func scalars<S: TensorScalar>(_: S.Type = S.self) -> [S] {
    precondition(S.dataType == dtype, "a \(dtype.name) tensor has no elements of type \(S.dataType.name)")
    if S.self == Bool.self {
      // Files may hold any non-zero byte for true; a Swift Bool must be 0 or 1.
      return withUnsafeBytes { bytes in bytes.map { $0 != 0 } } as? [S] ?? []
    }
    let count = elementCount
    return [S](unsafeUninitializedCapacity: count) { buffer, initialized in
      withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      initialized = count
    }
  }

  /// The first element; of a scalar, its value.
  /// - Precondition: `S` is the Swift type of `dtype` and there is an element.
  public func scalar<S: TensorScalar>(_: S.Type = S.self) -> S {
    precondition(S.dataType == dtype, "a \(dtype.name) tensor has no elements of type \(S.dataType.name)")
    precondition(elementCount > 0, "an empty tensor has no first element")
    if S.self == Bool.self, let value = (storage.pointer.load(as: UInt8.self) != 0) as? S { return value }
    return storage.pointer.load(as: S.self)
  }

  /// The same elements under another shape; shares the buffer.
  /// - Precondition: both shapes have the same number of elements.
  public func reshaped(to newShape: Shape) -> Tensor {
    precondition(
      newShape.elementCount == elementCount, "cannot reshape \(elementCount) elements to \(newShape)")
    return Tensor(dtype: dtype, shape: newShape, storage: storage)
  }

  /// Calls `body` with the raw bytes; empty for string tensors.
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(start: storage.pointer, count: byteCount))
  }

  /// Calls `body` with the raw bytes for writing, after a copy if another tensor shares them; empty for string tensors.
  public mutating func withUnsafeMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeMutableRawBufferPointer(start: storage.pointer, count: byteCount))
  }

  /// Copies the block if another tensor shares it.
  package mutating func makeUnique() {
    if isKnownUniquelyReferenced(&storage) { return }
    if dtype == .string {
      storage = TensorStorage(strings: storage.strings)
    } else {
      let copy = TensorStorage(capacity: byteCount)
      copy.pointer.copyMemory(from: storage.pointer, byteCount: byteCount)
      storage = copy
    }
  }

  /// Bytes that `dtype` and `shape` take; nil where the type has no fixed width or the size does not fit.
  package static func byteCount(_ dtype: DataType, _ shape: Shape) -> Int? {
    guard let width = dtype.byteWidth, let count = shape.checkedElementCount() else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
    return overflow ? nil : bytes
  }
}

extension Tensor: Equatable {
  /// Same type, same shape, same bytes: a NaN equals itself, 0 and -0 differ.
  public static func == (left: Tensor, right: Tensor) -> Bool {
    guard left.dtype == right.dtype, left.shape == right.shape else { return false }
    if left.storage === right.storage { return true }
    if left.dtype == .string { return left.strings == right.strings }
    return left.withUnsafeBytes { a in right.withUnsafeBytes { b in a.elementsEqual(b) } }
  }
}
