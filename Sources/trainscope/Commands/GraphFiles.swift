import Events
import Foundation
import Graphs

/// Where the graph commands find and put files.
enum GraphFiles {
  /// The graph of an event file, a run folder, a .meta, .pb or .pbtxt file, or a SavedModel folder.
  ///
  /// In a run folder event files come first, newest first, then .meta files, newest first, then other graph files by name.
  static func open(_ source: String) throws -> GraphModel {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) else {
      throw GraphError.unreadable(source: source, reason: "there is no such file or folder")
    }
    if !isFolder.boolValue {
      return isEventFile(source) ? try eventFileGraph(source) : try GraphModel.load(path: source)
    }
    if GraphModel.savedModel(inFolder: source) != nil { return try GraphModel.load(path: source) }
    return try runFolderGraph(source)
  }

  private static func isEventFile(_ path: String) -> Bool {
    (path.split(separator: "/").last ?? "").contains("tfevents")
  }

  private static func runFolderGraph(_ folder: String) throws -> GraphModel {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      throw GraphError.unreadable(source: folder, reason: error.localizedDescription)
    }
    let paths = names.map { "\(folder)/\($0)" }
    var failure: (any Error)?
    for path in paths.filter(isEventFile).reversed() {
      do {
        return try eventFileGraph(path)
      } catch GraphError.notAGraph {
        continue
      } catch {
        failure = failure ?? error
      }
    }
    let metas = paths.filter { $0.hasSuffix(".meta") }.sorted { modified($0) > modified($1) }
    let others = paths.filter { $0.hasSuffix(".pb") || $0.hasSuffix(".pbtxt") }
    if let path = (metas + others).first { return try GraphModel.load(path: path) }
    throw failure
      ?? GraphError.notAGraph(source: folder, reason: "no event file in it has a graph, and there is no graph file")
  }

  private static func modified(_ path: String) -> Date {
    (try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date) ?? .distantPast
  }

  /// The first graph of an event file; a MetaGraphDef only if there is no GraphDef near it.
  private static func eventFileGraph(_ path: String) throws -> GraphModel {
    let reader = try EventFileReader(path: path)
    while true {
      let batch = try reader.next()
      let graph = batch.values.first { $0.kind == .graph } ?? batch.values.first { $0.kind == .metaGraph }
      if let graph {
        return try GraphModel.read(
          EventFile.bytes(of: graph, path: path), source: path, kind: graph.kind == .graph ? .graphDef : .metaGraph)
      }
      if batch.reachedEnd { throw GraphError.notAGraph(source: path, reason: "no graph was logged to it") }
    }
  }

  /// Says on standard error what is odd.
  static func report(_ problems: [GraphProblem], source: String) {
    for problem in problems.prefix(20) {
      Diagnostics.note("\(source): warning: \(problem.message)")
    }
  }

  static func write(_ bytes: [UInt8], to path: String?) throws {
    guard let path else {
      FileHandle.standardOutput.write(Data(bytes))
      return
    }
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw GraphError.unreadable(source: path, reason: "it cannot be written: \(error.localizedDescription)")
    }
  }
}
