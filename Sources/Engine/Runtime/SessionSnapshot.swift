import Synchronization
import Tensors

/// What a session held at one moment: the values of its variables and the positions of its random streams.
///
/// Taking one copies nothing: a variable that changes afterwards gets new memory once. Queues, readers and other
/// resources are not part of it.
public struct SessionSnapshot: Sendable {
  let variables: [(variable: Variable, value: Tensor?)]
  let restores: [@Sendable () -> Void]

  /// Whether the value of every variable was finite.
  public var hasNonFinite: Bool { variables.contains { $0.value?.hasNonFinite ?? false } }
}

extension Session {
  /// Remembers variables and random streams as they are now. Runs that are under way make it meaningless.
  public func snapshot() -> SessionSnapshot { resources.snapshot() }

  /// Makes variables and random streams again what they were. Variables made since lose their values.
  public func restore(_ snapshot: SessionSnapshot) throws { try resources.restore(snapshot) }
}

extension SessionState {
  func snapshot() -> SessionSnapshot {
    let (variables, rewindables) = contents
    return SessionSnapshot(
      variables: variables.map { ($0, try? $0.read()) }, restores: rewindables.map { $0.rememberPosition() })
  }

  func restore(_ snapshot: SessionSnapshot) throws {
    let known = Set(snapshot.variables.map { ObjectIdentifier($0.variable) })
    for variable in contents.variables where !known.contains(ObjectIdentifier(variable)) { variable.destroy() }
    for (variable, value) in snapshot.variables {
      if let value { try variable.assign(value) } else { variable.destroy() }
    }
    for restore in snapshot.restores { restore() }
  }
}

/// What a kernel keeps from run to run and can take back.
protocol RewindableState: AnyObject, Sendable {
  /// Answers what makes the state again what it is now.
  func rememberPosition() -> @Sendable () -> Void
}

/// Hears of the states that kernels make for themselves while a session makes the kernels.
final class RewindableStates: Sendable {
  @TaskLocal static var current: RewindableStates?

  private let states = Mutex<[any RewindableState]>([])
  var all: [any RewindableState] { states.withLock { $0 } }
  func add(_ state: any RewindableState) { states.withLock { $0.append(state) } }
}

extension Tensor {
  /// Whether an element is NaN or infinite; false of types that have neither.
  public var hasNonFinite: Bool {
    withUnsafeBytes { bytes in
      switch dtype {
      // All bits of the exponent are set in NaN and infinities, in nothing else.
      case .float32, .complex64: bytes.bindMemory(to: UInt32.self).contains { $0 & 0x7f80_0000 == 0x7f80_0000 }
      case .float64, .complex128:
        bytes.bindMemory(to: UInt64.self).contains { $0 & 0x7ff0_0000_0000_0000 == 0x7ff0_0000_0000_0000 }
      case .float16: bytes.bindMemory(to: UInt16.self).contains { $0 & 0x7c00 == 0x7c00 }
      case .bfloat16: bytes.bindMemory(to: UInt16.self).contains { $0 & 0x7f80 == 0x7f80 }
      default: false
      }
    }
  }
}
