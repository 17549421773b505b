import Catalog
import Checkpoints
import Synchronization

/// The checkpoints that were looked at last: open readers, and what was computed of whole tensors. A checkpoint that has
/// changed on disk is opened anew.
final class CheckpointShelf: Sendable {
  private struct Contents {
    /// The most recently used last.
    var readers: [(prefix: String, reader: CheckpointReader)] = []
    var summaries: [(reader: ObjectIdentifier, name: String, summary: TensorSummary)] = []
  }

  /// Each reader holds its index (some 200 bytes a tensor) and its data files open.
  private static let mostReaders = 8
  /// About 1.5 kB each.
  private static let mostSummaries = 512

  private let catalog: Catalog
  private let contents = Mutex(Contents())

  init(catalog: Catalog) { self.catalog = catalog }

  /// A checkpoint's id: its prefix, safe in addresses. Links with it outlive the catalogue.
  static func id(of checkpoint: CheckpointSummary) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in checkpoint.prefix.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        text.append(byte)
      // Anything else as `~` and two digits, so that an id never looks like a path.
      default: text += [UInt8(ascii: "~"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The open checkpoint with this id, and its prefix relative to the root.
  func reader(id: String) throws -> (reader: CheckpointReader, prefix: String) {
    guard let checkpoint = try catalog.checkpoints().first(where: { Self.id(of: $0) == id }) else {
      throw Problem.notFound("There is no checkpoint “\(id.prefix(200))”. /api/v1/checkpoints lists what there is.")
    }
    let known = contents.withLock { contents -> CheckpointReader? in
      guard let index = contents.readers.firstIndex(where: { $0.prefix == checkpoint.prefix }) else { return nil }
      let found = contents.readers.remove(at: index)
      guard found.reader.isCurrent else {
        contents.summaries.removeAll { $0.reader == ObjectIdentifier(found.reader) }
        return nil
      }
      contents.readers.append(found)
      return found.reader
    }
    if let known { return (known, checkpoint.prefix) }
    let reader = try CheckpointReader(prefix: catalog.root + "/" + checkpoint.prefix, confinedTo: catalog.root)
    contents.withLock { contents in
      contents.readers.append((checkpoint.prefix, reader))
      while contents.readers.count > Self.mostReaders {
        let gone = ObjectIdentifier(contents.readers.removeFirst().reader)
        contents.summaries.removeAll { $0.reader == gone }
      }
    }
    return (reader, checkpoint.prefix)
  }

  /// A tensor's digest and statistics, computed once for an open checkpoint.
  func summary(of name: String, in reader: CheckpointReader, request: APIRequest) throws -> TensorSummary {
    let identifier = ObjectIdentifier(reader)
    let known = contents.withLock { contents in
      contents.summaries.first { $0.reader == identifier && $0.name == name }?.summary
    }
    if let known { return known }
    let summary = try reader.summary(of: name, whileTrue: { !request.connection.isClosed })
    contents.withLock { contents in
      // A reader that left the shelf meanwhile may share its identity with a later one.
      guard contents.readers.contains(where: { $0.reader === reader }) else { return }
      contents.summaries.append((identifier, name, summary))
      if contents.summaries.count > Self.mostSummaries { contents.summaries.removeFirst() }
    }
    return summary
  }
}
