/// The operations this build knows.
public struct OpRegistry: Sendable {
  private var definitions: [String: OpDefinition] = [:]

  /// Every operation of the engine.
  public static let standard: OpRegistry = {
    var registry = OpRegistry()
    for register in families { register(&registry) }
    return registry
  }()

  public subscript(name: String) -> OpDefinition? { definitions[name] }

  /// Names of all operations, sorted.
  public var names: [String] { definitions.keys.sorted() }

  /// Names of the operations that can run, sorted.
  public var runnableNames: [String] { definitions.values.filter { $0.makeKernel != nil }.map(\.name).sorted() }

  /// Adds one operation.
  /// - Precondition: its name is new.
  mutating func add(_ definition: OpDefinition, shapes: OpDefinition.ShapeFunction? = nil) {
    precondition(definitions[definition.name] == nil, "op \(definition.name) is defined twice")
    definitions[definition.name] = definition
    definitions[definition.name]?.inferShapes = shapes
  }

  /// Says how an operation runs. Operations, kernels and gradients are kept in files of their own, by family.
  /// - Precondition: the operation is defined and has no kernel yet.
  mutating func kernel(_ name: String, _ factory: @escaping OpDefinition.KernelFactory) {
    precondition(definitions[name] != nil && definitions[name]?.makeKernel == nil, "kernel of \(name)")
    definitions[name]?.makeKernel = factory
  }

  /// Says how an operation runs, in place of what was said before.
  mutating func replaceKernel(_ name: String, _ factory: @escaping OpDefinition.KernelFactory) {
    definitions[name]?.makeKernel = factory
  }

  /// Says what the only output of an operation, a handle, stands for. A session makes it once for all nodes that share
  /// a name.
  mutating func resource(_ name: String, _ factory: @escaping OpDefinition.ResourceFactory) {
    precondition(definitions[name]?.outputs.count == 1 && definitions[name]?.makeKernel == nil, "resource of \(name)")
    definitions[name]?.makeResource = factory
    definitions[name]?.makeKernel = { node in
      { _ in throw EngineError(.internal, "the handle of '\(node.name)' belongs to the session's plans") }
    }
  }

  /// Says how gradients flow back through an operation.
  /// - Precondition: the operation is defined and has no gradient yet.
  mutating func gradient(_ name: String, _ rule: @escaping @Sendable (GradientContext) throws -> [Output?]) {
    precondition(definitions[name] != nil && definitions[name]?.gradient == nil, "gradient of \(name)")
    rowGradient(name) { try rule($0).map { $0.map(Gradient.dense) } }
  }

  /// The same for an operation whose gradient may be one of rows.
  mutating func rowGradient(_ name: String, _ rule: @escaping @Sendable (GradientContext) throws -> [Gradient?]) {
    precondition(definitions[name] != nil && definitions[name]?.gradient == nil, "gradient of \(name)")
    definitions[name]?.gradient = .rule(rule)
  }

  /// Says that no gradient flows through these operations.
  mutating func noGradient(_ names: String...) {
    for name in names {
      precondition(definitions[name] != nil && definitions[name]?.gradient == nil, "gradient of \(name)")
      definitions[name]?.gradient = GradientRule.none
    }
  }
}
