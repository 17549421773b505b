/// How TFRecord readers reach files. The engine knows no record format; who makes a session hands one in.
public protocol RecordFiles: Sendable {
  /// Opens the record file at `path`.
  /// - Parameter compression: TensorFlow's name of it: empty, `GZIP` or `ZLIB`.
  /// - Throws: `EngineError` (NotFound, InvalidArgument for an unknown compression).
  func open(_ path: String, compression: String) throws -> any RecordStream
}

/// The records of one file, in order.
public protocol RecordStream: AnyObject, Sendable {
  /// The next record and where it begins, nil at the end.
  /// - Throws: `EngineError` (DataLoss) where it is damaged; asking again throws the same.
  func next() throws -> (offset: UInt64, payload: [UInt8])?
}
