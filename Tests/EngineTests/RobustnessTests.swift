import Foundation
import Protos
import SwiftProtobuf
import Tensors
import Testing

@testable import Engine

/// Numbers that are the same in every run (SplitMix64).
struct SteadyGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func pick<C: Collection>(_ choices: C) -> C.Element { choices.randomElement(using: &self)! }
}

/// Tensors as no kernel likes them: empty, of any rank, with numbers that are no sizes.
enum AwkwardTensor {
  static let shapes: [Shape] = [
    [], [], [0], [1], [2], [3], [2, 3], [3, 2], [1, 3], [0, 3], [3, 0], [2, 0, 3], [1, 2, 3], [1, 1, 1, 1],
    [1 << 40, 0], [4], [2, 2], [1, 3, 3, 2], [2, 4, 4, 1], [3, 3, 2, 1], [2, 3, 0, 2],
  ]

  static func make(_ dtype: DataType, using generator: inout SteadyGenerator) -> Tensor {
    let shape = generator.pick(shapes)
    let count = shape.elementCount
    switch dtype {
    case .string:
      return Tensor(strings: (0..<count).map { _ in generator.pick([[], [65], [0xFF, 0]]) }, shape: shape)
    case .bool: return Tensor((0..<count).map { _ in Bool.random(using: &generator) }, shape: shape)
    case .int32:
      let values: [Int32] = [.min, -1, 0, 0, 1, 1, 2, 3]
      return Tensor((0..<count).map { _ in generator.pick(values) }, shape: shape)
    case .int64:
      let values: [Int64] = [.min, -1, 0, 0, 1, 1, 2, 3, 1 << 40, .max]
      return Tensor((0..<count).map { _ in generator.pick(values) }, shape: shape)
    case .float32:
      let values: [Float] = [-1, 0, 1, 2.5, .nan, .infinity]
      return Tensor((0..<count).map { _ in generator.pick(values) }, shape: shape)
    case .float64:
      let values: [Double] = [-1, 0, 1, 2.5, .nan, -.infinity]
      return Tensor((0..<count).map { _ in generator.pick(values) }, shape: shape)
    default: return Tensor(zeros: dtype, shape: shape)
    }
  }
}

/// Every operation that can run, as a stored node whose inputs are fed.
@Suite struct KernelRobustnessTests {
  /// `Print` writes to standard error, which would hide what other tests say; `WriteFile` writes files of any name.
  static let operations = OpRegistry.standard.runnableNames.filter { !["Print", "WriteFile"].contains($0) }

  @Test(arguments: operations) func anyInputGivesAResultOrAnError(op: String) throws {
    var generator = SteadyGenerator(seed: op.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    var built = 0
    for _ in 0..<60 {
      guard let maker = try? NodeMaker(op, using: &generator) else { continue }
      do {
        let graph = try Graph(graphDef: maker.graphDef)
        built += 1
        // What waits for a queue gives up.
        let session = Session(graph: graph, configuration: .init(operationTimeout: .milliseconds(2)))
        for node in maker.initializers where generator.pick([true, true, false]) {
          try? session.run(graph.operation(named: node), feeds: maker.feeds(in: graph, using: &generator))
        }
        for _ in 0..<4 {
          let node = try graph.operation(named: "node")
          let fetches = [GraphElement.node(node)] + node.outputs.map(GraphElement.output)
          do {
            _ = try session.run(fetches, feeds: maker.feeds(in: graph, using: &generator))
          } catch is EngineError {}
        }
      } catch is EngineError {}
    }
    #expect(built > 0, "no graph with \(op) could be imported")
  }
}

/// A GraphDef of one node of an operation, with attributes and input types as its definition allows.
private struct NodeMaker {
  var graphDef = Tensorflow_GraphDef()
  var initializers: [String] = []
  private var placeholders: [(name: String, dtype: DataType)] = []

  static let types: [DataType] = [
    .float32, .float32, .float64, .int32, .int64, .bool, .string, .uint8, .float16, .bfloat16, .complex64, .int8,
    .uint16,
  ]
  /// Attributes of four numbers, as windows have them, beside some that are none.
  static let lists: [[Int64]] = [
    [-2], [-1], [0], [1], [5], [.min], [], [1, 1, 1, 1], [1, 1, 1, 1], [1, 2, 2, 1], [1, 3, 1, 1], [1, 1, 2, 2],
    [1, 0, 1, 1], [1, -1, 1, 1], [1, .max, 1, 1], [1, 1 << 31, 1 << 31, 1], [0, 0, 1, 1, 1, 0, 0, 0],
    [0, 0, 1 << 31, 0, 0, 1 << 40, 0, 0],
  ]

  init(_ op: String, using generator: inout SteadyGenerator) throws {
    let definition = try #require(OpRegistry.standard[op])
    var values: [String: AttributeValue] = [:]
    for attribute in definition.attributes {
      let minimum = attribute.minimum ?? 0
      switch attribute.kind {
      case "type":
        let allowed = Self.types.filter { attribute.allowedTypes.isEmpty || attribute.allowedTypes.contains($0) }
        values[attribute.name] = .type(generator.pick(allowed.isEmpty ? attribute.allowedTypes : allowed))
      case "list(type)":
        let allowed = Self.types.filter { attribute.allowedTypes.isEmpty || attribute.allowedTypes.contains($0) }
        values[attribute.name] = .types((0..<2).map { _ in generator.pick(allowed) })
      case "list(string)": values[attribute.name] = .strings(["a", generator.pick(["a", "b"])])
      case "list(shape)":
        values[attribute.name] = .shapes((0..<2).map { _ in generator.pick([.unknown, [], [2], [nil, 3]]) })
      case "int":
        let isCount = definition.inputs.contains { $0.numberAttribute == attribute.name }
        let counts: [Int64] = [minimum, minimum + 1, minimum + 2]
        let any: [Int64] = [-2, -1, 0, 1, 2, 3, 7, .min, .max]
        values[attribute.name] = .int(generator.pick(isCount || attribute.minimum != nil ? counts : any))
      case "float": values[attribute.name] = .float(generator.pick([0, 0.5, -1]))
      case "bool": values[attribute.name] = .bool(generator.pick([true, false]))
      case "string":
        values[attribute.name] = .string(
          attribute.allowedStrings.isEmpty ? "" : generator.pick(attribute.allowedStrings))
      case "shape": values[attribute.name] = .shape(generator.pick([.unknown, [], [2, 3], [nil, 3]]))
      case "tensor":
        guard case .type(let dtype)? = values["dtype"] else {
          values[attribute.name] = .tensor(AwkwardTensor.make(.float32, using: &generator))
          continue
        }
        values[attribute.name] = .tensor(AwkwardTensor.make(dtype, using: &generator))
      case "list(int)": values[attribute.name] = .ints(generator.pick(Self.lists))
      case "list(float)": values[attribute.name] = .floats(generator.pick([[], [1, 2], [2, .nan, -1]]))
      case "list(string)": values[attribute.name] = .strings(["a"])
      default: break
      }
    }
    var node = Tensorflow_NodeDef()
    node.name = "node"
    node.op = op
    node.attr = values.mapValues(\.proto)
    for argument in definition.inputs {
      var types: [DataType]
      switch (argument.type, argument.type.attributeName.flatMap { values[$0] }) {
      case (.fixed(let type), _): types = [type]
      case (_, .type(let type)?): types = [type]
      case (_, .types(let list)?): types = list
      default: types = []
      }
      if let number = argument.numberAttribute, case .int(let count)? = values[number], let type = types.first {
        types = [DataType](repeating: type, count: Int(count))
      }
      for type in types {
        let name = "input\(node.input.count)"
        addSource(name, type, isReference: argument.isReference, values, using: &generator)
        node.input.append(name)
      }
    }
    graphDef.node.append(node)
  }

  private mutating func addSource(
    _ name: String, _ dtype: DataType, isReference: Bool, _ values: [String: AttributeValue],
    using generator: inout SteadyGenerator
  ) {
    guard isReference || dtype == .resource else {
      add(name, "Placeholder", ["dtype": .type(dtype)])
      placeholders.append((name, dtype))
      return
    }
    var held = dtype
    if dtype == .resource {
      held = generator.pick([.float32, .float64, .int32])
      if case .type(let stated)? = values["T"] ?? values["dtype"], generator.pick([true, true, false]) {
        held = stated
      }
    }
    add(name + "/value", "Placeholder", ["dtype": .type(held)])
    placeholders.append((name + "/value", held))
    if isReference {
      if generator.pick([true, false]), let (op, attributes) = handle(values, using: &generator), dtype == .string {
        return add(name, String(op.dropLast(2)), attributes)
      }
      add(name, "VariableV2", ["dtype": .type(held), "shape": .shape(.unknown)])
      add(name + "/set", "Assign", ["T": .type(held), "validate_shape": .bool(false)], [name, name + "/value"])
    } else if generator.pick([true, false]), let (op, attributes) = handle(values, using: &generator) {
      add(name, op, attributes)
    } else {
      add(name, "VarHandleOp", ["dtype": .type(held), "shape": .shape(.unknown)])
      add(name + "/set", "AssignVariableOp", ["dtype": .type(held)], [name, name + "/value"])
    }
    initializers.append(name + "/set")
  }

  /// An operation whose handle stands for something else than a variable.
  private func handle(
    _ values: [String: AttributeValue], using generator: inout SteadyGenerator
  ) -> (String, [String: AttributeValue])? {
    let types = values["component_types"] ?? values["Tcomponents"] ?? .types([.string])
    switch generator.pick([0, 0, 1, 2]) {
    case 0:
      return (
        generator.pick(["FIFOQueueV2", "RandomShuffleQueueV2", "PaddingFIFOQueueV2"]),
        ["component_types": types, "capacity": .int(3)]
      )
    case 1: return (generator.pick(["TextLineReaderV2", "IdentityReaderV2"]), [:])
    default: return nil
    }
  }

  private mutating func add(
    _ name: String, _ op: String, _ attributes: [String: AttributeValue], _ inputs: [String] = []
  ) {
    var node = Tensorflow_NodeDef()
    (node.name, node.op, node.input) = (name, op, inputs)
    node.attr = attributes.mapValues(\.proto)
    graphDef.node.append(node)
  }

  func feeds(in graph: Graph, using generator: inout SteadyGenerator) throws -> [Output: Tensor] {
    var feeds: [Output: Tensor] = [:]
    for (name, dtype) in placeholders where dtype.byteWidth != nil || dtype == .string {
      feeds[try graph.output(named: name + ":0")] = AwkwardTensor.make(dtype, using: &generator)
    }
    return feeds
  }
}

extension OpDefinition.Argument.ElementType {
  fileprivate var attributeName: String? {
    switch self {
    case .fixed: nil
    case .attribute(let name), .listAttribute(let name): name
    }
  }
}

/// Stored graphs with something changed: importing and running them ends in results or errors.
@Suite struct MutatedGraphTests {
  @Test(arguments: ["linear", "mlp_sgd", "mlp_adam_resource", "while_cond"], 0..<80)
  func importingAndRunningNeverTraps(name: String, seed: Int) throws {
    let meta = try Fixture.metaGraph(name)
    var generator = SteadyGenerator(seed: UInt64(seed) &* 7919 &+ UInt64(name.utf8.count))
    var graphDef = meta.graphDef
    for _ in 0..<generator.pick([1, 1, 2, 5]) { Self.mutate(&graphDef, using: &generator) }
    if generator.pick([true, false]) {
      for index in graphDef.node.indices { graphDef.node[index].attr["_output_shapes"] = nil }
    }
    let graph: Graph
    do {
      graph = try Graph(graphDef: graphDef, definitions: meta.metaInfoDef.strippedOpList)
    } catch is EngineError {
      return
    }
    let session = Session(graph: graph)
    let nodes = graph.nodes
    var feeds: [Output: Tensor] = [:]
    for output in nodes.flatMap(\.outputs) where output.node.op == "Placeholder" {
      guard output.dtype.byteWidth != nil || output.dtype == .string else { continue }
      // Mostly of the stated shape, so that runs get far.
      let shape = Shape((output.shape.dimensions ?? []).map { $0 ?? 2 })
      feeds[output] =
        shape.elementCount < 10_000 && generator.pick([true, true, false])
        ? Tensor(zeros: output.dtype, shape: shape) : AwkwardTensor.make(output.dtype, using: &generator)
    }
    let initializers = nodes.filter { $0.op.hasPrefix("Assign") && !$0.op.contains("Add") }
    for node in initializers + (0..<25).map({ _ in generator.pick(nodes) }) {
      do {
        let fetches = [GraphElement.node(node)] + node.outputs.map(GraphElement.output)
        _ = try session.run(fetches, feeds: feeds)
      } catch is EngineError {}
    }
  }

  private static func mutate(_ graphDef: inout Tensorflow_GraphDef, using generator: inout SteadyGenerator) {
    let index = generator.pick(graphDef.node.indices)
    let other = generator.pick(graphDef.node)
    var node = graphDef.node[index]
    switch generator.pick(0..<9) {
    case 0: if !node.input.isEmpty { node.input.remove(at: generator.pick(node.input.indices)) }
    case 1: node.input.append(other.name)
    case 2: if !node.input.isEmpty { node.input[generator.pick(node.input.indices)] = other.name }
    case 3: node.input.shuffle(using: &generator)
    case 4: node.op = generator.pick(OpRegistry.standard.runnableNames.filter { $0 != "Print" })
    case 5: node.attr.merge(other.attr) { _, new in new }
    default:
      guard let key = node.attr.keys.sorted().randomElement(using: &generator) else { break }
      node.attr[key] = mutated(node.attr[key] ?? Tensorflow_AttrValue(), using: &generator)
    }
    graphDef.node[index] = node
  }

  private static func mutated(
    _ value: Tensorflow_AttrValue, using generator: inout SteadyGenerator
  ) -> Tensorflow_AttrValue? {
    var value = value
    let types: [Tensorflow_DataType] = [.dtFloat, .dtDouble, .dtInt32, .dtInt64, .dtBool, .dtString, .dtResource]
    switch value.value {
    case .type: value.type = generator.pick(types)
    case .i: value.i = generator.pick([-1, 0, 1, 2, 3, .min, .max])
    case .shape: value.shape = shape(using: &generator)
    case .tensor:
      switch generator.pick(0..<4) {
      case 0: value.tensor.dtype = generator.pick(types)
      case 1: value.tensor.tensorShape = shape(using: &generator)
      case 2: value.tensor.tensorContent = Data(value.tensor.tensorContent.dropLast())
      default:
        value.tensor.tensorContent = Data()
        value.tensor.intVal = [generator.pick([-1, 0, 1, 3, .min])]
      }
    case .list where !value.list.type.isEmpty: value.list.type.removeLast()
    case .list: value.list.i = [generator.pick([-1, 0, 5, .min])]
    default: return nil
    }
    return value
  }

  private static func shape(using generator: inout SteadyGenerator) -> Tensorflow_TensorShapeProto {
    var shape = Tensorflow_TensorShapeProto()
    for _ in 0..<generator.pick(0..<4) {
      var dimension = Tensorflow_TensorShapeProto.Dim()
      dimension.size = generator.pick([-1, -7, 0, 1, 2, 3, 1 << 40, .max, .min])
      shape.dim.append(dimension)
    }
    return shape
  }
}
