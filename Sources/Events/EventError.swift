import Records

/// What can go wrong when a located value is read again or an event file is written. Damage met while reading a file
/// through is no error: see ``EventBatch/skipped``.
public enum EventError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The record at this offset is no longer what it was: the file was replaced or damaged. Read the file anew.
  case recordChanged(path: String, offset: UInt64)
  /// The value's bytes do not parse; the text says where. Nothing can be shown for it; others are not concerned.
  case malformedValue(path: String, offset: UInt64, what: String)
  /// No file could be created in the folder after many tries of new names.
  case noFreeName(directory: String)
  /// The folder could not be made.
  case cannotCreateDirectory(path: String, reason: String)
  /// A value was added after the writer was closed.
  case closed(path: String)
  /// A histogram was asked of values among which these are not finite.
  case notFinite(tag: String, nans: Int, infinities: Int)

  public var description: String {
    switch self {
    case .recordChanged(let path, let offset):
      "\(path): the record at byte \(offset) is no longer there: the file was replaced or damaged; load it anew"
    case .malformedValue(let path, let offset, let what):
      "\(path): the value at byte \(offset) does not parse: \(what)"
    case .noFreeName(let directory):
      "\(directory): no new event file could be created; other writers took every name tried"
    case .cannotCreateDirectory(let path, let reason): "\(path): the folder cannot be made: \(reason)"
    case .closed(let path): "\(path): the writer is closed"
    case .notFinite(let tag, let nans, let infinities):
      nans > 0 ? "Nan in summary histogram for: \(tag)" : "Infinity in summary histogram for: \(tag) (\(infinities))"
    }
  }
}
