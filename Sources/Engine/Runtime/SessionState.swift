import Synchronization
import Tensors

/// What a session keeps between runs: variables, and kernels with the random streams inside them.
final class SessionState: Sendable {
  let configuration: SessionConfiguration

  private struct State {
    var variables: [String: Variable] = [:]
    var kernels: [Node: Kernel] = [:]
    /// What the kernels keep and can take back.
    var rewindables: [any RewindableState] = []
    var constants: [Node: Tensor] = [:]
    var resources: [String: (op: String, handle: Tensor)] = [:]
    var resourceCount = 0
  }
  private let state = Mutex(State())

  init(configuration: SessionConfiguration) { self.configuration = configuration }

  func clear() { state.withLock { $0 = State() } }

  /// The variables, and what kernels can take back.
  var contents: (variables: [Variable], rewindables: [any RewindableState]) {
    state.withLock { (Array($0.variables.values), $0.rewindables) }
  }

  /// The variable a `VariableV2` or `VarHandleOp` node stands for; nodes with one shared name share it.
  func variable(for node: Node) throws -> Variable {
    let shared = try node.string("shared_name")
    let container = try node.string("container")
    let name = shared.isEmpty ? node.name : shared
    let isResource = node.op == "VarHandleOp"
    let dtype = try node.type("dtype")
    return try state.withLock { state in
      let key = "\(isResource)/\(container)/\(name)"
      if let variable = state.variables[key] {
        guard variable.dtype == dtype else {
          throw EngineError(
            .invalidArgument, "variable \(name) is \(variable.dtype.name), but \(dtype.name) was asked for",
            node: node.name)
        }
        return variable
      }
      let variable = Variable(name: name, dtype: dtype, isResource: isResource, order: state.variables.count)
      state.variables[key] = variable
      return variable
    }
  }

  /// The code of a node, made once a session: all plans share the state inside, such as a random stream.
  /// - Throws: Unimplemented naming the operation where there is none.
  func kernel(for node: Node) throws -> Kernel {
    if let kernel = state.withLock({ $0.kernels[node] }) { return kernel }
    guard let factory = node.definition?.makeKernel else {
      throw EngineError(
        .unimplemented, "No OpKernel was registered to support Op '\(node.op)' used by \(node.name)", node: node.name)
    }
    let kernel: Kernel
    let made = RewindableStates()
    do {
      kernel = try RewindableStates.$current.withValue(made) { try factory(node) }
    } catch let error as EngineError {
      throw error.at(node: node.name)
    }
    return state.withLock { state in
      if let other = state.kernels[node] { return other }
      state.kernels[node] = kernel
      state.rewindables += made.all
      return kernel
    }
  }

  /// The handle that a node such as `FIFOQueueV2` gives; nodes with one shared name share what it stands for.
  /// - Throws: InvalidArgument where nodes of different operations share a name.
  func resource(of node: Node, _ make: OpDefinition.ResourceFactory) throws -> Tensor {
    let shared = try node.string("shared_name")
    let container = try node.string("container")
    let key = "\(container)/\(shared.isEmpty ? "node/" + node.name : "shared/" + shared)"
    return try state.withLock { state in
      if let known = state.resources[key] {
        guard known.op == node.op else {
          throw EngineError(
            .invalidArgument, "'\(shared)' is shared by \(known.op) and \(node.op): give them different names",
            node: node.name)
        }
        return known.handle
      }
      let name = shared.isEmpty ? "_\(state.resourceCount)_\(node.name)" : shared
      do {
        let handle = Tensor(handleTo: try make(node, name), name: name, dtype: node.outputTypes[0])
        state.resources[key] = (node.op, handle)
        state.resourceCount += 1
        return handle
      } catch let error as EngineError {
        throw error.at(node: node.name)
      }
    }
  }

  /// The value of a `Const`, decoded once a session.
  func constant(of node: Node) throws -> Tensor {
    if let value = state.withLock({ $0.constants[node] }) { return value }
    let value = try node.constantValue()
    state.withLock { $0.constants[node] = value }
    return value
  }
}
