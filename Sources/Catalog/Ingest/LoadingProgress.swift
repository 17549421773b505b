/// How far a refresh is: event files to look at, and their bytes the catalogue did not hold.
public struct LoadingProgress: Sendable, Equatable, Codable {
  public var files = 0
  public var filesDone = 0
  public var bytes: Int64 = 0
  public var bytesDone: Int64 = 0

  public init() {}

  /// Whether everything was read.
  public var isDone: Bool { filesDone == files }

  enum CodingKeys: String, CodingKey {
    case files
    case filesDone = "files_done"
    case bytes
    case bytesDone = "bytes_done"
  }
}
