import Events

/// What is exported, and how.
public struct ExportOptions: Sendable {
  /// How scalars, histograms and texts are written.
  public enum Format: String, Sendable, CaseIterable {
    case csv, json
  }

  public var format: Format
  public var kinds: Set<SeriesKind>
  /// Names of runs, or patterns as ``NamePattern`` has them; empty means all.
  public var runs: [String]
  /// The same for tags.
  public var tags: [String]
  public var branches: BranchSelection
  /// Whether files that are there already may be replaced. Otherwise the folder has to be new or empty.
  public var replacesFiles: Bool
  /// Turns a serialized GraphDef (or, with `.metaGraph`, a MetaGraphDef) into text, where graphs are wanted as `.pbtxt`;
  /// nil keeps their own bytes, as `.pb`.
  public var graphText: (@Sendable (_ bytes: [UInt8], _ kind: ValueKind) throws -> [UInt8])?
  /// The program's name and version, for the index.
  public var program: String

  public init(
    format: Format = .csv, kinds: Set<SeriesKind> = ExportOptions.usualKinds, runs: [String] = [], tags: [String] = [],
    branches: BranchSelection = .newest, replacesFiles: Bool = false,
    graphText: (@Sendable (_ bytes: [UInt8], _ kind: ValueKind) throws -> [UInt8])? = nil,
    program: String = "trainscope"
  ) {
    self.format = format
    self.kinds = kinds
    self.runs = runs
    self.tags = tags
    self.branches = branches
    self.replacesFiles = replacesFiles
    self.graphText = graphText
    self.program = program
  }

  /// What is exported unless something else is asked for; tensors, graphs and run metadata are for special uses.
  public static let usualKinds: Set<SeriesKind> = [.scalar, .histogram, .image, .audio, .text]

  func wants(run: String, tag: String) -> Bool { Self.matches(run, runs) && Self.matches(tag, tags) }

  /// Whether a name is one of the names, or matches one of the patterns.
  static func matches(_ name: String, _ patterns: [String]) -> Bool {
    patterns.isEmpty || patterns.contains { NamePattern($0).matches(name) }
  }
}

/// What an export wrote.
public struct ExportReport: Sendable, Equatable {
  public var files = 0
  public var bytes: Int64 = 0
  /// Series written, and scalar points in them.
  public var series = 0
  public var points = 0
  /// Sentences on values that could not be read; everything else was written.
  public var problems: [String] = []
  /// How many there were, where there are too many to list.
  public var problemCount = 0

  static let mostProblems = 1000

  mutating func note(_ problem: String) {
    problemCount += 1
    if problems.count < Self.mostProblems { problems.append(problem) }
  }
}

/// How far an export is.
public struct ExportProgress: Sendable, Equatable {
  public var series: Int
  public var seriesDone: Int
  public var bytesWritten: Int64
}

/// Why an export stopped. What was written by then stays; the index is missing, which tells that it is not complete.
public enum ExportError: Error, Equatable, Sendable {
  /// The folder holds something already. Give another one, or ask to replace.
  case notEmpty(path: String)
  /// The folder is the log root, whose files are not to be mixed with others. Give another one.
  case isLogRoot(path: String)
  /// A file is there and was not to be replaced, or what is there is a link or a folder.
  case inTheWay(path: String)
  /// The folder or a file cannot be written. Free space, check permissions, or give another folder.
  case unwritable(path: String, reason: String)
}

extension ExportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notEmpty(let path):
      "\(path) is not empty. Give a new folder, or --force to replace files in it."
    case .isLogRoot(let path):
      "\(path) is the log root itself. Give another folder, so that exported files are not mixed with logs."
    case .inTheWay(let path):
      "\(path) is in the way: a link, or a folder where a file is to be. Remove it, or give another folder."
    case .unwritable(let path, let reason):
      "\(path) cannot be written: \(reason). Free some space, check the permissions, or give another folder."
    }
  }
}
