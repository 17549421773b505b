/// The memory behind tensors: one block aligned for vector loads, or the elements of a string tensor.
///
/// Unsafe island. `@unchecked Sendable` holds because the contents change only through a `Tensor` that has made sure
/// it is the sole owner (`isKnownUniquelyReferenced`), so no two threads ever see a block that one of them writes.
package final class TensorStorage: @unchecked Sendable {
  /// Cache line and widest vector register.
  package static let alignment = 64

  /// Start of the block; valid for `capacity` bytes (at least one is allocated).
  package let pointer: UnsafeMutableRawPointer
  package let capacity: Int
  /// Elements of a string tensor; empty for every other type.
  package var strings: [[UInt8]]
  /// What a handle (a scalar of type resource, or of type string for older operations) stands for: a queue, a stack.
  package let object: (any AnyObject & Sendable)?

  /// An uninitialised block of `capacity` bytes.
  package init(capacity: Int) {
    precondition(capacity >= 0, "a tensor's size cannot be negative")
    pointer = .allocate(byteCount: max(capacity, 1), alignment: Self.alignment)
    self.capacity = capacity
    strings = []
    object = nil
  }

  package init(strings: [[UInt8]]) {
    pointer = .allocate(byteCount: 1, alignment: Self.alignment)
    capacity = 0
    self.strings = strings
    object = nil
  }

  /// A handle to `object`; it holds no elements that could be computed with.
  package init(handleTo object: any AnyObject & Sendable, name: String) {
    pointer = .allocate(byteCount: 1, alignment: Self.alignment)
    capacity = 0
    strings = [Array(name.utf8)]
    self.object = object
  }

  deinit { pointer.deallocate() }
}
