import Foundation
import Protos
import Tensors

/// What an operation is: arguments, attributes with TensorFlow's defaults, and how to infer, run and differentiate it.
///
/// Arguments and attributes are written in the notation of TensorFlow's own `REGISTER_OP`, for example
/// `values: N * T`, `ref: Ref(T)`, `N: int >= 1`, `T: {float, double} = DT_FLOAT`.
public struct OpDefinition: Sendable {
  /// One input or output: a single tensor, `number` tensors of one type, or tensors of a list of types.
  public struct Argument: Sendable, Hashable {
    public enum ElementType: Sendable, Hashable {
      case fixed(DataType)
      case attribute(String)
      case listAttribute(String)
    }
    public var name: String
    public var type: ElementType
    /// The attribute that holds how many tensors of this type there are.
    public var numberAttribute: String?
    public var isReference: Bool

    var isList: Bool {
      if case .listAttribute = type { return true }
      return numberAttribute != nil
    }
  }

  public struct Attribute: Sendable {
    public var name: String
    /// `int`, `float`, `bool`, `string`, `type`, `shape`, `tensor`, `func` or `list(…)` of one of them.
    public var kind: String
    public var defaultValue: AttributeValue?
    /// Types (or strings) the attribute may take; empty where any.
    public var allowedTypes: [DataType] = []
    public var allowedStrings: [String] = []
    public var minimum: Int64?
  }

  public let name: String
  public let inputs: [Argument]
  public let outputs: [Argument]
  public let attributes: [Attribute]
  /// Whether two runs with equal inputs may differ: variables, random numbers, queues.
  public let isStateful: Bool
  /// Whether reference inputs may be uninitialized (`Assign`, `IsVariableInitialized`).
  public let allowsUninitializedInput: Bool
  var inferShapes: ShapeFunction?
  var makeKernel: KernelFactory?
  /// Makes what a node's handle stands for, once a session, under a name for messages; nil for most operations.
  var makeResource: ResourceFactory?
  /// How gradients flow backwards; nil where none was ever defined (TensorFlow raises LookupError).
  var gradient: GradientRule?

  /// Infers output shapes; throws `ShapeError` on a contradiction.
  typealias ShapeFunction = @Sendable (ShapeContext) throws -> [PartialShape]
  /// Makes the code that runs a node; reads attributes once, so that a run looks nothing up.
  typealias KernelFactory = @Sendable (Node) throws -> Kernel

  typealias ResourceFactory = @Sendable (Node, String) throws -> any AnyObject & Sendable

  /// Parses the notation.
  /// - Precondition: the text is well formed; definitions are part of the program.
  init(
    _ name: String, inputs: [String] = [], outputs: [String] = [], attributes: [String] = [], stateful: Bool = false,
    allowsUninitializedInput: Bool = false
  ) {
    self.name = name
    self.attributes = attributes.map(OpNotation.attribute)
    let kinds = Dictionary(self.attributes.map { ($0.name, $0.kind) }) { first, _ in first }
    self.inputs = inputs.map { OpNotation.argument($0, attributeKinds: kinds) }
    self.outputs = outputs.map { OpNotation.argument($0, attributeKinds: kinds) }
    isStateful = stateful
    self.allowsUninitializedInput = allowsUninitializedInput
  }

  /// A definition that came with a graph (`stripped_op_list`): enough to know outputs, nothing to run.
  init?(proto: Tensorflow_OpDef) {
    name = proto.name
    func argument(_ proto: Tensorflow_OpDef.ArgDef) -> Argument? {
      let type: Argument.ElementType
      if !proto.typeListAttr.isEmpty {
        type = .listAttribute(proto.typeListAttr)
      } else if !proto.typeAttr.isEmpty {
        type = .attribute(proto.typeAttr)
      } else if let fixed = DataType(proto: proto.type) {
        type = .fixed(fixed)
      } else {
        return nil
      }
      return Argument(
        name: proto.name, type: type, numberAttribute: proto.numberAttr.isEmpty ? nil : proto.numberAttr,
        isReference: proto.isRef)
    }
    inputs = proto.inputArg.compactMap(argument)
    outputs = proto.outputArg.compactMap(argument)
    guard inputs.count == proto.inputArg.count, outputs.count == proto.outputArg.count else { return nil }
    attributes = proto.attr.map {
      Attribute(
        name: $0.name, kind: $0.type, defaultValue: $0.hasDefaultValue ? AttributeValue(proto: $0.defaultValue) : nil,
        allowedTypes: $0.allowedValues.list.type.compactMap(DataType.init(proto:)),
        allowedStrings: $0.allowedValues.list.s.map { String(decoding: $0, as: UTF8.self) },
        minimum: $0.hasMinimum_p ? $0.minimum : nil)
    }
    isStateful = proto.isStateful
    allowsUninitializedInput = proto.allowsUninitializedInput
  }

  /// The attribute called `name`.
  public func attribute(_ name: String) -> Attribute? { attributes.first { $0.name == name } }

  /// The OpDef message, as a MetaGraphDef's `stripped_op_list` lists it.
  public var proto: Tensorflow_OpDef {
    var proto = Tensorflow_OpDef()
    proto.name = name
    func message(_ argument: Argument) -> Tensorflow_OpDef.ArgDef {
      var message = Tensorflow_OpDef.ArgDef()
      message.name = argument.name
      switch argument.type {
      case .fixed(let type): message.type = type.proto
      case .attribute(let name): message.typeAttr = name
      case .listAttribute(let name): message.typeListAttr = name
      }
      message.numberAttr = argument.numberAttribute ?? ""
      message.isRef = argument.isReference
      return message
    }
    proto.inputArg = inputs.map(message)
    proto.outputArg = outputs.map(message)
    proto.attr = attributes.map { attribute in
      var message = Tensorflow_OpDef.AttrDef()
      message.name = attribute.name
      message.type = attribute.kind
      if let value = attribute.defaultValue { message.defaultValue = value.proto }
      if !attribute.allowedTypes.isEmpty { message.allowedValues.list.type = attribute.allowedTypes.map(\.proto) }
      if !attribute.allowedStrings.isEmpty {
        message.allowedValues.list.s = attribute.allowedStrings.map { Data($0.utf8) }
      }
      if let minimum = attribute.minimum {
        message.hasMinimum_p = true
        message.minimum = minimum
      }
      return message
    }
    proto.isStateful = isStateful
    proto.allowsUninitializedInput = allowsUninitializedInput
    return proto
  }
}
