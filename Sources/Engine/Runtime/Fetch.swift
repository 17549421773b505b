import Tensors

/// What a run is asked for, in any structure: a value, a node, a name, lists and dictionaries of these.
public indirect enum Fetch: Sendable {
  case output(Output)
  case node(Node)
  /// `x:0` is an output, `train` a node.
  case name(String)
  case list([Fetch])
  case dictionary([String: Fetch])
}

extension Fetch: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral {
  public init(arrayLiteral elements: Fetch...) { self = .list(elements) }
  public init(stringLiteral value: String) { self = .name(value) }
  public init(dictionaryLiteral elements: (String, Fetch)...) {
    self = .dictionary(Dictionary(elements) { _, last in last })
  }
}

/// What a run gave, in the structure that was asked for.
public indirect enum Fetched: Sendable {
  case tensor(Tensor)
  /// A node has no value.
  case nothing
  case list([Fetched])
  case dictionary([String: Fetched])

  /// The value, nil where this is none.
  public var tensor: Tensor? {
    if case .tensor(let tensor) = self { return tensor }
    return nil
  }

  /// An element of a list.
  /// - Precondition: this is a list that has it.
  public subscript(index: Int) -> Fetched {
    guard case .list(let elements) = self else { preconditionFailure("this is no list of fetched values") }
    return elements[index]
  }

  /// An element of a dictionary; nil where it has none of this name.
  public subscript(name: String) -> Fetched? {
    guard case .dictionary(let elements) = self else { return nil }
    return elements[name]
  }
}

extension Session {
  /// Runs what a structure of fetches needs, once; what is in it several times is computed once.
  /// - Returns: the values, in the same structure.
  /// - Throws: as the other forms of `run`.
  public func run(structure: Fetch, feeds: [Output: Tensor] = [:]) throws -> Fetched {
    var elements: [GraphElement] = []
    try flatten(structure, into: &elements)
    var positions: [GraphElement: Int] = [:]
    var unique: [GraphElement] = []
    for element in elements where positions[element] == nil {
      positions[element] = unique.count
      unique.append(element)
    }
    let values = try run(unique, feeds: feeds)
    var next = 0
    func build(_ fetch: Fetch) -> Fetched {
      switch fetch {
      case .output, .node, .name:
        defer { next += 1 }
        return positions[elements[next]].flatMap { values[$0] }.map(Fetched.tensor) ?? .nothing
      case .list(let list): return .list(list.map(build))
      case .dictionary(let dictionary):
        var built: [String: Fetched] = [:]
        for key in dictionary.keys.sorted() { built[key] = dictionary[key].map(build) }
        return .dictionary(built)
      }
    }
    return build(structure)
  }

  private func flatten(_ fetch: Fetch, into elements: inout [GraphElement]) throws {
    switch fetch {
    case .output(let output): elements.append(.output(output))
    case .node(let node): elements.append(.node(node))
    case .name(let name):
      do {
        elements.append(try graph.element(named: name))
      } catch let error as EngineError {
        throw EngineError(
          error.code, "Fetch argument '\(name)' cannot be interpreted as a Tensor. (\(error.message))")
      }
    case .list(let list): for element in list { try flatten(element, into: &elements) }
    case .dictionary(let dictionary):
      for key in dictionary.keys.sorted() { if let value = dictionary[key] { try flatten(value, into: &elements) } }
    }
  }
}
