import Foundation
import Protos
import SwiftProtobuf

/// The forms in which a graph is stored.
public enum GraphSourceKind: String, Sendable, Codable {
  case graphDef = "pb"
  case metaGraph = "meta"
  case savedModel = "saved_model"
  case text = "pbtxt"
}

extension GraphModel {
  /// The most bytes a graph file may have: protocol buffers end at 2 GiB.
  public static let maximumBytes = Int(Int32.max)

  /// Reads a `.pb`, `.meta`, `.pbtxt` or `saved_model.pb` file, or a SavedModel folder.
  ///
  /// Event files and run folders are looked into by whoever knows event files; they pass the blob's bytes to
  /// ``read(_:source:kind:)``.
  ///
  /// - Parameter source: how messages call the graph; the path unless given.
  public static func load(path: String, source: String? = nil) throws -> GraphModel {
    let name = source ?? path
    var path = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw GraphError.unreadable(source: name, reason: "there is no such file")
    }
    if isFolder.boolValue {
      guard let found = savedModel(inFolder: path) else {
        throw GraphError.notAGraph(source: name, reason: "the folder has no saved_model.pb or saved_model.pbtxt")
      }
      path = found
    }
    return try read(bytes(ofFile: path, source: name), source: name, kind: kind(ofPath: path))
  }

  /// The SavedModel file of a folder, if it has one.
  public static func savedModel(inFolder folder: String) -> String? {
    ["saved_model.pb", "saved_model.pbtxt"].map { folder + "/" + $0 }
      .first { FileManager.default.fileExists(atPath: $0) }
  }

  /// What a path's name says about the form; nil if it says nothing.
  public static func kind(ofPath path: String) -> GraphSourceKind? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if name == "saved_model.pb" { return .savedModel }
    if name.hasSuffix(".pbtxt") || name.hasSuffix(".pbtext") || name.hasSuffix(".prototxt") { return .text }
    if name.hasSuffix(".meta") { return .metaGraph }
    return nil
  }

  /// Reads a graph from the bytes of a file or blob.
  ///
  /// - Parameters:
  ///   - source: path or other name, for messages.
  ///   - kind: the form if known; otherwise it is recognised by content. A hint that does not fit is given up.
  /// - Throws: ``GraphError``.
  public static func read(_ bytes: [UInt8], source: String, kind: GraphSourceKind? = nil) throws -> GraphModel {
    guard bytes.count <= maximumBytes else {
      throw GraphError.tooLarge(source: source, bytes: bytes.count, limit: maximumBytes)
    }
    guard !bytes.isEmpty else { throw GraphError.notAGraph(source: source, reason: "it is empty") }
    if kind == .text || (kind != .graphDef && looksLikeText(bytes)) { return try readText(bytes, source: source) }
    switch kind ?? recognise(bytes) {
    case .savedModel: return try readSavedModel(bytes, source: source)
    case .metaGraph:
      // A .meta beside other files may be a GraphDef under a wrong name.
      if kind != nil, recognise(bytes) == .graphDef { return try GraphModel(graphDefBytes: bytes, source: source) }
      return try readMeta(bytes, 0..<bytes.count, source: source, problems: [])
    case .graphDef, .text:
      if kind == nil, !hasGraphFields(bytes, 0..<bytes.count) {
        throw GraphError.notAGraph(source: source, reason: "it is neither a GraphDef, a MetaGraphDef nor a SavedModel")
      }
      return try GraphModel(graphDefBytes: bytes, source: source)
    }
  }

  private static func bytes(ofFile path: String, source: String) throws -> [UInt8] {
    do {
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
      guard size <= maximumBytes else { throw GraphError.tooLarge(source: source, bytes: size, limit: maximumBytes) }
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch let error as GraphError {
      throw error
    } catch {
      throw GraphError.unreadable(source: source, reason: error.localizedDescription)
    }
  }

  // MARK: Recognising

  /// Text has no control characters in its first bytes; every binary graph has lengths among them.
  private static func looksLikeText(_ bytes: [UInt8]) -> Bool {
    var letters = 0
    for byte in bytes.prefix(256) {
      if byte < 9 || (byte > 13 && byte < 32) || byte == 127 { return false }
      if byte == UInt8(ascii: "{") || byte == UInt8(ascii: ":") { letters += 1 }
    }
    guard letters > 0 else { return false }
    // A binary message may by chance begin with bytes that are printable; text begins with a field name or a comment.
    let first = bytes.first { $0 > 32 } ?? 0
    return first == UInt8(ascii: "#") || (first >= UInt8(ascii: "a") && first <= UInt8(ascii: "z"))
  }

  /// SavedModel begins with a number; a GraphDef's first message is a node with an op's name; else it is a MetaGraphDef.
  private static func recognise(_ bytes: [UInt8]) -> GraphSourceKind {
    var reader = WireReader(bytes)
    while let field = try? reader.next() {
      if field.number == 1, field.type == 0 { return .savedModel }
      if field.number == 1, field.type == 2 { return isNode(bytes, field.range) ? .graphDef : .metaGraph }
      if field.number == 2, field.type == 2 { return hasGraphFields(bytes, field.range) ? .metaGraph : .graphDef }
    }
    return .graphDef
  }

  private static func isNode(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    var reader = WireReader(bytes, range)
    while let field = try? reader.next() {
      guard field.number == 2 else { continue }
      guard field.type == 2, !field.range.isEmpty else { return false }
      return bytes[field.range].allSatisfy { byte in
        (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte == 95
          || byte == 62 || byte == 46 || byte == 58
      }
    }
    return false
  }

  private static func hasGraphFields(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    var reader = WireReader(bytes, range)
    while let field = try? reader.next() {
      if field.number == 1 { return field.type == 2 && isNode(bytes, field.range) }
      if field.number > 4 { return false }
    }
    return reader.position == reader.end && !range.isEmpty
  }

  // MARK: Containers

  /// MetaGraphDef: 2 is the graph; everything else is decoded as a message.
  private static func readMeta(
    _ bytes: [UInt8], _ range: Range<Int>, source: String, problems: [GraphProblem]
  ) throws -> GraphModel {
    var reader = WireReader(bytes, range)
    var graph: Range<Int>?
    var rest: [UInt8] = []
    do {
      var start = range.lowerBound
      while let field = try reader.next() {
        if field.number == 2, field.type == 2 {
          graph = field.range
        } else {
          rest.append(contentsOf: bytes[start..<reader.position])
        }
        start = reader.position
      }
    } catch let failure as WireReader.Failure {
      throw GraphError.damaged(source: source, offset: failure.offset, reason: failure.reason)
    }
    guard let graph else {
      throw GraphError.notAGraph(source: source, reason: "it is neither a MetaGraphDef nor a GraphDef")
    }
    var problems = problems
    var meta: MetaGraphSummary?
    do {
      meta = MetaGraphSummary(try Tensorflow_MetaGraphDef(serializedBytes: rest, options: decoding))
    } catch {
      problems.append(GraphProblem("What stands beside the graph in the MetaGraphDef does not decode (\(error))."))
    }
    return try GraphModel(
      Array(bytes[graph]), source: source, meta: meta, baseOffset: graph.lowerBound, problems: problems)
  }

  /// SavedModel: 2 are its MetaGraphDefs; the one tagged `serve` is shown, or else the first.
  private static func readSavedModel(_ bytes: [UInt8], source: String) throws -> GraphModel {
    var reader = WireReader(bytes)
    var metas: [Range<Int>] = []
    do {
      while let field = try reader.next() {
        if field.number == 2, field.type == 2 { metas.append(field.range) }
      }
    } catch let failure as WireReader.Failure {
      throw GraphError.damaged(source: source, offset: failure.offset, reason: failure.reason)
    }
    guard let first = metas.first else {
      throw GraphError.notAGraph(source: source, reason: "the SavedModel has no graph")
    }
    let problems =
      metas.count > 1 ? [GraphProblem("The SavedModel has \(metas.count) graphs; one of them is shown.")] : []
    guard metas.count > 1 else { return try readMeta(bytes, first, source: source, problems: problems) }
    let models = try metas.map { try readMeta(bytes, $0, source: source, problems: problems) }
    return models.first { $0.meta?.tags.contains("serve") ?? false } ?? models[0]
  }

  // MARK: Text

  /// Text form of a GraphDef, a MetaGraphDef or a SavedModel: the first that parses.
  private static func readText(_ bytes: [UInt8], source: String) throws -> GraphModel {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw GraphError.text(source: source, line: nil, reason: "it is not UTF-8")
    }
    var options = TextFormatDecodingOptions()
    options.messageDepthLimit = 200
    do {
      return try GraphModel(
        graphDef: try Tensorflow_GraphDef(textFormatString: text, options: options), source: source)
    } catch let graphFailure {
      if let meta = try? Tensorflow_MetaGraphDef(textFormatString: text, options: options), meta.hasGraphDef {
        return try readMeta(meta.serializedBytes(), source: source)
      }
      if let saved = try? Tensorflow_SavedModel(textFormatString: text, options: options), !saved.metaGraphs.isEmpty {
        return try readSavedModel(saved.serializedBytes(), source: source)
      }
      // A newer writer may use fields that are unknown here; the graph is shown without them.
      options.ignoreUnknownFields = true
      if let graph = try? Tensorflow_GraphDef(textFormatString: text, options: options), !graph.node.isEmpty {
        let problem = GraphProblem("The text has fields that are unknown here; they were left out.")
        return try GraphModel(
          graph.serializedBytes(), source: source, meta: nil, baseOffset: 0, problems: [problem])
      }
      if let error = graphFailure as? GraphError { throw error }
      throw GraphError.text(
        source: source, line: TextFaultFinder.line(of: text), reason: "\(graphFailure)")
    }
  }

  private static func readMeta(_ bytes: [UInt8], source: String) throws -> GraphModel {
    try readMeta(bytes, 0..<bytes.count, source: source, problems: [])
  }
}

/// Finds the line of the most common fault of a text graph, an unbalanced bracket or an unfinished string.
enum TextFaultFinder {
  /// The line of the first bracket or quote that is never closed, or closed without being opened; nil if all balance.
  static func line(of text: String) -> Int? {
    var line = 1
    var open: [(UInt8, Int)] = []
    var quote: UInt8?
    var escaped = false
    var comment = false
    for byte in text.utf8 {
      if byte == 10 {
        if quote != nil { return line }
        line += 1
        comment = false
        continue
      }
      if comment { continue }
      if let current = quote {
        if escaped { escaped = false } else if byte == 92 { escaped = true } else if byte == current { quote = nil }
        continue
      }
      switch byte {
      case 34, 39: quote = byte
      case 35: comment = true
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "<"): open.append((byte, line))
      case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ">"):
        guard let last = open.popLast(), last.0 == (byte == 125 ? 123 : byte == 93 ? 91 : 60) else { return line }
      default: break
      }
    }
    return quote != nil ? line : open.last?.1
  }
}
