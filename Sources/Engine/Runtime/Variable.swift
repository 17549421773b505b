import Foundation
import Tensors

/// A variable's state in a session: what `VariableV2` refers to and `VarHandleOp` hands out.
///
/// `@unchecked Sendable`: the value is only touched while the lock is held.
final class Variable: @unchecked Sendable {
  let name: String
  let dtype: DataType
  /// Whether it belongs to a resource handle, which only changes the wording of errors.
  let isResource: Bool
  /// Fixes the order in which several variables are locked.
  let order: Int
  private let lock = NSLock()
  private var value: Tensor?

  init(name: String, dtype: DataType, isResource: Bool, order: Int) {
    self.name = name
    self.dtype = dtype
    self.isResource = isResource
    self.order = order
  }

  var isInitialized: Bool {
    lock.lock()
    defer { lock.unlock() }
    return value != nil
  }

  /// The present value.
  /// - Throws: FailedPrecondition before the first assignment.
  func read() throws -> Tensor {
    lock.lock()
    defer { lock.unlock() }
    return try initialized()
  }

  private func initialized() throws -> Tensor {
    if let value { return value }
    throw EngineError(
      .failedPrecondition,
      isResource
        ? "Error while reading resource variable \(name) from Container: localhost. This could mean that the variable "
          + "was uninitialized. Not found: Resource localhost/\(name)/N10tensorflow3VarE does not exist."
        : "Attempting to use uninitialized value \(name)")
  }

  /// Replaces the value. `check` sees the old one first and may throw.
  func assign(_ new: Tensor, check: (Tensor?) throws -> Void = { _ in }) throws {
    lock.lock()
    defer { lock.unlock() }
    try check(value)
    value = new
  }

  /// Forgets the value.
  func destroy() {
    lock.lock()
    defer { lock.unlock() }
    value = nil
  }

  /// Changes the values of several variables together, each in place where nobody else holds it.
  /// - Throws: FailedPrecondition where one is not initialized; what `body` throws; it checks everything
  ///   before it changes anything.
  static func update(_ variables: [Variable], _ body: (inout [Tensor]) throws -> Void) throws {
    let ordered = variables.sorted { $0.order < $1.order }
    var locked: [Variable] = []
    for variable in ordered where locked.last !== variable {
      variable.lock.lock()
      locked.append(variable)
    }
    defer { for variable in locked { variable.lock.unlock() } }
    var values = try variables.map { try $0.initialized() }
    for variable in locked { variable.value = nil }
    defer { for (variable, value) in zip(variables, values) { variable.value = value } }
    try body(&values)
  }
}
