import Glibc
import Records

/// What tells one content of a file from another: a hash of its first bytes and one of the bytes before the place read
/// so far. Event files begin with a record that holds the time they were made, so two rarely begin alike.
struct FileIdentity: Equatable, Sendable {
  /// Bytes of the beginning that are hashed, at most.
  static let headLimit = 4096
  /// Bytes before the offset that are hashed, at most.
  static let tailLimit = 256

  var headLength = 0
  var headHash = ContentHash.seed
  var tailHash = ContentHash.seed

  /// Reads the identity of a file of which `offset` bytes were read; nil where it is shorter. Only bytes before
  /// `offset` count: those behind it may still change.
  init?(_ source: some ByteSource, offset: Int64, headLength: Int? = nil) throws {
    let head = headLength ?? Int(min(offset, Int64(Self.headLimit)))
    let tail = Int(min(offset, Int64(Self.tailLimit)))
    guard let first = try Self.bytes(source, from: 0, count: head),
      let last = try Self.bytes(source, from: offset - Int64(tail), count: tail)
    else { return nil }
    self.headLength = head
    headHash = ContentHash.of(first)
    tailHash = ContentHash.of(last)
  }

  init(headLength: Int, headHash: UInt64, tailHash: UInt64) {
    self.headLength = headLength
    self.headHash = headHash
    self.tailHash = tailHash
  }

  fileprivate static func bytes(_ source: some ByteSource, from offset: Int64, count: Int) throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = try bytes.withUnsafeMutableBytes {
        try source.read(
          into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]), at: UInt64(offset) + UInt64(filled))
      }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }
}

/// What a reader found before the place it reads on from; tells whether a file was rewritten in place meanwhile.
struct ReadContent: Sendable {
  private let offset: Int64
  private let identity: FileIdentity
  /// The first bytes of a file of which nothing was read yet.
  private var head: [UInt8] = []

  /// Of a file whose first `offset` bytes were read.
  init(offset: Int64, identity: FileIdentity) {
    self.offset = offset
    self.identity = identity
  }

  /// Of a file as the catalogue knows it; to be made before anything more is read.
  init(_ record: FileRecord, _ source: some ByteSource) throws {
    self.init(offset: record.offset, identity: record.identity)
    guard offset == 0 else { return }
    let count = try source.available(from: 0, upTo: UInt64(FileIdentity.headLimit)) ?? 0
    head = try FileIdentity.bytes(source, from: 0, count: Int(count)) ?? []
  }

  /// Whether the bytes before the place, or of a new file those before `end`, are as they were.
  func isStillThere(_ source: some ByteSource, upTo end: Int64) throws -> Bool {
    guard offset == 0 else {
      return try FileIdentity(source, offset: offset, headLength: identity.headLength) == identity
    }
    let count = Int(min(end, Int64(head.count)))
    return try FileIdentity.bytes(source, from: 0, count: count).map { $0[...] } == head[..<count]
  }
}

/// What was read of a file, all of it.
enum FileContent {
  /// Whether the records before the place read so far are still those that were read. Reads them all, verifying their
  /// checksums: for files that changed in a way that adding bytes does not explain.
  static func isUnchanged(_ record: FileRecord, _ source: some ByteSource) throws -> Bool {
    let reader = RecordReader(source)
    while reader.position < UInt64(record.offset) {
      if reader.nextBuffered() != nil { continue }
      if case .end = try reader.next() { break }
    }
    return reader.position == UInt64(record.offset) && reader.fingerprint == record.fingerprint
  }
}

/// An event file opened once, so that its identity and its records come from the same file even if another takes its
/// name meanwhile. Opening never waits, also if a pipe has taken the name.
///
/// Offsets are those of the decompressed bytes, where the file is compressed; `status` has its own size.
struct OpenEventFile: Sendable {
  let source: DecompressedSource<Source>
  let status: FileStatus

  init(path: String) throws {
    let file = try Source(path: path)
    guard let status = file.status(), status.kind == .file else {
      throw RecordError.cannotOpen(path: path, errno: EINVAL)
    }
    self.status = status
    source = DecompressedSource(file)
  }

  /// Reads with `pread`, never maps: a file cut under a mapping would end the process.
  final class Source: ByteSource, Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
      self.path = path
      descriptor = ByteText.withFileName(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
      guard descriptor >= 0 else { throw RecordError.cannotOpen(path: path, errno: errno) }
      posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    func status() -> FileStatus? { FileStatus(descriptor: descriptor) }

    func size() throws -> UInt64 {
      guard let status = status() else { throw RecordError.cannotRead(path: path, offset: 0, errno: errno) }
      return UInt64(max(0, status.size))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int {
      guard buffer.count > 0, let position = off_t(exactly: offset) else { return 0 }
      while true {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, position)
        if count >= 0 { return count }
        if errno != EINTR { throw RecordError.cannotRead(path: path, offset: offset, errno: errno) }
      }
    }
  }
}
