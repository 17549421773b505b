import Catalog
import Events
import Foundation
import Graphs
import Synchronization

/// The graphs below the root, by opaque ids; those used last stay in memory, ready to be laid out.
final class GraphStore: Sendable {
  /// A graph and how it is called in addresses.
  struct Entry: Sendable {
    /// A hash of where it lies: the same after a restart, and no path that a client could change.
    let id: String
    let source: GraphSource
  }

  /// Graphs whose serialized forms exceed this together do not stay in memory, except the last.
  static let maximumBytes = 512 << 20
  static let maximumGraphs = 16

  private struct Cached: Sendable {
    let stamp: FileStamp
    let structure: GraphStructure
    var used: Int
  }

  private struct State {
    var graphs: [String: Cached] = [:]
    var problems: [String: String] = [:]
    var clock = 0
  }

  private let catalog: Catalog
  private let state = Mutex(State())

  init(_ catalog: Catalog) { self.catalog = catalog }

  func entries() throws -> [Entry] {
    let root = catalog.root.hasSuffix("/") ? catalog.root : catalog.root + "/"
    return try catalog.graphs().map { source in
      let path = source.path.hasPrefix(root) ? String(source.path.dropFirst(root.count)) : source.path
      return Entry(id: Self.id(path, offset: source.blob?.value.offset), source: source)
    }
  }

  /// Path of an entry's file relative to the root.
  func relativePath(_ entry: Entry) -> String {
    let root = catalog.root.hasSuffix("/") ? catalog.root : catalog.root + "/"
    return entry.source.path.hasPrefix(root) ? String(entry.source.path.dropFirst(root.count)) : entry.source.path
  }

  /// What is known without reading: the number of nodes of graphs in memory, and what was wrong when others were read.
  func known(_ entry: Entry) -> (nodes: Int?, problem: String?) {
    state.withLock { ($0.graphs[entry.id]?.structure.model.mainNodeCount, $0.problems[entry.id]) }
  }

  /// The graph with this id.
  ///
  /// - Throws: ``Problem`` if there is none; ``GraphError``, `EventError` or `RecordError` if it cannot be read.
  func structure(_ id: String) throws -> GraphStructure {
    guard let entry = try entries().first(where: { $0.id == id }) else {
      throw Problem.notFound("There is no graph “\(id.prefix(60))”. /api/v1/graphs lists what there is.")
    }
    let stamp = Self.stamp(entry)
    let known: GraphStructure? = state.withLock {
      guard let stamp, var cached = $0.graphs[id], cached.stamp == stamp else { return nil }
      $0.clock += 1
      cached.used = $0.clock
      $0.graphs[id] = cached
      return cached.structure
    }
    if let known { return known }
    do {
      // Two requests at once may both read it; that costs time only.
      let structure = GraphStructure(try read(entry))
      if let stamp { keep(structure, id: id, stamp: stamp) }
      return structure
    } catch {
      state.withLock { $0.problems[id] = "\(error)" }
      throw error
    }
  }

  private func read(_ entry: Entry) throws -> GraphModel {
    let path = relativePath(entry)
    if let blob = entry.source.blob {
      return try GraphModel.read(
        EventFile.bytes(of: blob.value, path: blob.path), source: path,
        kind: blob.value.kind == .metaGraph ? .metaGraph : .graphDef)
    }
    return try GraphModel.load(path: entry.source.path, source: path)
  }

  private func keep(_ structure: GraphStructure, id: String, stamp: FileStamp) {
    state.withLock {
      $0.clock += 1
      $0.problems[id] = nil
      $0.graphs[id] = Cached(stamp: stamp, structure: structure, used: $0.clock)
      func bytes(_ graphs: [String: Cached]) -> Int {
        graphs.values.reduce(0) { $0 + $1.structure.model.serialized.count }
      }
      while $0.graphs.count > 1, $0.graphs.count > Self.maximumGraphs || bytes($0.graphs) > Self.maximumBytes {
        guard let oldest = $0.graphs.min(by: { $0.value.used < $1.value.used })?.key else { break }
        $0.graphs[oldest] = nil
      }
    }
  }

  /// Changes when the graph's bytes may have changed.
  private static func stamp(_ entry: Entry) -> FileStamp? {
    guard let value = entry.source.blob?.value else { return FileStamp(path: entry.source.path) }
    return FileStamp(path: entry.source.path, recordAt: value.recordOffset, length: value.recordLength)
  }

  /// FNV-1a over path and offset.
  static func id(_ path: String, offset: UInt64?) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(path)\0\(offset.map(String.init) ?? "")".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return "g" + String(hash, radix: 36)
  }
}
