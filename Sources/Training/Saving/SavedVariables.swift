import Engine

/// Which variables a saver saves, and under which names.
public enum SavedVariables {
  /// All global variables, under the names of their nodes.
  case all
  /// These, under the names of their nodes.
  case list([Variable])
  /// These, under names of one's own: variables are renamed on their way into and out of the file.
  case named([String: Variable])

  func resolve(in graph: Graph) throws -> [(name: String, variable: Variable)] {
    switch self {
    case .all: return try Self.byNodeName(graph.globalVariables)
    case .list(let variables): return try Self.byNodeName(variables)
    case .named(let variables):
      var names: [Variable: String] = [:]
      for (name, variable) in variables.sorted(by: { $0.key < $1.key }) {
        if names.updateValue(name, forKey: variable) != nil {
          throw BuildError.value("The same saveable will be restored with two names: \(name)")
        }
      }
      return variables.map { ($0.key, $0.value) }
    }
  }

  private static func byNodeName(_ variables: [Variable]) throws -> [(name: String, variable: Variable)] {
    var seen = Set<String>()
    return try variables.map { variable in
      guard seen.insert(variable.node.name).inserted else {
        throw BuildError.value("At least two variables have the same name: \(variable.node.name)")
      }
      return (variable.node.name, variable)
    }
  }
}
