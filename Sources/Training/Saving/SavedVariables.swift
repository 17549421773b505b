import Engine

/// The formats a saver can write (`SaverDef.CheckpointFormatVersion`).
public enum CheckpointVersion: Int, Sendable {
  /// One table file for each shard; TensorFlow's first format.
  case v1 = 1
  /// An index and data files.
  case v2 = 2
}

/// Which variables a saver saves, and under which names.
public enum SavedVariables {
  /// All global variables, and what is in the collection `saveable_objects`, under the names of their nodes. Parts of
  /// a partitioned variable are saved under the name of the whole.
  case all
  /// These, under the names of their nodes.
  case list([Variable])
  /// These, under names of one's own: variables are renamed on their way into and out of the file.
  case named([String: Variable])
  /// These whole or partitioned variables, under names of one's own.
  case namedParts([String: PartitionedVariable], and: [String: Variable])

  /// What is saved, in the order of the names.
  func resolve(in graph: Graph) throws -> [Saveable] {
    let found: [Saveable]
    switch self {
    case .all:
      let others = graph.variables(in: GraphKeys.saveableObjects)
      found = try Self.byNodeName(graph.globalVariables + others)
    case .list(let variables): found = try Self.byNodeName(variables)
    case .named(let variables): found = try Self.renamed(variables.mapValues { [$0] })
    case .namedParts(let partitioned, let variables):
      found = try Self.renamed(partitioned.mapValues(\.parts).merging(variables.mapValues { [$0] }) { $0 + $1 })
    }
    // Sorted by name; parts keep their order.
    return found.enumerated().sorted { left, right in
      let (a, b) = (left.element.name.utf8, right.element.name.utf8)
      return a.elementsEqual(b) ? left.offset < right.offset : a.lexicographicallyPrecedes(b)
    }.map(\.element)
  }

  private static func renamed(_ variables: [String: [Variable]]) throws -> [Saveable] {
    var names: [Variable: String] = [:]
    var found: [Saveable] = []
    for (name, parts) in variables.sorted(by: { $0.key < $1.key }) {
      for part in parts {
        if names.updateValue(name, forKey: part) != nil {
          throw BuildError.value("The same saveable will be restored with two names: \(name)")
        }
        found.append(Saveable(name: name, variable: part))
      }
    }
    return found
  }

  private static func byNodeName(_ variables: [Variable]) throws -> [Saveable] {
    var whole = Set<String>()
    var slices: [String: Set<Variable>] = [:]
    return try variables.map { variable in
      let name = variable.slice?.fullName ?? variable.node.name
      let isNew =
        variable.slice == nil
        ? slices[name] == nil && whole.insert(name).inserted
        : !whole.contains(name) && slices[name, default: []].insert(variable).inserted
      guard isNew else { throw BuildError.value("At least two variables have the same name: \(name)") }
      return Saveable(name: name, variable: variable)
    }
  }
}
