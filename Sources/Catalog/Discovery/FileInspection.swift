import Checkpoints
import Events
import Foundation
import Records

/// What a full reading of one file, or of one checkpoint, found. Nothing is kept, and no catalogue is needed.
public struct FileInspection: Sendable, Equatable {
  /// As given, or found below what was given.
  public var path: String
  /// `events`, `records`, `checkpoint` or `graph`.
  public var kind: String
  /// Bytes of the file, or of all files of a checkpoint that are there.
  public var size: Int64 = 0
  /// `gzip` or `zlib`, where the file is compressed as a whole.
  public var compression: String?
  /// Sound records; of a checkpoint, sound tensors; of a graph, its nodes.
  public var records = 0
  /// What is damaged: where, and how.
  public var skipped: [FileHealth.Skip] = []
  public var bytesLost: Int64 = 0
  /// Whether the file ends inside a record.
  public var truncatedTail = false
  /// Whether everything could be read.
  public var ok = true
  /// What else is to be said.
  public var message: String?
  /// What an event file holds.
  public var digest: EventDigest?

  /// Reads a graph file: gives how many nodes it has, and what is odd about it. Throws where it is none.
  public typealias GraphReader = (_ path: String) throws -> (nodes: Int, problems: [String])

  init(path: String, kind: String) {
    self.path = path
    self.kind = kind
  }

  /// Reads what `path` stands for: an event file, a record file, a checkpoint (its prefix or one of its files), a graph
  /// file, or everything of that kind in a folder and below.
  ///
  /// - Parameter graph: reads `.meta`, `.pb` and `.pbtxt` files; without it they are taken for record files, and left out
  ///   in folders.
  /// - Throws: ``CatalogError/rootMissing(path:)`` where there is nothing; everything else is part of the answer.
  public static func inspect(_ path: String, graph: GraphReader? = nil) throws -> [FileInspection] {
    guard let status = FileStatus(path: path, followingLinks: true) else {
      // A prefix is no file of its own.
      guard let location = try? CheckpointLocation.resolve(path) else { throw CatalogError.nothingThere(path: path) }
      return [checkpoint(location.prefix)]
    }
    switch status.kind {
    case .folder: return try folder(path, graph)
    case .file: return [file(path, graph)]
    case .link, .other:
      var answer = FileInspection(path: path, kind: "records")
      answer.fail("it is a pipe, socket or device, not a file")
      return [answer]
    }
  }

  // MARK: - Kinds

  private static func folder(_ path: String, _ reader: GraphReader?) throws -> [FileInspection] {
    let discovery = try Discovery.walk(root: path)
    var answers: [FileInspection] = []
    for folder in discovery.folders {
      answers += folder.eventFiles.map { events("\(path)/\($0.path)") }
      if let reader { answers += folder.graphFiles.map { graph("\(path)/\($0.path)", reader) } }
      guard folder.mayHoldCheckpoints else { continue }
      let full = folder.path == "." ? path : "\(path)/\(folder.path)"
      let folders = [full] + (folder.savedModelVariables.map { ["\(path)/\($0)"] } ?? [])
      for found in folders.flatMap({ CheckpointDiscovery.checkpoints(inDirectory: $0, confinedTo: path) }) {
        answers.append(checkpoint(found.prefix, within: path))
      }
    }
    return answers
  }

  private static func file(_ path: String, _ reader: GraphReader?) -> FileInspection {
    let name = (path as NSString).lastPathComponent
    if Discovery.isEventFileName(name) { return events(path) }
    if let reader, [".meta", ".pb", ".pbtxt"].contains(where: name.hasSuffix) { return graph(path, reader) }
    if name.hasSuffix(".index") || name.contains(".data-"), let location = try? CheckpointLocation.resolve(path) {
      return checkpoint(location.prefix)
    }
    let answer = records(path)
    // V1 checkpoints have names of any form.
    if answer.records == 0, !answer.ok, let location = try? CheckpointLocation.resolve(path),
      (try? CheckpointReader(location)) != nil
    {
      return checkpoint(location.prefix)
    }
    return answer
  }

  private static func events(_ path: String) -> FileInspection {
    var answer = FileInspection(path: path, kind: "events")
    answer.size = sizes([path])
    answer.digest = EventDigest()
    do {
      let reader = EventFileReader(source: try OpenEventFile(path: path).source)
      while true {
        let batch = try reader.next()
        answer.records += batch.records
        answer.compression = batch.compression.map { $0.rawValue } ?? answer.compression
        answer.digest?.add(batch)
        for skip in batch.skipped { answer.add(skip) }
        for warning in batch.warnings where answer.message == nil {
          answer.message = "byte \(warning.offset): \(warning.message)"
        }
        guard batch.reachedEnd else { continue }
        answer.end(batch.tail, at: batch.end)
        return answer
      }
    } catch {
      answer.fail(describe(error, path))
      return answer
    }
  }

  private static func records(_ path: String) -> FileInspection {
    var answer = FileInspection(path: path, kind: "records")
    answer.size = sizes([path])
    do {
      let reader = RecordReader(try OpenEventFile(path: path).source)
      while true {
        switch try reader.next() {
        case .record: answer.records += 1
        case .skipped(let skip): answer.add(skip)
        case .end(let tail):
          answer.compression = try reader.compression().map { $0.rawValue }
          for gap in reader.gaps(in: 0..<reader.position) { answer.add(gap) }
          if let damage = reader.compressionDamage { answer.message = damage.message }
          answer.end(tail, at: reader.position)
          return answer
        }
      }
    } catch {
      answer.fail(describe(error, path))
      return answer
    }
  }

  /// - Parameter root: The folder that is inspected, if it is one; links are followed in it only.
  private static func checkpoint(_ prefix: String, within root: String? = nil) -> FileInspection {
    var answer = FileInspection(path: prefix, kind: "checkpoint")
    do {
      let reader = try CheckpointReader(prefix: prefix, confinedTo: root)
      answer.size = sizes(reader.dataFiles + ["\(prefix).index"])
      for problem in reader.problems + reader.dataFileProblems {
        answer.fail(problem)
      }
      for entry in reader.entries {
        do {
          try reader.forEachChunk(of: entry) { _ in }
          answer.records += 1
        } catch {
          answer.ok = false
          answer.skipped.append(
            FileHealth.Skip(
              offset: Int64(clamping: entry.offset ?? 0), reason: "“\(entry.name)”: \(describe(error, prefix))",
              bytes: Int64(clamping: entry.byteCount)))
          answer.lose(Int64(clamping: entry.byteCount))
        }
      }
    } catch {
      answer.fail(describe(error, prefix))
    }
    return answer
  }

  private static func graph(_ path: String, _ reader: GraphReader) -> FileInspection {
    var answer = FileInspection(path: path, kind: "graph")
    answer.size = sizes([path])
    do {
      let found = try reader(path)
      answer.records = found.nodes
      if let first = found.problems.first {
        answer.message = found.problems.count > 1 ? "\(first) (and \(found.problems.count - 1) more oddities)" : first
      }
    } catch {
      answer.fail(describe(error, path))
      answer.bytesLost = answer.size
    }
    return answer
  }

  private static func sizes(_ paths: [String]) -> Int64 {
    Set(paths).reduce(0) { $0 + (FileStatus(path: $1, followingLinks: true)?.size ?? 0) }
  }

  // MARK: - Findings

  private mutating func add(_ skip: SkippedRecord) {
    ok = false
    skipped.append(
      FileHealth.Skip(
        offset: Int64(clamping: skip.offset), reason: skip.reason.description, bytes: Int64(clamping: skip.length)))
    lose(Int64(clamping: skip.length))
  }

  private mutating func end(_ tail: Tail, at position: UInt64) {
    let tail = FileTail(tail)
    guard let sentence = tail.sentence(at: Int64(clamping: position)) else { return }
    ok = false
    if tail.state == .truncated {
      truncatedTail = true
    } else {
      skipped.append(
        FileHealth.Skip(
          offset: Int64(clamping: position), reason: "no record starts here, and no good one follows",
          bytes: tail.bytes))
      lose(tail.bytes)
    }
    message = message.map { "\($0); \(sentence)" } ?? sentence
  }

  /// Sizes are what damaged files say of themselves, so their sum may not fit.
  private mutating func lose(_ bytes: Int64) {
    let (sum, overflow) = bytesLost.addingReportingOverflow(bytes)
    bytesLost = overflow ? .max : sum
  }

  private mutating func fail(_ reason: String) {
    ok = false
    message = message.map { "\($0); \(reason)" } ?? reason
  }

  /// The error's own words, without the path, which stands before them anyway.
  private static func describe(_ error: any Error, _ path: String) -> String {
    let text = String(describing: error)
    return text.hasPrefix(path + ": ") ? String(text.dropFirst(path.count + 2)) : text
  }
}
