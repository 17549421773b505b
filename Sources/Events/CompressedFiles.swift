import Records
import Synchronization

/// Compressed event files whose values were read lately. Finding a value in one means decompressing what comes before it;
/// a file that is kept open remembers places to go on from, so that a page of pictures does not begin anew for each.
final class CompressedFiles: Sendable {
  static let shared = CompressedFiles()

  private struct Entry {
    var identity: FileSource.Identity
    var source: DecompressedSource<FileSource>
  }

  /// How many are kept: a descriptor and at most 3 MB each.
  private static let limit = 4
  /// The one used last comes last.
  private let entries = Mutex<[Entry]>([])

  /// The bytes of `file`, from a source that was used for the same content before if there is one.
  func source(_ file: FileSource) throws -> DecompressedSource<FileSource> {
    let source = DecompressedSource(file)
    guard try source.compression() != nil, let identity = file.identity else { return source }
    return entries.withLock { entries in
      let entry: Entry
      if let known = entries.firstIndex(where: { $0.identity == identity }) {
        entry = entries.remove(at: known)
      } else {
        entry = Entry(identity: identity, source: source)
        if entries.count == Self.limit { entries.removeFirst() }
      }
      entries.append(entry)
      return entry.source
    }
  }
}
