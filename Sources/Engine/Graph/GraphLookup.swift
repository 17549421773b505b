// Finding things by name, with the texts of TensorFlow's `Graph.as_graph_element`.

/// A node or one of its outputs: what a fetch or a feed may name.
public enum GraphElement: Hashable, Sendable {
  case node(Node)
  case output(Output)
}

extension Graph {
  /// What `name` stands for: an output where it holds a colon, otherwise a node.
  /// - Throws: `EngineError` (NotFound, or InvalidArgument for a malformed name).
  public func element(named name: String, allowOutput: Bool = true, allowNode: Bool = true) throws -> GraphElement {
    let kinds = allowOutput && allowNode ? "Tensor or Operation" : allowOutput ? "Tensor" : "Operation"
    guard let colon = name.lastIndex(of: ":") else {
      if allowNode {
        guard let node = node(named: name) else {
          throw EngineError(.notFound, "The name '\(name)' refers to an Operation not in the graph.")
        }
        return .node(node)
      }
      let what =
        node(named: name) != nil
        ? "refers to an Operation, not a \(kinds)." : "looks like an (invalid) Operation name, not a \(kinds)."
      throw EngineError.invalid(
        "The name '\(name)' \(what) Tensor names must be of the form \"<op_name>:<output_index>\".")
    }
    guard allowOutput else {
      throw EngineError.invalid("Name '\(name)' appears to refer to a Tensor, not a \(kinds).")
    }
    let nodeName = String(name[..<colon])
    guard !nodeName.contains(":"), let index = Int(name[name.index(after: colon)...]) else {
      throw EngineError.invalid(
        "The name '\(name)' looks a like a Tensor name, but is not a valid one. Tensor names must be of the form "
          + "\"<op_name>:<output_index>\".")
    }
    guard let node = node(named: nodeName) else {
      throw EngineError(
        .notFound,
        "The name '\(name)' refers to a Tensor which does not exist. The operation, '\(nodeName)', does not exist in "
          + "the graph.")
    }
    guard node.outputTypes.indices.contains(index) else {
      throw EngineError(
        .notFound,
        "The name '\(name)' refers to a Tensor which does not exist. The operation, '\(nodeName)', exists but only has "
          + "\(node.outputCount) outputs.")
    }
    return .output(node.output(index))
  }

  /// The output called `name`, as `x:0`.
  public func output(named name: String) throws -> Output {
    guard case .output(let output) = try element(named: name, allowNode: false) else {
      throw EngineError.invalid("'\(name)' is not a tensor")
    }
    return output
  }

  /// The node called `name`.
  /// - Throws: `EngineError` where there is none, or `name` is that of an output.
  public func operation(named name: String) throws -> Node {
    guard case .node(let node) = try element(named: name, allowOutput: false) else {
      throw EngineError.invalid("'\(name)' is not an operation")
    }
    return node
  }
}
