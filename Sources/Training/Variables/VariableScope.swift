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

/// What a variable scope hands on to the variables made in it that say nothing else.
struct VariableDefaults: Sendable {
  var initializer: Initializer?
  var regularizer: Regularizer?
  var cachingDevice: String?
  var partitioner: Partitioner?
  var customGetter: CustomVariableGetter?
  var dtype: DataType?
  var useResource: Bool?
  var constraint: Variable.Constraint?

  /// These inside of `outer`: what is not said is inherited, and getters are asked from the inside out.
  func within(_ outer: VariableDefaults) -> VariableDefaults {
    var merged = outer
    merged.initializer = initializer ?? outer.initializer
    merged.regularizer = regularizer ?? outer.regularizer
    merged.cachingDevice = cachingDevice ?? outer.cachingDevice
    merged.partitioner = partitioner ?? outer.partitioner
    merged.dtype = dtype ?? outer.dtype
    merged.useResource = useResource ?? outer.useResource
    merged.constraint = constraint ?? outer.constraint
    if let inner = customGetter, let outerGetter = outer.customGetter {
      merged.customGetter = { getter, request in try inner({ try outerGetter(getter, $0) }, request) }
    } else {
      merged.customGetter = customGetter ?? outer.customGetter
    }
    return merged
  }
}

/// A place where `getVariable` puts variables, with what it hands on to them (TensorFlow's `tf.VariableScope`).
///
/// An object: what is set on it holds for the rest of its block.
public final class VariableScope: Sendable {
  private struct State {
    var reuse: Reuse
    var defaults: VariableDefaults
  }

  /// Prefix of variable names, without the last slash; empty at the outside.
  public let name: String
  /// The op name scope that was opened with the variable scope, ending in a slash, or empty. Give it to `nameScope` to
  /// put ops there again.
  public let originalNameScope: String
  private let state: Mutex<State>

  init(name: String, originalNameScope: String, reuse: Reuse, defaults: VariableDefaults) {
    self.name = name
    self.originalNameScope = originalNameScope
    state = Mutex(State(reuse: reuse, defaults: defaults))
  }

  var defaults: VariableDefaults { state.withLock { $0.defaults } }

  /// The present rule.
  public var reuse: Reuse { state.withLock { $0.reuse } }

  /// From here to the end of the scope's block variables are taken, not made.
  public func reuseVariables() { state.withLock { $0.reuse = .always } }

  /// The initializer of variables that name none; nil leaves the choice to their type.
  public var initializer: Initializer? {
    get { defaults.initializer }
    set { state.withLock { $0.defaults.initializer = newValue } }
  }

  /// The regularizer of variables that name none.
  public var regularizer: Regularizer? {
    get { defaults.regularizer }
    set { state.withLock { $0.defaults.regularizer = newValue } }
  }

  /// The type of variables that name none.
  public var dtype: DataType {
    get { defaults.dtype ?? .float32 }
    set { state.withLock { $0.defaults.dtype = newValue } }
  }

  /// Where reads of variables are copied to.
  public var cachingDevice: String? {
    get { defaults.cachingDevice }
    set { state.withLock { $0.defaults.cachingDevice = newValue } }
  }

  /// How `getPartitionedVariable` and layers split their variables.
  public var partitioner: Partitioner? {
    get { defaults.partitioner }
    set { state.withLock { $0.defaults.partitioner = newValue } }
  }

  /// Whether resources hold the values of variables that do not say.
  public var useResource: Bool {
    get { defaults.useResource ?? false }
    set { state.withLock { $0.defaults.useResource = newValue } }
  }
}

/// The variables of a graph that `getVariable` made, how often each scope was opened, and the scope that is open.
struct VariableStore {
  var variables: [String: Variable] = [:]
  var partitioned: [String: PartitionedVariable] = [:]
  var scope = VariableScope(name: "", originalNameScope: "", reuse: .inherit, defaults: VariableDefaults())
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
