import Engine
import Records
import Synchronization

/// TFRecord files for a session's readers (`TFRecordReaderV2`), plain or compressed as a whole.
public struct RecordFileStore: RecordFiles {
  public init() {}

  public func open(_ path: String, compression: String) throws -> any RecordStream {
    guard ["", "GZIP", "ZLIB"].contains(compression) else {
      throw EngineError(.invalidArgument, "Unsupported compression_type:\(compression). It is '', 'GZIP' or 'ZLIB'.")
    }
    do {
      return RecordFile(try RecordReader(path: path), path: path)
    } catch let error as RecordError {
      throw EngineError(.notFound, "\(path); No such file or directory (\(error))")
    }
  }
}

/// The records of one file. The first damage ends it: as in TensorFlow, every later read fails in the same way.
private final class RecordFile: RecordStream {
  /// Hands the reader from one reading thread to the next.
  ///
  /// `@unchecked Sendable`: the reader is only touched while the lock around it is held.
  private struct State: @unchecked Sendable {
    let reader: RecordReader
    var failure: EngineError?
  }
  private let state: Mutex<State>
  private let path: String

  init(_ reader: RecordReader, path: String) {
    state = Mutex(State(reader: reader))
    self.path = path
  }

  func next() throws -> (offset: UInt64, payload: [UInt8])? {
    try state.withLock { state -> (offset: UInt64, payload: [UInt8])? in
      if let failure = state.failure { throw failure }
      let damage: String
      do {
        switch try state.reader.next() {
        case .record(let record): return (record.offset, [UInt8](record.payload))
        case .end(.clean): return nil
        case .end: damage = "truncated record at \(state.reader.position)"
        case .skipped(let skipped):
          // TensorFlow names the place of what the checksum is of: the payload comes after the header.
          let isPayload = skipped.reason == .payloadChecksum
          damage = "corrupted record at \(skipped.offset + (isPayload ? UInt64(RecordFrame.headerLength) : 0))"
        }
      } catch {
        throw EngineError(.unknown, "\(path): \(error)")
      }
      let failure = EngineError(.dataLoss, "\(damage) of \(path)")
      state.failure = failure
      throw failure
    }
  }
}
