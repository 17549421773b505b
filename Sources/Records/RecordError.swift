/// What can go wrong with a record file as a whole. Damage inside a file is no error: see ``SkippedRecord``.
public enum RecordError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file could not be opened. Retry when it may have appeared or permissions have changed.
  case cannotOpen(path: String, errno: Int32)
  /// There is a pipe, device or folder of that name. Name another file.
  case notAFile(path: String)
  /// Reading failed at this offset. Retry later from the same offset; nothing was consumed.
  case cannotRead(path: String, offset: UInt64, errno: Int32)
  /// Writing failed; bytes up to this offset may be in the file. Stop writing, and tell the person.
  case cannotWrite(path: String, offset: UInt64, errno: Int32)
  /// The file is shorter than the offset reading had reached: it was replaced or cut. Read it again from 0.
  case shrunk(path: String, offset: UInt64, size: UInt64)
  /// Records cannot be added to a zlib stream that has ended. Write another file, or use gzip.
  case cannotAppend(path: String)
  /// A writer was used after it was closed.
  case closed(path: String)

  public var description: String {
    switch self {
    case .cannotOpen(let path, let code): "\(path): cannot be opened: \(systemMessage(code))"
    case .notAFile(let path): "\(path): not a regular file (a pipe, device or folder); nothing is read from it"
    case .cannotRead(let path, let offset, let code):
      "\(path): reading failed at byte \(offset): \(systemMessage(code))"
    case .cannotWrite(let path, let offset, let code):
      "\(path): writing failed at byte \(offset): \(systemMessage(code))"
    case .shrunk(let path, let offset, let size):
      "\(path): the file now has \(size) bytes, but \(offset) were read already: it was cut or replaced; read it anew"
    case .cannotAppend(let path):
      "\(path): nothing can be added to a file compressed with zlib; write another file, or use gzip"
    case .closed(let path): "\(path): the writer is closed"
    }
  }
}

/// A record, or a stretch of bytes, that could not be read. Reading goes on after it.
public struct SkippedRecord: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Why it was left out.
  public enum Reason: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The length's checksum is wrong. The bytes up to the next good record are lost.
    case lengthChecksum
    /// The payload's checksum is wrong.
    case payloadChecksum
    /// The record is sound but longer than the reader's limit.
    case tooLong(length: UInt64)
    /// The frame is sound but its payload does not parse; the text says what was wrong.
    case malformed(String)
    /// Part of a compressed file cannot be decompressed; the text says where and why. The offset is that of the
    /// decompressed bytes, the length counts bytes of the file.
    case compression(String)

    public var description: String {
      switch self {
      case .lengthChecksum: "the checksum of the record's length is wrong"
      case .payloadChecksum: "the checksum of the record's data is wrong"
      case .tooLong(let length): "the record says it has \(length) bytes, more than a reader takes"
      case .malformed(let what): "the record does not parse: \(what)"
      case .compression(let what): what
      }
    }
  }

  /// Where the record's frame starts in the file.
  public var offset: UInt64
  /// How many bytes of the file were left out, frame included.
  public var length: UInt64
  public var reason: Reason

  public init(offset: UInt64, length: UInt64, reason: Reason) {
    self.offset = offset
    self.length = length
    self.reason = reason
  }

  public var description: String { "byte \(offset): \(reason) (\(length) bytes lost)" }
}

/// How the bytes of a file end at present.
public enum Tail: Sendable, Hashable, Codable {
  /// The file ends after a whole record.
  case clean
  /// The file ends inside a record: `bytes` of it are there, of `expected` where its header is.
  /// Usual while a writer is at work; the rest is read when it arrives. With 0 bytes: a compressed file ends after a
  /// whole record, but before the mark its writer ends it with.
  case truncated(bytes: Int, expected: Int?)
  /// From here on nothing is a record: the header is damaged and no good record follows. Reading looks again when the
  /// file has changed.
  case damaged(bytes: Int)

  /// Whether anything is left over.
  public var isClean: Bool { self == .clean }
}
