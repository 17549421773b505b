import Foundation
import Protos
import Tensors

/// The value of a node's attribute (`AttrValue` of TensorFlow's `attr_value.proto`).
public enum AttributeValue: Sendable, Equatable {
  case string(String)
  /// A byte string that is not UTF-8.
  case bytes([UInt8])
  case int(Int64)
  case float(Float)
  case bool(Bool)
  case type(DataType)
  case shape(PartialShape)
  case tensor(Tensor)
  case strings([String])
  case ints([Int64])
  case floats([Float])
  case bools([Bool])
  case types([DataType])
  case shapes([PartialShape])
  case tensors([Tensor])
  /// A list without elements, which on the wire has no element type.
  case emptyList
  case function(String)
  case placeholder(String)

  /// Decodes a message; nil where it holds nothing the engine has a meaning for (the graph keeps the message).
  init?(proto: Tensorflow_AttrValue) {
    switch proto.value {
    case .s(let data): self = Self.text(data)
    case .i(let value): self = .int(value)
    case .f(let value): self = .float(value)
    case .b(let value): self = .bool(value)
    case .type(let value):
      guard let type = DataType(proto: value) else { return nil }
      self = .type(type)
    case .shape(let shape): self = .shape(PartialShape(proto: shape))
    case .tensor(let tensor):
      guard let tensor = try? Tensor(proto: tensor) else { return nil }
      self = .tensor(tensor)
    case .list(let list): self.init(list: list)
    case .func(let function): self = .function(function.name)
    case .placeholder(let name): self = .placeholder(name)
    case nil: return nil
    }
  }

  private init?(list: Tensorflow_AttrValue.ListValue) {
    if !list.s.isEmpty {
      self = .strings(list.s.map { String(decoding: $0, as: UTF8.self) })
    } else if !list.i.isEmpty {
      self = .ints(list.i)
    } else if !list.f.isEmpty {
      self = .floats(list.f)
    } else if !list.b.isEmpty {
      self = .bools(list.b)
    } else if !list.type.isEmpty {
      let types = list.type.compactMap(DataType.init(proto:))
      guard types.count == list.type.count else { return nil }
      self = .types(types)
    } else if !list.shape.isEmpty {
      self = .shapes(list.shape.map(PartialShape.init(proto:)))
    } else if !list.tensor.isEmpty {
      guard let tensors = try? list.tensor.map({ try Tensor(proto: $0) }) else { return nil }
      self = .tensors(tensors)
    } else if list.func.isEmpty {
      self = .emptyList
    } else {
      return nil
    }
  }

  private static func text(_ data: Data) -> AttributeValue {
    String(data: data, encoding: .utf8).map { .string($0) } ?? .bytes([UInt8](data))
  }

  /// The message TensorFlow reads.
  var proto: Tensorflow_AttrValue {
    var proto = Tensorflow_AttrValue()
    switch self {
    case .string(let value): proto.s = Data(value.utf8)
    case .bytes(let value): proto.s = Data(value)
    case .int(let value): proto.i = value
    case .float(let value): proto.f = value
    case .bool(let value): proto.b = value
    case .type(let value): proto.type = value.proto
    case .shape(let value): proto.shape = value.proto
    case .tensor(let value): proto.tensor = value.proto
    case .strings(let values): proto.list.s = values.map { Data($0.utf8) }
    case .ints(let values): proto.list.i = values
    case .floats(let values): proto.list.f = values
    case .bools(let values): proto.list.b = values
    case .types(let values): proto.list.type = values.map(\.proto)
    case .shapes(let values): proto.list.shape = values.map(\.proto)
    case .tensors(let values): proto.list.tensor = values.map(\.proto)
    case .emptyList: proto.list = .init()
    case .function(let name): proto.func.name = name
    case .placeholder(let name): proto.placeholder = name
    }
    return proto
  }
}

extension DataType {
  /// The type a graph names; reference types (100 above their base) give the base.
  init?(proto: Tensorflow_DataType) {
    let raw = proto.rawValue
    self.init(rawValue: Int32(truncatingIfNeeded: raw > 100 ? raw - 100 : raw))
  }

  var proto: Tensorflow_DataType { Tensorflow_DataType(rawValue: Int(rawValue)) ?? .dtInvalid }
}

extension PartialShape {
  init(proto: Tensorflow_TensorShapeProto) {
    guard !proto.unknownRank else {
      self = .unknown
      return
    }
    dimensions = proto.dim.map { $0.size < 0 ? nil : Int(exactly: $0.size) }
  }

  var proto: Tensorflow_TensorShapeProto {
    var proto = Tensorflow_TensorShapeProto()
    guard let dimensions else {
      proto.unknownRank = true
      return proto
    }
    proto.dim = dimensions.map { size in
      var dimension = Tensorflow_TensorShapeProto.Dim()
      dimension.size = Int64(size ?? -1)
      return dimension
    }
    return proto
  }
}
