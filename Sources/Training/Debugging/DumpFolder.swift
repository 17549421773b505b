import Engine
import Foundation
import Protos
import SwiftProtobuf
import Tensors

/// A folder of dumps as TensorFlow's debugger keeps them, readable by `tfdbg.DebugDumpDir`.
///
///     ROOT/_tfdbg_core_metadata_sessionrun1_TIME                    what was run, as JSON
///     ROOT/_tfdbg_fetches_info_TIME, _tfdbg_feed_keys_info_TIME     names, for people
///     ROOT/_tfdbg_device_,job_localhost,…/_tfdbg_graph_hash_TIME    the graph of the nodes that ran
///     ROOT/_tfdbg_device_,job_localhost,…/SCOPE/NODE_SLOT_DebugIdentity_TIME   one value
///
/// Each file is one `Event` message without framing; TIME is in microseconds since 1970.
public enum DumpFolder {
  /// What is wrong with a folder of dumps.
  public struct DumpError: Error, Equatable, CustomStringConvertible {
    public var path: String
    public var message: String

    public var description: String { "\(path): \(message)" }
  }

  private static let prefix = "_tfdbg_"
  private static let device = "/job:localhost/replica:0/task:0/device:CPU:0"
  /// No dump is read that is larger.
  private static let maximumFileSize = 2 << 30

  // MARK: Writing

  /// Writes a run into a folder of its own, which is made.
  /// - Parameters:
  ///   - graph: the graph that was run.
  ///   - root: the folder; it is better empty, for a folder of dumps is read as one run.
  /// - Throws: `DumpError`, or what writing throws.
  public static func write(_ run: DebugRun, of graph: Graph, to root: String) throws {
    let start = run.tensors.first?.timestamp ?? Int64(Date().timeIntervalSince1970 * 1e6)
    let deviceFolder = root + "/" + prefix + "device_" + folderName(ofDevice: device)
    try FileManager.default.createDirectory(atPath: deviceFolder, withIntermediateDirectories: true)
    let metadata: [String: Any] = [
      "global_step": -1, "session_run_index": run.number, "executor_step_index": run.number - 1,
      "input_names": run.feeds.map(\.name), "output_names": run.fetches.filter { $0.contains(":") },
      "target_nodes": run.fetches.filter { !$0.contains(":") },
    ]
    let json = String(
      decoding: try JSONSerialization.data(withJSONObject: metadata, options: .sortedKeys), as: UTF8.self)
    try write(message(json, start), to: "\(root)/\(prefix)core_metadata_sessionrun\(run.number)_\(start)")
    try write(message(run.fetches.description, start), to: "\(root)/\(prefix)fetches_info_\(start)")
    try write(
      message(run.feeds.map(\.name).sorted().description, start), to: "\(root)/\(prefix)feed_keys_info_\(start)")

    var graphDef = graph.asGraphDef()
    let ran = Set(run.nodes.map(\.name))
    graphDef.node = graphDef.node.filter { ran.contains($0.name) }.map { node in
      var node = node
      node.device = device
      return node
    }
    var graphEvent = Tensorflow_Event()
    graphEvent.wallTime = Double(start) / 1e6
    graphEvent.graphDef = try graphDef.serializedBytes()
    try write(graphEvent, to: "\(deviceFolder)/\(prefix)graph_hash\(run.number)_\(start)")

    for tensor in run.tensors {
      // A name that climbs out of the folder is not written; such names come with hostile graphs only.
      let parts = tensor.node.split(separator: "/", omittingEmptySubsequences: false)
      guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.contains("\0") }) else { continue }
      let path = "\(deviceFolder)/\(tensor.node)_\(tensor.slot)_\(DumpedTensor.debugOp)_\(tensor.timestamp)"
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try write(try event(of: tensor), to: path)
    }
  }

  private static func folderName(ofDevice device: String) -> String {
    device.replacing("/", with: ",").replacing(":", with: "_")
  }

  private static func message(_ text: String, _ time: Int64) -> Tensorflow_Event {
    var event = Tensorflow_Event()
    event.wallTime = Double(time) / 1e6
    event.logMessage.message = text
    return event
  }

  private static func event(of tensor: DumpedTensor) throws -> Tensorflow_Event {
    var value = Tensorflow_Summary.Value()
    value.nodeName = "\(tensor.name):\(DumpedTensor.debugOp)"
    value.tag = tensor.node
    value.metadata.pluginData.pluginName = "debugger"
    let content: [String: Any] = ["device": device, "outputSlot": tensor.slot, "numChunks": 1, "chunkIndex": 0]
    value.metadata.pluginData.content = try JSONSerialization.data(withJSONObject: content, options: .sortedKeys)
    value.tensor = tensor.value.map(proto) ?? Tensorflow_TensorProto()
    var event = Tensorflow_Event()
    event.wallTime = Double(tensor.timestamp) / 1e6
    event.summary.value = [value]
    return event
  }

  /// Always with raw bytes: a reader takes a tensor without them for one without a value.
  private static func proto(_ tensor: Tensor) -> Tensorflow_TensorProto {
    var proto = Tensorflow_TensorProto()
    proto.dtype = Tensorflow_DataType(rawValue: Int(tensor.dtype.rawValue)) ?? .dtInvalid
    proto.tensorShape.dim = tensor.shape.dimensions.map { size in
      var dimension = Tensorflow_TensorShapeProto.Dim()
      dimension.size = Int64(size)
      return dimension
    }
    if tensor.dtype == .string {
      proto.stringVal = tensor.strings.map { Data($0) }
    } else {
      proto.tensorContent = tensor.withUnsafeBytes { Data($0) }
    }
    return proto
  }

  private static func write(_ event: Tensorflow_Event, to path: String) throws {
    try (event.serializedBytes() as Data).write(to: URL(fileURLWithPath: path))
  }

  // MARK: Reading

  /// Reads a folder that this or TensorFlow's debugger wrote.
  /// - Returns: the run, and what could not be read.
  /// - Throws: `DumpError` where the folder holds no dumps.
  public static func read(_ root: String) throws -> (run: DebugRun, problems: [DumpError]) {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted()
    var problems: [DumpError] = []
    var number = 1
    var fetches: [String] = []
    var feeds: [String] = []
    var tensors: [DumpedTensor] = []
    var graphNodes: [Tensorflow_NodeDef] = []
    func attempt<Value>(_ body: () throws -> Value) -> Value? {
      do {
        return try body()
      } catch let error as DumpError {
        problems.append(error)
      } catch {
        problems.append(DumpError(path: root, message: "\(error)"))
      }
      return nil
    }
    for name in names where name.hasPrefix(prefix + "core_metadata_") {
      guard let event = attempt({ try self.event(at: root + "/" + name) }),
        let json = try? JSONSerialization.jsonObject(with: Data(event.logMessage.message.utf8)) as? [String: Any]
      else { continue }
      number = (json["session_run_index"] as? Int) ?? number
      fetches = ((json["output_names"] as? [String]) ?? []) + ((json["target_nodes"] as? [String]) ?? [])
      feeds = (json["input_names"] as? [String]) ?? []
    }
    let devices = names.filter { $0.hasPrefix(prefix + "device_") }
    guard !devices.isEmpty else {
      throw DumpError(
        path: root,
        message: "holds no dumps of a debugger (no folder named \(prefix)device_…); give the folder of one run")
    }
    for deviceName in devices {
      let folder = root + "/" + deviceName
      for case let relative as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
        let path = folder + "/" + relative
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { continue }
        if relative.hasPrefix(prefix + "graph_") {
          let graphDef = attempt { () -> Tensorflow_GraphDef in
            do {
              return try Tensorflow_GraphDef(serializedBytes: try event(at: path).graphDef)
            } catch let error as DumpError {
              throw error
            } catch {
              throw DumpError(path: path, message: "is not a readable graph: \(error)")
            }
          }
          graphNodes += graphDef?.node ?? []
        } else if !relative.hasPrefix(prefix), let tensor = attempt({ try self.tensor(at: path, named: relative) }) {
          tensors.append(tensor)
        }
      }
    }
    tensors.sort { ($0.timestamp, $0.name) < ($1.timestamp, $1.name) }
    let ops = Dictionary(graphNodes.map { ($0.name, $0.op) }) { first, _ in first }
    tensors = tensors.map { tensor in
      var tensor = tensor
      tensor.op = ops[tensor.node] ?? ""
      return tensor
    }
    let fed = feeds.compactMap { name in
      tensors.first { $0.name == name }?.value.map { (name: name, value: $0) }
    }
    let run = DebugRun(
      number: number, fetches: fetches, feeds: fed, tensors: tensors, nodes: graphNodes.map { DebugNode($0) })
    return (run, problems)
  }

  private static func event(at path: String) throws -> Tensorflow_Event {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw DumpError(path: path, message: "cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { try? handle.close() }
    do {
      guard let data = try handle.read(upToCount: maximumFileSize) else { return Tensorflow_Event() }
      return try Tensorflow_Event(serializedBytes: data)
    } catch {
      throw DumpError(path: path, message: "is not a readable dump: \(error)")
    }
  }

  /// A value; its file's name says which: `NODE_SLOT_DEBUGOP_TIME`.
  private static func tensor(at path: String, named name: String) throws -> DumpedTensor {
    let parts = name.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count >= 4, let time = Int64(parts[parts.count - 1]), let slot = Int(parts[parts.count - 3]) else {
      throw DumpError(path: path, message: "does not have the name of a dump (NODE_SLOT_DebugIdentity_TIME)")
    }
    let node = parts.dropLast(3).joined(separator: "_")
    guard let value = try event(at: path).summary.value.first else {
      throw DumpError(path: path, message: "holds no tensor")
    }
    return DumpedTensor(node: node, slot: slot, op: "", value: try tensor(value.tensor, path), timestamp: time)
  }

  private static func tensor(_ proto: Tensorflow_TensorProto, _ path: String) throws -> Tensor? {
    guard let dtype = DataType(rawValue: Int32(proto.dtype.rawValue)) else { return nil }
    let shape = Shape(proto.tensorShape.dim.map { Int($0.size) })
    guard shape.dimensions.allSatisfy({ $0 >= 0 }), let count = shape.checkedElementCount() else {
      throw DumpError(path: path, message: "has an impossible shape, \(shape)")
    }
    if dtype == .string {
      guard proto.stringVal.count == count else { return nil }
      return Tensor(strings: proto.stringVal.map { [UInt8]($0) }, shape: shape)
    }
    guard dtype.byteWidth != nil, count == 0 || !proto.tensorContent.isEmpty else { return nil }
    do {
      return try Tensor(dtype: dtype, shape: shape, bytes: [UInt8](proto.tensorContent))
    } catch {
      throw DumpError(path: path, message: "\(error)")
    }
  }
}

extension DebugNode {
  /// A node as a graph file holds it.
  public init(_ node: Tensorflow_NodeDef, traceback: Traceback? = nil) {
    var inputs: [Input] = []
    var controlInputs: [String] = []
    for input in node.input {
      if input.hasPrefix("^") {
        controlInputs.append(String(input.dropFirst()))
      } else if let colon = input.lastIndex(of: ":"), let slot = Int(input[input.index(after: colon)...]) {
        inputs.append(Input(node: String(input[..<colon]), slot: slot))
      } else {
        inputs.append(Input(node: input, slot: 0))
      }
    }
    self.init(
      name: node.name, op: node.op, device: node.device, inputs: inputs, controlInputs: controlInputs,
      attributes: node.attr.sorted { $0.key < $1.key }.map { ($0.key, $0.value.textFormatString()) },
      traceback: traceback)
  }

  /// A node of a graph, with where it was made if that was recorded.
  public init(_ node: Node) {
    self.init(node.nodeDef(), traceback: node.traceback)
    if device.isEmpty { device = "/job:localhost/replica:0/task:0/device:CPU:0" }
  }
}
