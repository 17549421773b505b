import Engine
import Synchronization
import Tensors

/// Whether `getVariable` makes a variable, takes one that exists, or does what fits.
public enum Reuse: Sendable, Equatable {
  /// As in the surrounding scope; at the outside: make a new variable, and fail if it exists.
  case inherit
  /// Take the variable that exists, and fail if there is none.
  case always
  /// Take the variable if it exists, make it otherwise (`tf.AUTO_REUSE`).
  case automatic

  /// The rule inside a scope opened with `self` within one that has `outer`: what is set outside cannot be undone.
  func within(_ outer: Reuse) -> Reuse { self == .inherit ? outer : self }
}

/// A place where `getVariable` puts variables, with what it hands on to them (TensorFlow's `tf.VariableScope`).
///
/// An object: what is set on it holds for the rest of its block.
public final class VariableScope: Sendable {
  private struct State {
    var reuse: Reuse
    var initializer: Initializer?
    var dtype: DataType
  }

  /// Prefix of variable names, without the last slash; empty at the outside.
  public let name: String
  /// The op name scope that was opened with the variable scope, ending in a slash, or empty. Give it to `nameScope` to
  /// put ops there again.
  public let originalNameScope: String
  private let state: Mutex<State>

  init(name: String, originalNameScope: String, reuse: Reuse, initializer: Initializer?, dtype: DataType) {
    self.name = name
    self.originalNameScope = originalNameScope
    state = Mutex(State(reuse: reuse, initializer: initializer, dtype: dtype))
  }

  /// The present rule.
  public var reuse: Reuse { state.withLock { $0.reuse } }

  /// From here to the end of the scope's block variables are taken, not made.
  public func reuseVariables() { state.withLock { $0.reuse = .always } }

  /// The initializer of variables that name none; nil leaves the choice to their type.
  public var initializer: Initializer? {
    get { state.withLock { $0.initializer } }
    set { state.withLock { $0.initializer = newValue } }
  }

  /// The type of variables that name none.
  public var dtype: DataType {
    get { state.withLock { $0.dtype } }
    set { state.withLock { $0.dtype = newValue } }
  }
}

/// The variables of a graph that `getVariable` made, how often each scope was opened, and the scope that is open.
struct VariableStore {
  var variables: [String: Variable] = [:]
  var scope = VariableScope(name: "", originalNameScope: "", reuse: .inherit, initializer: nil, dtype: .float32)
  private(set) var openings: [String: Int] = [:]

  /// Counts the opening of a scope.
  mutating func open(_ scope: String) { openings[scope, default: 0] += 1 }

  /// At the end of a scope its inner scopes start counting anew.
  mutating func closeSubscopes(of scope: String) {
    for name in openings.keys where name.hasPrefix(scope + "/") { openings[name] = 0 }
  }

  /// Goes back to what `openings` was before a scope object was entered again.
  mutating func restore(openings old: [String: Int]) { openings = old }

  /// `prefix`, or `prefix_1`, `prefix_2`, … : the first that was not opened inside the present scope.
  func uniqueScope(_ prefix: String) -> String {
    let full = scope.name.isEmpty ? prefix : scope.name + "/" + prefix
    if openings[full, default: 0] == 0 { return prefix }
    var index = 1
    while openings["\(full)_\(index)", default: 0] > 0 { index += 1 }
    return "\(prefix)_\(index)"
  }

  /// The collection in which the graph keeps its store; never exported.
  static let collection = "__variable_store"
}

extension Graph {
  /// Works on the graph's variable store, which the first use makes.
  func withVariableStore<Result>(_ body: (inout VariableStore) throws -> Result) throws -> Result {
    if let store = collection(VariableStore.collection).first as? VariableStoreBox {
      return try store.state.withLock { try body(&$0) }
    }
    let store = VariableStoreBox()
    try addToCollection(VariableStore.collection, store)
    return try store.state.withLock { try body(&$0) }
  }
}

/// The store as an object that a collection can hold.
private final class VariableStoreBox: Sendable {
  let state = Mutex(VariableStore())
}
