/// Reads the serialized GraphDef in place: names, ops, devices, inputs and output shapes of all nodes, in one pass.
///
/// Attributes are not decoded; a node remembers where its bytes lie. So a graph of 50,000 nodes is there in tens of
/// milliseconds, and whatever this program does not know survives an export, since the bytes are kept.
///
/// Fields read (tensorflow/core/framework/graph.proto, node_def.proto, function.proto): GraphDef 1 node, 2 library;
/// NodeDef 1 name, 2 op, 3 input, 4 device, 5 attr; FunctionDefLibrary 1 function; FunctionDef 1 signature, 3 node_def,
/// 4 ret; OpDef 1 name, 2 input_arg, 3 output_arg.
struct GraphDefScanner {
  struct RawNode {
    var name = ""
    var op = 0
    var device = 0
    var function = -1
    var bytes = 0..<0
    var shapes = 0..<0
    var elementType = 0
    var inputs = 0..<0
  }

  private(set) var nodes: [RawNode] = []
  /// Inputs of all nodes, as written: `name`, `name:1`, `^name`.
  private(set) var inputs: [String] = []
  private(set) var shapes: [GraphShape] = []
  private(set) var ops = Interner()
  private(set) var devices = Interner()
  private(set) var functions: [GraphFunction] = []
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    _ = devices.index(of: "")
    _ = ops.index(of: "")
  }

  /// Reads the GraphDef that lies in `range`.
  mutating func scan(_ range: Range<Int>) throws {
    var reader = WireReader(bytes, range)
    var libraries: [Range<Int>] = []
    while let field = try reader.next() {
      switch (field.number, field.type) {
      case (1, 2): try node(field.range, function: -1)
      case (2, 2): libraries.append(field.range)
      case (1, _), (2, _):
        throw WireReader.Failure(
          offset: field.range.lowerBound, reason: "field \(field.number) of a graph must be a message")
      default: break
      }
    }
    for library in libraries {
      var reader = WireReader(bytes, library)
      while let field = try reader.next() {
        guard field.type == 2 else { continue }

        if field.number == 1 { try function(field.range) }
      }
    }
  }

  private mutating func node(_ range: Range<Int>, function: Int) throws {
    var reader = WireReader(bytes, range)
    var node = RawNode()
    node.bytes = range
    node.function = function
    let firstInput = inputs.count
    let firstShape = shapes.count
    var fallback: GraphShape?
    while let field = try reader.next() {
      if (1...5).contains(field.number), field.type != 2 {
        throw WireReader.Failure(
          offset: field.range.lowerBound, reason: "field \(field.number) of a node must be text or a message")
      }
      switch field.number {
      case 1: node.name = reader.string(field)
      case 2: node.op = ops.index(of: reader.string(field))
      case 3: inputs.append(reader.string(field))
      case 4: node.device = devices.index(of: reader.string(field))
      case 5: try attribute(field.range, &node, &fallback)
      default: break
      }
    }
    if let fallback {
      if shapes.count == firstShape { shapes.append(fallback) }
      // A handle is a scalar; what flows through it is the variable.
      if isHandle(node.op) { shapes[firstShape] = fallback }
    }
    node.inputs = firstInput..<inputs.count
    node.shapes = firstShape..<shapes.count
    nodes.append(node)
  }

  private func isHandle(_ op: Int) -> Bool { ops.names[op] == "VarHandleOp" }

  /// One entry of the attribute map: 1 key, 2 value. Only what the picture needs is read.
  private mutating func attribute(
    _ range: Range<Int>, _ node: inout RawNode, _ fallback: inout GraphShape?
  ) throws {
    var reader = WireReader(bytes, range)
    var key: WireReader.Field?
    var value: WireReader.Field?
    while let field = try reader.next() {
      if field.number == 1, field.type == 2 { key = field }
      if field.number == 2, field.type == 2 { value = field }
    }
    guard let key, let value else { return }
    if reader.equals(key, "_output_shapes") {
      try outputShapes(value.range)
    } else if reader.equals(key, "dtype") {
      var reader = WireReader(bytes, value.range)
      while let field = try reader.next() {
        guard field.number == 6 else { continue }
        node.elementType = Int(truncatingIfNeeded: field.value)
      }
    } else if reader.equals(key, "shape") {
      var reader = WireReader(bytes, value.range)
      while let field = try reader.next() {
        guard field.number == 7, field.type == 2 else { continue }
        fallback = try shape(field.range)
      }
    } else if reader.equals(key, "value") {
      // The value of a Const: AttrValue 8 tensor, TensorProto 2 tensor_shape.
      var reader = WireReader(bytes, value.range)
      while let field = try reader.next() {
        guard field.number == 8, field.type == 2 else { continue }

        var tensor = WireReader(bytes, field.range)
        fallback = GraphShape(dimensions: [])
        while let part = try tensor.next() {
          if part.number == 2, part.type == 2 { fallback = try shape(part.range) }
        }
      }
    }
  }

  /// AttrValue 1 list, ListValue 7 shape.
  private mutating func outputShapes(_ range: Range<Int>) throws {
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      guard field.number == 1, field.type == 2 else { continue }

      var list = WireReader(bytes, field.range)
      while let item = try list.next() {
        guard item.number == 7, item.type == 2 else { continue }
        shapes.append(try shape(item.range))
      }
    }
  }

  /// TensorShapeProto: 2 dim (1 size), 3 unknown_rank.
  private func shape(_ range: Range<Int>) throws -> GraphShape {
    var reader = WireReader(bytes, range)
    var dimensions: [Int64] = []
    while let field = try reader.next() {
      if field.number == 3, field.type == 0, field.value != 0 { return GraphShape(dimensions: nil) }
      guard field.number == 2, field.type == 2 else { continue }
      var size: Int64 = 0
      var dimension = WireReader(bytes, field.range)
      while let part = try dimension.next() {
        if part.number == 1, part.type == 0 { size = Int64(bitPattern: part.value) }
      }
      dimensions.append(size)
      guard dimensions.count <= 255 else {
        throw WireReader.Failure(offset: field.range.lowerBound, reason: "a shape has more than 255 dimensions")
      }
    }
    return GraphShape(dimensions: dimensions)
  }

  /// A function: its arguments and results become nodes of their own, so that the picture shows where data comes in.
  private mutating func function(_ range: Range<Int>) throws {
    var reader = WireReader(bytes, range)
    var name = ""
    var arguments: [String] = []
    var results: [String] = []
    var body: [Range<Int>] = []
    var returns: [String: String] = [:]
    while let field = try reader.next() {
      guard field.type == 2 else { continue }
      switch field.number {
      case 1:
        var signature = WireReader(bytes, field.range)
        while let part = try signature.next() {
          guard part.type == 2 else { continue }
          switch part.number {
          case 1: name = signature.string(part)
          case 2: arguments.append(try firstText(part.range))
          case 3: results.append(try firstText(part.range))
          default: break
          }
        }
      case 3: body.append(field.range)
      case 4:
        var entry = WireReader(bytes, field.range)
        var key = ""
        var value = ""
        while let part = try entry.next() {
          guard part.type == 2 else { continue }

          if part.number == 1 { key = entry.string(part) }
          if part.number == 2 { value = entry.string(part) }
        }
        returns[key] = value
      default: break
      }
    }
    let index = functions.count
    let first = nodes.count
    for argument in arguments { synthetic(argument, op: "_Arg", input: nil, function: index) }
    for item in body { try node(item, function: index) }
    for result in results { synthetic("\(result)_RetVal", op: "_Retval", input: returns[result], function: index) }
    functions.append(GraphFunction(name: name, nodes: first..<nodes.count, bytes: range))
  }

  private mutating func synthetic(_ name: String, op: String, input: String?, function: Int) {
    let firstInput = inputs.count
    if let input { inputs.append(input) }
    nodes.append(
      RawNode(
        name: name, op: ops.index(of: op), device: 0, function: function, shapes: shapes.count..<shapes.count,
        inputs: firstInput..<inputs.count))
  }

  private func firstText(_ range: Range<Int>) throws -> String {
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      guard field.type == 2 else { continue }

      if field.number == 1 { return reader.string(field) }
    }
    return ""
  }
}

/// Gives equal texts one small number.
struct Interner {
  private(set) var names: [String] = []
  private var indices: [String: Int] = [:]

  mutating func index(of name: String) -> Int {
    if let index = indices[name] { return index }
    indices[name] = names.count
    names.append(name)
    return names.count - 1
  }
}
