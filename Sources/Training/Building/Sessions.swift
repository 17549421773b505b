import Engine
import Tensors

extension Graph {
  /// A session of this graph that can save and restore checkpoints (`tf.Session()`).
  public func makeSession(allowSoftPlacement: Bool = false) -> Session {
    Session(
      graph: self,
      configuration: SessionConfiguration(
        allowSoftPlacement: allowSoftPlacement, checkpoints: BundleCheckpointStore(), records: RecordFileStore()))
  }

  /// Runs `body` with a session, which is closed at its end (`with tf.Session() as session`).
  public func withSession<Result>(_ body: (Session) throws -> Result) rethrows -> Result {
    let session = makeSession()
    defer { session.close() }
    return try body(session)
  }
}

extension Variable {
  /// Sets the variable to a value in one session, without a node of its own (`Variable.load`).
  /// - Throws: `EngineError` for a value of another type or shape.
  public func load(_ value: Tensor, in session: Session) throws {
    guard initializer.inputs.count == 2 else {
      throw BuildError.value("\(self) has no initializer that takes a value.")
    }
    try session.run(initializer, feeds: [initializer.inputs[1]: value])
  }

  /// The value in a session (`Variable.eval`).
  public func value(in session: Session) throws -> Tensor { try session.run(self) }
}

extension Session {
  /// The value of a variable.
  public func run(_ variable: Variable) throws -> Tensor { try run(variable.value) }

  /// Runs a node, and answers outputs of the same run.
  public func run(_ node: Node, fetching outputs: [Output], feeds: [Output: Tensor] = [:]) throws -> [Tensor] {
    try run([.node(node)] + outputs.map(GraphElement.output), feeds: feeds).compactMap { $0 }
  }
}
