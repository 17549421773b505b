import Engine
import Foundation
import Tensors

/// What a saver runs.
struct SaverNodes {
  /// Fed with the path.
  var path: Output
  /// Fetched to save; answers the path.
  var savedPath: Output
  /// Run to restore.
  var restore: Node
}

/// One tensor of a checkpoint, or a slice of one: what is saved, and where it goes back to.
struct Saveable {
  /// The key in the checkpoint.
  var name: String
  var variable: Variable

  /// `shape_and_slices` of the ops: empty for a whole tensor.
  var slice: String { variable.slice?.specification ?? "" }

  /// What is saved: the reference itself, except of slices and resources, which are read.
  var tensor: Output { variable.isResource || variable.slice != nil ? variable.value : variable.reference }

  /// The processor that saves and restores it, beside the device where the variable stands.
  func hostDevice() throws -> String {
    let device = variable.node.device
    return device.isEmpty ? "" : try Self.processor(of: device)
  }

  /// `device` with its first processor instead of what else it names.
  static func processor(of device: String) throws -> String {
    let parts = device.split(separator: "/").filter { !$0.lowercased().hasPrefix("device:") }
    return parts.map { "/" + $0 }.joined() + "/device:CPU:0"
  }
}

extension Graph {
  /// The nodes that save and restore variables, as TensorFlow's Saver makes them below `save`, and their names.
  ///
  /// - Parameters:
  ///   - saved: what is saved under which name.
  ///   - reshapes: whether values of another shape are restored if they have as many elements.
  ///   - isSharded: whether each device writes a file of its own.
  func addSaverNodes(
    _ saved: [Saveable], reshapes: Bool, isSharded: Bool, format: CheckpointVersion, name: String?
  ) throws -> SaverNodes {
    try nameScope(name, default: "save") { _ in
      let model = try self.placeholderWithDefault("model", shape: .scalar, name: "filename")
      // The path to save to or restore from; TensorFlow calls it Const for the sake of old files.
      let path = try self.placeholderWithDefault(model, shape: .scalar, name: "Const")
      var builder = SaverBuilder(graph: self, path: path, reshapes: reshapes, format: format)
      return isSharded ? try builder.sharded(saved) : try builder.whole(saved)
    }
  }
}

/// Makes the nodes inside the saver's scope.
private struct SaverBuilder {
  let graph: Graph
  let path: Output
  let reshapes: Bool
  let format: CheckpointVersion

  func whole(_ saved: [Saveable]) throws -> SaverNodes {
    let written = try save(saved, to: path)
    let savedPath = try afterwards([written], path)
    let assignments = try restore(saved, processor: "/device:CPU:0")
    return SaverNodes(
      path: path, savedPath: savedPath, restore: try graph.group(assignments, name: "restore_all"))
  }

  // MARK: Saving

  private func save(_ saved: [Saveable], to file: Output) throws -> Node {
    let op = format == .v2 ? "SaveV2" : "SaveSlices"
    return try graph.nameScope(format == .v2 ? "SaveV2" : "save") { scope in
      let (names, slices) = try constants(saved, slicesName: format == .v2 ? "shape_and_slices" : "shapes_and_slices")
      let tensors = saved.map(\.tensor)
      return try graph.addNode(
        op: op, name: scope, inputs: [file, names, slices] + tensors,
        attributes: [(format == .v2 ? "dtypes" : "T"): .types(saved.map(\.variable.dtype))])
    }
  }

  private func afterwards(_ nodes: [Node], _ value: Output) throws -> Output {
    try graph.controlDependencies(nodes) {
      try graph.withColocation(with: value.node) {
        try graph.add("Identity", [value], name: "control_dependency")
      }
    }
  }

  private func constants(_ saved: [Saveable], slicesName: String) throws -> (names: Output, slices: Output) {
    func texts(_ values: [String], _ name: String) throws -> Output {
      try graph.constant(Tensor(strings: values.map { Array($0.utf8) }, shape: [values.count]), name: name)
    }
    return (try texts(saved.map(\.name), "tensor_names"), try texts(saved.map(\.slice), slicesName))
  }

  // MARK: Restoring

  private func restore(_ saved: [Saveable], processor: String) throws -> [Node] {
    let restored = try graph.withDevice(processor) {
      try graph.nameScope("RestoreV2") { scope in
        let (names, slices) = try constants(saved, slicesName: "shape_and_slices")
        return try graph.addNode(
          op: "RestoreV2", name: scope, inputs: [path, names, slices],
          attributes: ["dtypes": .types(saved.map(\.variable.dtype))])
      }
    }
    return try zip(saved, restored.outputs).map { item, value in try assign(item.variable, value) }
  }

  private func assign(_ variable: Variable, _ value: Output) throws -> Node {
    guard let shape = variable.shape.full else {
      if variable.isResource { return try assignResource(variable, value) }
      return try graph.assign(variable, value, validateShape: false).node
    }
    try value.setShape(reshapes ? .unknown : PartialShape(shape))
    let fitted = reshapes ? try graph.reshape(value, to: shape.dimensions) : value
    if variable.isResource { return try assignResource(variable, fitted) }
    return try graph.assign(variable, fitted, validateShape: !reshapes).node
  }

  private func assignResource(_ variable: Variable, _ value: Output) throws -> Node {
    let device = variable.node.device
    let make = {
      try graph.addNode(
        op: "AssignVariableOp", inputs: [variable.reference, graph.add("Identity", [value])],
        attributes: ["dtype": .type(variable.dtype)])
    }
    return device.isEmpty ? try make() : try graph.withDevice(device, make)
  }

  // MARK: Shards

  /// Each device writes a file of its own: to a temporary name first in the second format, merged at the end.
  mutating func sharded(_ saved: [Saveable]) throws -> SaverNodes {
    let groups = Dictionary(grouping: saved, by: \.variable.node.device).sorted { $0.key < $1.key }
    let prefix: Output
    if format == .v2 {
      let folder = "_temp_" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased() + "/part"
      prefix = try graph.nameScope("StringJoin") { scope in
        let part = try graph.constant(Tensor(folder), name: "inputs_1")
        return try graph.add("StringJoin", [path, part], name: scope, attributes: ["separator": .string("")])
      }
    } else {
      prefix = path
    }
    let count = try graph.constant(Tensor(Int32(groups.count)), name: "num_shards")
    var files: [Output] = []
    var done: [Output] = []
    var lastDevice = ""
    for (shard, group) in groups.enumerated() {
      lastDevice = format == .v2 ? try Saveable.processor(of: group.key) : group.key
      try onDevice(lastDevice) {
        let file = try graph.nameScope("ShardedFilename") { scope in
          let number = try graph.constant(Tensor(Int32(shard)), name: "shard")
          return try graph.add("ShardedFilename", [prefix, number, count], name: scope)
        }
        files.append(file)
        done.append(try afterwards([save(group.value, to: file)], file))
      }
    }
    let savedPath = try format == .v2 ? merged(files, done, on: lastDevice) : specification(count, done)
    var shards: [Node] = []
    for group in groups {
      let assignments = try restore(group.value, processor: Saveable.processor(of: group.key))
      try onDevice(group.key) { shards.append(try graph.group(assignments, name: "restore_shard")) }
    }
    return SaverNodes(path: path, savedPath: savedPath, restore: try graph.group(shards, name: "restore_all"))
  }

  private func onDevice(_ device: String, _ body: () throws -> Void) throws {
    if device.isEmpty { try body() } else { try graph.withDevice(device, body) }
  }

  private func merged(_ files: [Output], _ done: [Output], on device: String) throws -> Output {
    try graph.controlDependencies(done.map(\.node)) {
      try graph.withDevice(device) {
        let merge = try graph.nameScope("MergeV2Checkpoints") { scope in
          let prefixes = try graph.stack(files, name: "checkpoint_prefixes")
          return try graph.addNode(
            op: "MergeV2Checkpoints", name: scope, inputs: [prefixes, path],
            attributes: ["delete_old_dirs": .bool(true)])
        }
        return try graph.controlDependencies([merge]) { try graph.add("Identity", [path]) }
      }
    }
  }

  private func specification(_ count: Output, _ done: [Output]) throws -> Output {
    try graph.controlDependencies(done.map(\.node)) { try graph.add("ShardedFilespec", [path, count]) }
  }
}
