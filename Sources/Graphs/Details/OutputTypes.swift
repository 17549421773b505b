import Protos

/// Element types of a node's outputs: by the op's definition where the MetaGraphDef brings it, else by the attributes that
/// name output types by convention.
enum OutputTypes {
  /// The type of one output; empty if it cannot be told.
  static func name(_ definition: Tensorflow_NodeDef, output: Int, op: Tensorflow_OpDef?) -> String {
    guard output >= 0 else { return "" }
    if let op { return AttributePrinter.name(ofType: defined(definition, output, op)) }
    return AttributePrinter.name(ofType: conventional(definition))
  }

  private static func defined(_ definition: Tensorflow_NodeDef, _ output: Int, _ op: Tensorflow_OpDef) -> Int {
    var at = 0
    for argument in op.outputArg {
      if !argument.typeListAttr.isEmpty {
        let types = attribute(argument.typeListAttr, definition, op)?.list.type ?? []
        if output - at < types.count { return types[output - at].rawValue }
        at += types.count
        continue
      }
      let count =
        argument.numberAttr.isEmpty ? 1 : Int(clamping: max(attribute(argument.numberAttr, definition, op)?.i ?? 1, 0))
      let (next, overflow) = at.addingReportingOverflow(count)
      if overflow || output < next {
        let type =
          argument.typeAttr.isEmpty
          ? argument.type.rawValue : attribute(argument.typeAttr, definition, op)?.type.rawValue ?? 0
        return argument.isRef ? type + 100 : type
      }
      at = next
    }
    return 0
  }

  private static func attribute(
    _ name: String, _ definition: Tensorflow_NodeDef, _ op: Tensorflow_OpDef
  ) -> Tensorflow_AttrValue? {
    definition.attr[name] ?? op.attr.first { $0.name == name }?.defaultValue
  }

  private static func conventional(_ definition: Tensorflow_NodeDef) -> Int {
    if definition.op == "VarHandleOp" { return 20 }
    for name in ["DstT", "out_type", "output_type", "dtype"] {
      if let value = definition.attr[name], case .type(let type) = value.value { return type.rawValue }
    }
    if predicates.contains(definition.op) { return 10 }
    if definition.op == "Shape" || definition.op == "Size" || definition.op == "Rank" { return 3 }
    if untold.contains(definition.op) { return 0 }
    if let value = definition.attr["T"], case .type(let type) = value.value { return type.rawValue }
    return 0
  }

  private static let predicates: Set<String> = [
    "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr", "LogicalNot",
    "IsNan", "IsInf", "IsFinite", "InTopK", "InTopKV2", "All", "Any", "IsVariableInitialized",
  ]
  private static let untold: Set<String> = ["ArgMax", "ArgMin", "Where", "TopKV2", "Unique", "Merge", "RefMerge"]
}
