/// How far a loading is: event files to look at, and their bytes the catalogue did not hold.
public struct LoadingProgress: Sendable, Equatable, Codable {
  public var files = 0
  public var filesDone = 0
  /// On disk; files may still grow.
  public var bytes: Int64 = 0
  public var bytesDone: Int64 = 0
  /// How fast it goes at present; 0 where that cannot be said yet.
  public var bytesPerSecond = 0.0

  public init() {}

  /// Whether everything was read.
  public var isDone: Bool { filesDone == files }

  /// Files that are not read to their ends yet.
  public var filesLeft: Int { max(0, files - filesDone) }

  public var bytesLeft: Int64 { max(0, bytes - bytesDone) }

  /// How long the rest takes at the present pace; nil where that cannot be said.
  public var secondsLeft: Double? {
    if isDone { return 0 }
    return bytesPerSecond > 0 ? Double(bytesLeft) / bytesPerSecond : nil
  }

  enum CodingKeys: String, CodingKey {
    case files
    case filesDone = "files_done"
    case bytes
    case bytesDone = "bytes_done"
    case bytesPerSecond = "bytes_per_second"
  }
}

/// The pace of a loading: the mean over the last seconds, so that it follows a disk that slows down and does not jump.
struct LoadingPace: Sendable {
  /// How far back it looks.
  static let window = 4.0
  /// What was read by when, oldest first, at most sixteen a window.
  private var marks: [(seconds: Double, bytes: Int64)] = []

  /// Notes that `bytes` were read by a time in seconds (of any clock that never goes back); gives bytes a second, 0 in
  /// the first tenth of a second.
  mutating func note(_ bytes: Int64, at seconds: Double) -> Double {
    if marks.isEmpty { marks.append((seconds, 0)) }
    if let last = marks.last, seconds - last.seconds >= Self.window / 16 {
      marks.append((seconds, bytes))
      while marks.count > 2, seconds - marks[1].seconds > Self.window { marks.removeFirst() }
    }
    let first = marks[0]
    guard seconds - first.seconds >= 0.1 else { return 0 }
    return Double(bytes - first.bytes) / (seconds - first.seconds)
  }
}
