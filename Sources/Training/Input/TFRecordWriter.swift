import Engine
import Records

/// Writes a TFRecord file (`tf.python_io.TFRecordWriter`).
public final class TFRecordWriter {
  public let path: String
  private var writer: RecordWriter?

  /// Makes the file, or empties it.
  /// - Parameter compression: of the file as a whole; the reader has to be told (`tfRecordReader(compression:)`).
  /// - Throws: `EngineError` (NotFound) where the folder is missing or cannot be written.
  public init(path: String, compression: Compression? = nil) throws {
    self.path = path
    do {
      writer = try RecordWriter(path: path, compression: compression)
    } catch {
      throw EngineError(.notFound, "\(path); No such file or directory (\(error))")
    }
  }

  /// Adds a record of any bytes.
  /// - Throws: `EngineError`: FailedPrecondition after `close`, ResourceExhausted or Unknown where the disk fails.
  public func write(_ record: [UInt8]) throws {
    guard writer != nil else {
      throw EngineError(.failedPrecondition, "Writer not initialized or previously closed")
    }
    try attempt { try writer?.append(record) }
  }

  public func write(_ example: Example) throws { try write(example.serialized) }

  /// Hands over to the system what was written so far.
  public func flush() throws { try attempt { try writer?.flush() } }

  /// Ends the file. Closing again changes nothing.
  public func close() throws {
    guard writer != nil else { return }
    try attempt { try writer?.close() }
    writer = nil
  }

  private func attempt(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      throw EngineError(.resourceExhausted, "\(path) cannot be written: \(error)")
    }
  }
}
