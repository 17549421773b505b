import Tensors
import Testing

@testable import Engine

/// The message of the error that `body` throws.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch let error as EngineError {
    return error.message
  } catch {
    return "\(error)"
  }
}

func placeholder(
  _ graph: Graph, _ dtype: DataType = .float32, _ shape: PartialShape = .unknown, name: String = "Placeholder"
) throws -> Output {
  try graph.add("Placeholder", name: name, attributes: ["dtype": .type(dtype), "shape": .shape(shape)])
}

func variable(
  _ graph: Graph, _ shape: PartialShape, dtype: DataType = .float32, name: String = "Variable"
) throws -> Output {
  try graph.add("VariableV2", name: name, attributes: ["dtype": .type(dtype), "shape": .shape(shape)])
}

@Suite struct NameTests {
  @Test func repeatedNamesGetNumbersIgnoringCase() {
    let graph = Graph()
    #expect(graph.uniqueName("x") == "x")
    #expect(graph.uniqueName("x") == "x_1")
    #expect(graph.uniqueName("x_1") == "x_1_1")
    #expect(graph.uniqueName("conv1") == "conv1")
    #expect(graph.uniqueName("conv1_1") == "conv1_1")
    #expect(graph.uniqueName("Conv1") == "Conv1_2")
    #expect(graph.uniqueName("y", markAsUsed: false) == "y")
    #expect(graph.uniqueName("y") == "y")
  }

  @Test func scopesPrefixAndAreMadeUnique() throws {
    let graph = Graph()
    try graph.withNameScope("conv1") { scope in
      #expect(scope == "conv1/")
      let one = try graph.constant(Tensor(Float(1)))
      #expect(one.node.name == "conv1/Const")
      try graph.withNameScope("_inner") { #expect($0 == "conv1/_inner/") }
      try graph.withNameScope(nil) { #expect($0 == "") }
    }
    try graph.withNameScope("conv1") { #expect($0 == "conv1_1/") }
    try graph.withNameScope("conv1/") { scope in
      #expect(scope == "conv1/")
      let one = try graph.constant(Tensor(Float(1)))
      #expect(one.node.name == "conv1/Const_1")
    }
    #expect(graph.currentNameScope == "")
  }

  @Test(arguments: ["a b", "权重", "_x", "a\\b", "a>b"])
  func badNamesAreRefused(name: String) {
    let graph = Graph()
    #expect(message { try graph.withNameScope(name) { _ in } } == "'\(name)' is not a valid scope name")
    #expect(message { _ = try placeholder(graph, name: name) } == "'\(name)' is not a valid node name")
  }

  @Test func seedsFollowTensorFlowsRule() throws {
    let graph = Graph()
    #expect(graph.seeds(for: nil) == (0, 0))
    #expect(graph.seeds(for: 5) == (87_654_321, 5))
    graph.seed = 11
    #expect(graph.seeds(for: nil) == (11, 0))
    _ = try placeholder(graph)
    #expect(graph.seeds(for: nil) == (11, 1))
    #expect(graph.seeds(for: 3) == (11, 3))
    graph.seed = 0
    #expect(graph.seeds(for: 0) == (0, 2_147_483_647))
  }
}

@Suite struct GraphScopeTests {
  @Test func controlDependenciesFallOnNewNodesOnly() throws {
    let graph = Graph()
    let a = try graph.constant(Tensor(Float(1)), name: "a")
    let b = try graph.constant(Tensor(Float(2)), name: "b")
    try graph.withControlDependencies([a.node]) {
      let c = try graph.constant(Tensor(Float(3)), name: "c")
      #expect(c.node.controlInputs == [a.node])
      // Its input was made here and carries the edge.
      let sum = try graph.add("AddV2", [c, b])
      #expect(sum.node.controlInputs.isEmpty)
      // A direct input needs no control edge as well.
      let negative = try graph.add("Neg", [a])
      #expect(negative.node.controlInputs.isEmpty)
      try graph.withControlDependencies([b.node]) {
        let four = try graph.constant(Tensor(Float(4)))
        #expect(four.node.controlInputs == [a.node, b.node])
        // c was made in the outer context only.
        let negated = try graph.add("Neg", [c])
        #expect(negated.node.controlInputs == [b.node])
      }
      try graph.withControlDependencies(nil) {
        let five = try graph.constant(Tensor(Float(5)))
        #expect(five.node.controlInputs.isEmpty)
      }
    }
    #expect(try graph.constant(Tensor(Float(6))).node.controlInputs.isEmpty)
  }

  @Test func devicesMergeByField() throws {
    let graph = Graph()
    try graph.withDevice("/job:worker/gpu:1") {
      let outer = try graph.constant(Tensor(Float(1)))
      #expect(outer.node.device == "/job:worker/device:GPU:1")
      let inner = try graph.withDevice("/cpu:0") { try graph.constant(Tensor(Float(1))) }
      #expect(inner.node.device == "/job:worker/device:CPU:0")
      let cleared = try graph.withDevice(nil) { try graph.constant(Tensor(Float(1))) }
      #expect(cleared.node.device == "")
    }
    #expect(message { try graph.withDevice("/xpu:0") {} } == "Unknown attribute: 'xpu' in '/xpu:0'")
  }

  @Test func colocationCopiesDeviceAndNamesTheNode() throws {
    let graph = Graph()
    let v = try graph.withDevice("/cpu:0") { try variable(graph, [2], name: "v") }
    let read = try graph.withColocation(with: v.node) { try graph.add("Identity", [v], name: "v/read") }
    #expect(read.node.device == "/device:CPU:0")
    #expect(read.node.attribute("_class") == .strings(["loc:@v"]))
  }

  @Test func finalizedGraphsRefuseNodes() throws {
    let graph = Graph()
    let a = try graph.constant(Tensor(Float(1)), name: "a")
    graph.finalize()
    graph.finalize()
    #expect(message { _ = try graph.add("Neg", [a]) } == "Graph is finalized and cannot be modified.")
    #expect(message { try graph.addToCollection("x", 1) } == "Graph is finalized and cannot be modified.")
    #expect(try graph.output(named: "a:0") == a)
  }

  @Test func collectionsKeepTheirOrder() throws {
    let graph = Graph()
    try graph.addToCollection("losses", 1)
    try graph.addToCollection("losses", 2)
    #expect(graph.collection("losses") as? [Int] == [1, 2])
    #expect(graph.collection("nothing").isEmpty)
  }

  @Test func longChainsAreFreedWithoutRecursion() throws {
    let graph = Graph()
    var last = try graph.constant(Tensor(Float(1)))
    for _ in 0..<100_000 / 4 { last = try graph.add("Neg", [last]) }
    #expect(graph.nodeCount == 25_001)
  }
}

@Suite struct LookupTests {
  @Test func textsAreTensorFlows() throws {
    let graph = Graph()
    _ = try placeholder(graph, name: "x")
    #expect(try graph.output(named: "x:0").name == "x:0")
    #expect(try graph.operation(named: "x").op == "Placeholder")
    #expect(
      message { _ = try graph.output(named: "x") }
        == "The name 'x' refers to an Operation, not a Tensor. Tensor names must be of the form "
        + "\"<op_name>:<output_index>\".")
    #expect(
      message { _ = try graph.output(named: "x:1") }
        == "The name 'x:1' refers to a Tensor which does not exist. The operation, 'x', exists but only has 1 outputs.")
    #expect(
      message { _ = try graph.output(named: "nope:0") }
        == "The name 'nope:0' refers to a Tensor which does not exist. The operation, 'nope', does not exist in the "
        + "graph.")
    #expect(
      message { _ = try graph.output(named: "x:a") }
        == "The name 'x:a' looks a like a Tensor name, but is not a valid one. Tensor names must be of the form "
        + "\"<op_name>:<output_index>\".")
    #expect(
      message { _ = try graph.operation(named: "y") } == "The name 'y' refers to an Operation not in the graph.")
    #expect(
      message { _ = try graph.operation(named: "x:0") } == "Name 'x:0' appears to refer to a Tensor, not a Operation.")
  }
}

@Suite struct TypeAndShapeTests {
  @Test func typesMustMatch() throws {
    let graph = Graph()
    let f = try placeholder(graph, .float32, [2], name: "f")
    let i = try placeholder(graph, .int32, [2], name: "i")
    let axis = try graph.constant(Tensor(Int32(0)))
    #expect(
      message { _ = try graph.add("AddV2", [f, i]) }
        == "Input 'y' of 'AddV2' Op has type int32 that does not match type float32 of argument 'x'.")
    #expect(
      message { _ = try graph.add("ConcatV2", [i, f, axis]) }
        == "Tensors in list passed to 'values' of 'ConcatV2' Op have types [int32, float32] that don't all match.")
    #expect(
      message { _ = try graph.add("LogicalNot", [f]) }
        == "Input 'x' of 'LogicalNot' Op has type float32 that does not match expected type of bool.")
    let flag = try variable(graph, [], dtype: .bool, name: "flag")
    let yes = try graph.constant(Tensor(true))
    #expect(
      message { _ = try graph.add("AssignAdd", [flag, yes]) }
        .hasPrefix("Value passed to parameter 'ref' has DataType bool not in list of allowed values: float32, "))
    #expect(message { _ = try graph.add("Assign", [f, f]) }.contains("be a mutable tensor"))
    #expect(message { _ = try graph.add("Nope") } == "Op type not registered 'Nope' in this build of Trainscope")
  }

  @Test func shapeErrorsNameNodeAndShapes() throws {
    let graph = Graph()
    let two = try placeholder(graph, .float32, [2], name: "two")
    let three = try placeholder(graph, .float32, [3], name: "three")
    #expect(
      message { _ = try graph.add("Add", [two, three]) }
        == "Dimensions must be equal, but are 2 and 3 for 'Add' (op: 'Add') with input shapes: [2], [3].")
    #expect(
      message { _ = try graph.add("MatMul", [two, three]) }
        == "Shape must be rank 2 but is rank 1 for 'MatMul' (op: 'MatMul') with input shapes: [2], [3].")
    let v = try variable(graph, [2, 2])
    #expect(
      message { _ = try graph.add("Assign", [v, three], name: "Assign_2") }
        == "Shapes must be equal rank, but are 2 and 1 for 'Assign_2' (op: 'Assign') with input shapes: [2,2], [3].")
  }

  @Test func partlyKnownShapesFlow() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil, 784], name: "x")
    let w = try variable(graph, [784, 10], name: "w")
    let y = try graph.add("MatMul", [x, w])
    #expect(y.shape == [nil, 10])
    let axis = try graph.constant(Tensor([1] as [Int32]))
    #expect(try graph.add("Mean", [y, axis]).shape == [nil])
    #expect(try graph.add("Sum", [y, axis], attributes: ["keep_dims": .bool(true)]).shape == [nil, 1])
    #expect(try graph.add("Shape", [y]).shape == [2])
    let flat = try graph.constant(Tensor([-1, 5] as [Int32]))
    #expect(try graph.add("Reshape", [y, flat]).shape == [nil, 5])
    let packed = try graph.add("Pack", [y, y], attributes: ["axis": .int(-1)])
    #expect(packed.shape == [nil, 10, 2])
    #expect(y.shape.tupleDescription == "(?, 10)")
    let full = try placeholder(graph, .float32, [4, 6], name: "full")
    #expect(try graph.add("Reshape", [full, graph.constant(Tensor([3, -1] as [Int32]))]).shape == [3, 8])
    #expect(
      message { _ = try graph.add("Reshape", [full, graph.constant(Tensor([4, 2] as [Int32]))]) }
        .hasPrefix("Cannot reshape a tensor with 24 elements to shape [4,2] (8 elements)"))
  }

  @Test func listLengthsAreInferred() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [2, 3])
    let axis = try graph.constant(Tensor(Int32(1)))
    let joined = try graph.add("ConcatV2", [x, x, x, axis])
    #expect(joined.shape == [2, 9])
    #expect(joined.node.attribute("N") == .int(3))
    #expect(joined.node.attribute("Tidx") == .type(.int32))
    let parts = try graph.addNode(op: "Split", inputs: [axis, joined], attributes: ["num_split": .int(3)])
    #expect(parts.outputs.map(\.shape) == [[2, 3], [2, 3], [2, 3]])
    #expect(message { _ = try graph.add("ConcatV2", [x, axis]) }.contains("shorter than minimum length 2"))
  }

  @Test func setShapeMerges() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil, 3])
    try x.setShape([2, nil])
    #expect(x.shape == [2, 3])
    #expect(throws: EngineError.self) { try x.setShape([4, 3]) }
  }

  @Test func everyDefinitionsNotationParsesAndConverts() {
    for name in OpRegistry.standard.names {
      let definition = OpRegistry.standard[name]
      let again = definition.flatMap { OpDefinition(proto: $0.proto) }
      #expect(again?.inputs == definition?.inputs)
      #expect(again?.outputs == definition?.outputs)
      #expect(again?.attributes.map(\.name) == definition?.attributes.map(\.name))
      #expect(again?.attributes.map(\.defaultValue) == definition?.attributes.map(\.defaultValue))
    }
  }
}
