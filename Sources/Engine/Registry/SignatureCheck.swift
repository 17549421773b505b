import Tensors

// A stored node states its attributes itself, so nothing is inferred: its inputs must be what they call for. Shape
// functions and kernels rely on this.

extension Signature {
  /// Checks a stored node against its operation's definition, as TensorFlow does on import.
  /// - Parameters:
  ///   - attribute: the node's attributes, defaults included.
  ///   - isGuessed: whether the type of an input is not known for certain; such a type is not compared.
  /// - Throws: `EngineError` where an attribute is missing or not allowed, or inputs are not those expected.
  static func check(
    _ definition: OpDefinition, inputs: [Output], node: String, attribute: (String) -> AttributeValue?,
    isGuessed: (Output) -> Bool
  ) throws {
    let op = definition.name
    for expected in definition.attributes {
      guard let value = attribute(expected.name) else {
        throw EngineError(
          .invalidArgument, "NodeDef missing attr '\(expected.name)' from Op<name=\(op)>; NodeDef: {{node \(node)}}",
          node: node)
      }
      try check(value, expected, definition, node: node)
    }
    let types = try expectedTypes(definition, limit: inputs.count, attribute: attribute)
    guard let types, types.count == inputs.count else {
      let list = types.map { $0.map(\.description).joined(separator: ", ") } ?? "of several lists"
      throw EngineError(
        .invalidArgument,
        "NodeDef expected inputs '\(list)' do not match \(inputs.count) inputs specified; Op<name=\(op)>; "
          + "NodeDef: {{node \(node)}}", node: node)
    }
    for (index, (input, expected)) in zip(inputs, types).enumerated() {
      if isGuessed(input) { continue }
      guard input.dtype == expected.dtype, input.isReference || !expected.isReference else {
        let passed = ExpectedType(dtype: input.dtype, isReference: input.isReference)
        throw EngineError(
          .invalidArgument,
          "Input \(index) of node \(node) was passed \(passed) from \(input.name) incompatible with expected "
            + "\(expected).", node: node)
      }
    }
  }

  private struct ExpectedType: CustomStringConvertible {
    var dtype: DataType
    var isReference: Bool
    var description: String { dtype.shortName + (isReference ? "_ref" : "") }
  }

  /// The types of all inputs, nil where the attributes call for more than `limit` inputs by far.
  private static func expectedTypes(
    _ definition: OpDefinition, limit: Int, attribute: (String) -> AttributeValue?
  ) throws -> [ExpectedType]? {
    var types: [ExpectedType] = []
    for argument in definition.inputs {
      var group: [DataType]
      switch argument.type {
      case .fixed(let type): group = [type]
      case .attribute(let name):
        guard case .type(let type)? = attribute(name) else { throw wrongKind(name, definition) }
        group = [type]
      case .listAttribute(let name):
        switch attribute(name) {
        case .types(let list)?: group = list
        case .emptyList?: group = []
        default: throw wrongKind(name, definition)
        }
      }
      if let number = argument.numberAttribute, let type = group.first {
        guard case .int(let count)? = attribute(number), count >= 0 else { throw wrongKind(number, definition) }
        // Not more than can be listed, whatever the attribute claims.
        guard count <= limit + 64 else { return nil }
        group = [DataType](repeating: type, count: Int(count))
      }
      types += group.map { ExpectedType(dtype: $0, isReference: argument.isReference) }
    }
    return types
  }

  private static func wrongKind(_ name: String, _ definition: OpDefinition) -> EngineError {
    .invalid("attr '\(name)', which decides an input of \(definition.name), is missing or malformed")
  }

  private static func check(
    _ value: AttributeValue, _ attribute: OpDefinition.Attribute, _ definition: OpDefinition, node: String
  ) throws {
    let types: [DataType]
    switch value {
    case .type(let type): types = [type]
    case .types(let list): types = list
    default: types = []
    }
    if !attribute.allowedTypes.isEmpty, let bad = types.first(where: { !attribute.allowedTypes.contains($0) }) {
      throw EngineError(
        .invalidArgument,
        "Value for attr '\(attribute.name)' of \(bad.shortName) is not in the list of allowed values: "
          + attribute.allowedTypes.map(\.shortName).joined(separator: ", ")
          + "; NodeDef: {{node \(node)}}; Op<name=\(definition.name)>", node: node)
    }
    guard let minimum = attribute.minimum else { return }
    let size: Int64
    switch value {
    case .int(let number): size = number
    case .types(let list): size = Int64(list.count)
    case .emptyList: size = 0
    default: return
    }
    guard size >= minimum else {
      throw EngineError(
        .invalidArgument,
        "Value for attr '\(attribute.name)' of \(size) must be at least minimum \(minimum); NodeDef: {{node \(node)}}; "
          + "Op<name=\(definition.name)>", node: node)
    }
  }
}
