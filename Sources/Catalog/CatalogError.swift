/// Why the catalogue cannot do what was asked. Every message names the path and what a person can do.
public enum CatalogError: Error, Equatable, Sendable {
  /// The log root does not exist. Give another folder.
  case rootMissing(path: String)
  /// There is neither a file nor a checkpoint of this name.
  case nothingThere(path: String)
  /// The log root is a file. Give the folder that holds it.
  case rootNotADirectory(path: String)
  /// The log root cannot be listed.
  case rootUnreadable(path: String, reason: String)
  /// The database cannot be created or written. Retry after freeing space or with another place.
  case unwritable(path: String, reason: String)
  /// The file given as catalogue is a database of another program; it is left alone.
  case foreignDatabase(path: String)
  /// Read only was asked for, but there is no catalogue yet.
  case nothingToRead(path: String)
  /// The database is damaged. Opening it again sets it aside and rebuilds it from the event files.
  case damaged(path: String, reason: String)
  /// Points in the database are not those that were stored. Where it may be written they were forgotten already, and the
  /// event file is read again with the next refresh: retry then.
  case damagedPoints(path: String, file: String, forgotten: Bool)
  /// Another process held the database for longer than a minute. Retry.
  case busy(path: String)
  /// There is no such run.
  case unknownRun(run: String, known: [String])
  /// The run has no scalar series of this name.
  case unknownTag(run: String, tag: String)
  /// The run has no series of this name and kind.
  case unknownSeries(run: String, tag: String, kind: String)
  /// No value has this id, or the file that held it was replaced. List the values again.
  case unknownValue(id: Int64)
  /// The value is not of the kind that was asked for, or what its plugin wrote cannot be read.
  case unreadableValue(path: String, offset: UInt64, reason: String)
  /// The files of a series were replaced while it was read. Ask again.
  case changedMeanwhile(run: String, tag: String)
  /// The window of a running median would hold more points than memory is given to. Ask for a smaller one.
  case windowTooWide(limit: Int)
  /// More points than the caller takes. Ask for fewer steps, or for as many points as a picture needs.
  case tooManyPoints(run: String, tag: String, limit: Int)
  /// More series than a group may have. Ask for fewer runs.
  case tooManyMembers(limit: Int)
  /// The series of a group and their windows hold more points than memory is given to. Ask for fewer runs, or for a
  /// smaller window.
  case groupTooLarge(limit: Int)
}

extension CatalogError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .rootMissing(let path):
      "\(path): no such folder. Give the folder that holds your event files or a folder above it."
    case .nothingThere(let path): "\(path): there is no such file, folder or checkpoint."
    case .rootNotADirectory(let path):
      "\(path) is a file, not a folder. Give the folder that holds it."
    case .rootUnreadable(let path, let reason):
      "\(path) cannot be listed: \(reason). Check the folder's permissions."
    case .unwritable(let path, let reason):
      "The catalogue \(path) cannot be written: \(reason). Free some space, or choose another place with --catalog PATH."
    case .foreignDatabase(let path):
      "\(path) is a database of another program. Choose another place with --catalog PATH."
    case .nothingToRead(let path):
      "There is no catalogue at \(path) yet, and read-only mode may not create one. Run once without --read-only."
    case .damaged(let path, let reason):
      "The catalogue \(path) is damaged: \(reason). Run the command again: it is set aside and rebuilt."
    case .damagedPoints(let path, let file, let forgotten):
      "The catalogue \(path) holds damaged points of \(file.isEmpty ? "an event file" : file). "
        + (forgotten
          ? "They were dropped, and the file is read again: try again."
          : "Run the command without --read-only to have the file read again.")
    case .busy(let path):
      "The catalogue \(path) is in use by another process that does not let go. Try again later."
    case .unknownRun(let run, let known):
      "There is no run named \(quoted(run)). "
        + (known.isEmpty
          ? "No runs were found."
          : "Runs: \(known.prefix(10).map(quoted).joined(separator: ", "))\(known.count > 10 ? ", …" : "").")
    case .unknownTag(let run, let tag):
      "The run \(quoted(run)) has no scalar tag \(quoted(tag)). `trainscope tags` lists what it has."
    case .unknownSeries(let run, let tag, let kind):
      "The run \(quoted(run)) has no \(kind) tag \(quoted(tag)). `trainscope tags` lists what it has."
    case .unknownValue(let id):
      "There is no value with the id \(id). Ids change when an event file is replaced: list the values again."
    case .unreadableValue(let path, let offset, let reason):
      "\(path): the value at offset \(offset) cannot be shown: \(reason)."
    case .changedMeanwhile(let run, let tag):
      "The files of the series \(quoted(tag)) of the run \(quoted(run)) were replaced while it was read. Ask again."
    case .windowTooWide(let limit):
      "The window of the running median holds more than \(limit) points. Ask for a smaller window."
    case .tooManyMembers(let limit):
      "A group has at most \(limit) series. Ask for fewer runs, or for several groups."
    case .groupTooLarge(let limit):
      "The blocks and windows of the group's series hold more than \(limit) points at a time. "
        + "Ask for fewer runs, or for a smaller window or none."
    case .tooManyPoints(let run, let tag, let limit):
      "The series \(quoted(tag)) of the run \(quoted(run)) has more than \(limit) points here. "
        + "Ask for a part of them (from, to) or for a picture of them (width)."
    }
  }

  private func quoted(_ name: String) -> String { "“\(name)”" }
}
