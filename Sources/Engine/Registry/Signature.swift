import Tensors

/// Matches a node's inputs against its operation's definition: finds type and number attributes, fills in defaults,
/// derives the output types. The texts are TensorFlow's (`op_def_library.py`).
enum Signature {
  struct Resolved {
    var attributes: [String: AttributeValue]
    var outputTypes: [DataType]
    var outputIsReference: [Bool]
  }

  static func resolve(
    _ definition: OpDefinition, inputs: [Output], attributes given: [String: AttributeValue]
  ) throws -> Resolved {
    var attributes = given
    let op = definition.name
    var cursor = 0
    for argument in definition.inputs {
      let count = try count(of: argument, definition, total: inputs.count, attributes: &attributes)
      guard cursor + count <= inputs.count else {
        throw EngineError.invalid("\(op) takes more than the \(inputs.count) inputs given (at '\(argument.name)')")
      }
      try bind(argument, Array(inputs[cursor..<cursor + count]), definition, &attributes)
      cursor += count
    }
    guard cursor == inputs.count else {
      throw EngineError.invalid("\(op) takes \(cursor) inputs, not \(inputs.count)")
    }
    for attribute in definition.attributes {
      if attributes[attribute.name] == nil { attributes[attribute.name] = attribute.defaultValue }
      guard let value = attributes[attribute.name] else {
        throw EngineError.invalid("No argument for attr \(attribute.name) of op \(op)")
      }
      try check(value, attribute, definition)
    }
    let (types, references) = try outputTypes(definition) { attributes[$0] }
    return Resolved(attributes: attributes, outputTypes: types, outputIsReference: references)
  }

  private static func count(
    of argument: OpDefinition.Argument, _ definition: OpDefinition, total: Int,
    attributes: inout [String: AttributeValue]
  ) throws -> Int {
    guard argument.isList else { return 1 }
    if let number = argument.numberAttribute {
      if case .int(let count)? = attributes[number] {
        guard (0...Int64(total)).contains(count) else {
          throw EngineError.invalid(
            "\(definition.name) has \(total) inputs, but its list '\(argument.name)' should have \(count)")
        }
        return Int(count)
      }
    } else if case .listAttribute(let list) = argument.type {
      switch attributes[list] {
      case .types(let types)?: return types.count
      case .emptyList?: return 0
      default: break
      }
    }
    // The one list takes what the single inputs leave; several with one number attribute share it evenly.
    let lists = definition.inputs.filter(\.isList)
    let rest = total - (definition.inputs.count - lists.count)
    let sharing = lists.filter { $0.numberAttribute == argument.numberAttribute && $0.numberAttribute != nil }.count
    guard rest >= 0, lists.count == 1 || sharing == lists.count, rest % max(sharing, 1) == 0 else {
      throw EngineError.invalid("\(definition.name) needs the length of its list '\(argument.name)' as an attribute")
    }
    return rest / max(sharing, 1)
  }

  private static func bind(
    _ argument: OpDefinition.Argument, _ inputs: [Output], _ definition: OpDefinition,
    _ attributes: inout [String: AttributeValue]
  ) throws {
    let op = definition.name
    if let number = argument.numberAttribute {
      let minimum = definition.attribute(number)?.minimum ?? 0
      guard inputs.count >= minimum else {
        throw EngineError.invalid(
          "List argument '\(argument.name)' to '\(op)' Op with length \(inputs.count) shorter than minimum length "
            + "\(minimum).")
      }
      attributes[number] = .int(Int64(inputs.count))
    }
    if argument.isReference, let plain = inputs.first(where: { !$0.isReference }) {
      throw EngineError.invalid(
        "'\(op)' Op requires that input '\(argument.name)' be a mutable tensor (e.g.: a tf.Variable), "
          + "but '\(plain.name)' is not")
    }
    switch argument.type {
    case .fixed(let expected):
      for input in inputs where input.dtype != expected {
        throw EngineError.invalid(
          "Input '\(argument.name)' of '\(op)' Op has type \(input.dtype.name) that does not match expected type of "
            + "\(expected.name).")
      }
    case .listAttribute(let name):
      let types = inputs.map(\.dtype)
      if case .types(let expected)? = attributes[name], expected != types {
        throw EngineError.invalid(
          "Input '\(argument.name)' of '\(op)' Op has types [\(list(types))] that do not match expected types of "
            + "[\(list(expected))].")
      }
      attributes[name] = types.isEmpty ? .emptyList : .types(types)
    case .attribute(let name):
      guard let first = inputs.first else { return }
      if inputs.contains(where: { $0.dtype != first.dtype }) {
        throw EngineError.invalid(
          "Tensors in list passed to '\(argument.name)' of '\(op)' Op have types [\(list(inputs.map(\.dtype)))] that "
            + "don't all match.")
      }
      if case .type(let expected)? = attributes[name] {
        guard first.dtype == expected else {
          let other = definition.inputs.first { $0.type == argument.type && $0.name != argument.name }?.name
          throw EngineError.invalid(
            "Input '\(argument.name)' of '\(op)' Op has type \(first.dtype.name) that does not match type "
              + "\(expected.name) of argument '\(other ?? name)'.")
        }
        return
      }
      if let allowed = definition.attribute(name)?.allowedTypes, !allowed.isEmpty, !allowed.contains(first.dtype) {
        throw EngineError.invalid(
          "Value passed to parameter '\(argument.name)' has DataType \(first.dtype.name) not in list of allowed "
            + "values: \(list(allowed))")
      }
      attributes[name] = .type(first.dtype)
    }
  }

  private static func check(
    _ value: AttributeValue, _ attribute: OpDefinition.Attribute, _ definition: OpDefinition
  ) throws {
    if case .type(let type) = value, !attribute.allowedTypes.isEmpty, !attribute.allowedTypes.contains(type) {
      throw EngineError.invalid(
        "Value passed to parameter '\(attribute.name)' has DataType \(type.name) not in list of allowed values: "
          + list(attribute.allowedTypes))
    }
    if case .string(let text) = value, !attribute.allowedStrings.isEmpty, !attribute.allowedStrings.contains(text) {
      throw EngineError.invalid(
        "Value for attr '\(attribute.name)' of \"\(text)\" is not in the list of allowed values: "
          + attribute.allowedStrings.map { "\"\($0)\"" }.joined(separator: ", ")
          + "\n\t; NodeDef op: \(definition.name)")
    }
  }

  private static func list(_ types: [DataType]) -> String { types.map(\.name).joined(separator: ", ") }

  /// The output types under these attributes.
  static func outputTypes(
    _ definition: OpDefinition, attribute: (String) -> AttributeValue?
  ) throws -> (types: [DataType], references: [Bool]) {
    var types: [DataType] = []
    var references: [Bool] = []
    func missing(_ name: String) -> EngineError {
      .invalid("attr '\(name)', which decides an output of \(definition.name), is missing or malformed")
    }
    for argument in definition.outputs {
      var group: [DataType]
      switch argument.type {
      case .fixed(let type): group = [type]
      case .attribute(let name):
        guard case .type(let type)? = attribute(name) else { throw missing(name) }
        group = [type]
      case .listAttribute(let name):
        switch attribute(name) {
        case .types(let list)?: group = list
        case .emptyList?: group = []
        default: throw missing(name)
        }
      }
      if let number = argument.numberAttribute {
        guard case .int(let count)? = attribute(number), (0...1_000_000).contains(count) else { throw missing(number) }
        group = [DataType](repeating: group[0], count: Int(count))
      }
      types += group
      references += [Bool](repeating: argument.isReference, count: group.count)
    }
    return (types, references)
  }
}
