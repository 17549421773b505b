import Foundation
import Tensors

/// A reader of TensorFlow 1: takes names of files from a queue and gives their records one by one.
///
/// `@unchecked Sendable`: everything that changes is only touched while the lock is held. One that waits for a name holds
/// the lock, so that records of a file stay in order; closing the session ends the wait.
final class WorkReader: @unchecked Sendable {
  enum Kind: Sendable {
    case records(compression: String)
    case lines(skipping: Int)
    case wholeFiles
    case names
    case fixedLength(header: Int, record: Int, footer: Int, hop: Int)
  }

  /// The rest of the file at hand.
  private enum Source {
    case records(any RecordStream)
    case bytes([UInt8], position: Int, index: Int)
    case once([UInt8])
  }

  private let kind: Kind
  private let name: String
  private let lock = NSLock()
  private var work: (name: String, source: Source)?
  private var produced: Int64 = 0
  private var completed: Int64 = 0

  init(kind: Kind, name: String) {
    self.kind = kind
    self.name = name
  }

  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  var recordsProduced: Int64 { locked { produced } }
  var unitsCompleted: Int64 { locked { completed } }

  func reset() {
    locked {
      work = nil
      produced = 0
      completed = 0
    }
  }

  /// The next record, and its key: the file and the place in it.
  func read(_ queue: TensorQueue, _ files: (any RecordFiles)?, _ control: RunControl?) throws -> (
    key: [UInt8], value: [UInt8]
  ) {
    try locked {
      while true {
        if let found = try next() { return found }
        try begin(try queue.dequeue(1, control), files)
      }
    }
  }

  /// Up to `limit` records, at least one; it ends with the file it got the first from.
  func read(upTo limit: Int, _ queue: TensorQueue, _ files: (any RecordFiles)?, _ control: RunControl?) throws -> [(
    key: [UInt8], value: [UInt8]
  )] {
    try locked {
      var found: [(key: [UInt8], value: [UInt8])] = []
      while found.count < limit {
        if let one = try next() {
          found.append(one)
        } else if !found.isEmpty {
          break
        } else {
          try begin(try queue.dequeue(1, control), files)
        }
      }
      return found
    }
  }

  private func begin(_ elements: [[Tensor]], _ files: (any RecordFiles)?) throws {
    guard elements.count == 1, let value = elements[0].first, value.dtype == .string, value.elementCount == 1 else {
      throw EngineError.invalid("Expected a queue of single strings for reader '\(name)'")
    }
    let bytes = value.strings[0]
    let path = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case .records(let compression):
      guard let files else {
        throw EngineError(
          .failedPrecondition, "this session cannot read record files: give its configuration a reader of them")
      }
      work = (path, .records(try files.open(path, compression: compression)))
    case .names: work = (path, .once(bytes))
    case .wholeFiles: work = (path, .once(try LocalFiles.read(path)))
    case .lines, .fixedLength: work = (path, .bytes(try LocalFiles.read(path), position: 0, index: 0))
    }
    if case .lines(let skipped) = kind { for _ in 0..<skipped where try next(counts: false) == nil { break } }
    if case .fixedLength(let header, _, _, _) = kind, case .bytes(let bytes, _, _)? = work?.source {
      work?.source = .bytes(bytes, position: min(header, bytes.count), index: 0)
    }
  }

  /// The next record of the file at hand; nil where it has none left or there is none.
  private func next(counts: Bool = true) throws -> (key: [UInt8], value: [UInt8])? {
    guard let (path, source) = work else { return nil }
    var found: (key: [UInt8], value: [UInt8])?
    switch source {
    case .records(let stream):
      if let record = try stream.next() { found = (Array("\(path):\(record.offset)".utf8), record.payload) }
    case .once(let bytes):
      found = (Array(path.utf8), bytes)
    case .bytes(let bytes, let position, let index):
      found = nextPart(path, bytes, position, index)
    }
    if found == nil {
      work = nil
      completed += 1
    } else if counts {
      produced += 1
      if case .once = source {
        work = nil
        completed += 1
      }
    }
    return found
  }

  private func nextPart(_ path: String, _ bytes: [UInt8], _ position: Int, _ index: Int) -> (
    key: [UInt8], value: [UInt8]
  )? {
    switch kind {
    case .fixedLength(_, let record, let footer, let hop):
      guard position + record + footer <= bytes.count else { return nil }
      work?.source = .bytes(bytes, position: position + (hop > 0 ? hop : record), index: index + 1)
      return (Array("\(path):\(index)".utf8), Array(bytes[position..<position + record]))
    default:
      guard position < bytes.count else { return nil }
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      work?.source = .bytes(bytes, position: min(end + 1, bytes.count), index: index + 1)
      let line = end > position && bytes[end - 1] == 0x0D ? bytes[position..<end - 1] : bytes[position..<end]
      return (Array("\(path):\(index + 1)".utf8), Array(line))
    }
  }
}
