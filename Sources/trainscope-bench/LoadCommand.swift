import ArgumentParser
import Catalog
import Events
import Foundation

/// Loading log roots of many kinds: into a catalogue, and by TensorBoard's loaders.
struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Load generated logs, beside TensorBoard's loaders where they are installed.",
    discussion: "Kinds of logs: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")

  /// The logs that are loaded.
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case tf1, tf2, long, small, histograms, images

    var title: String {
      switch self {
      case .tf1: "5,000,000 scalars in 40 runs, TensorFlow 1 form"
      case .tf2: "5,000,000 scalars in 40 runs, TensorFlow 2 form"
      case .long: "4,000,000 scalars of one tag in one file"
      case .small: "200,000 scalars in 2,000 runs"
      case .histograms: "100,000 histograms in 20 runs"
      case .images: "20,000 images of 8 kB in 10 runs"
      }
    }

    var unit: String {
      switch self {
      case .histograms: "histogram"
      case .images: "image"
      default: "scalar"
      }
    }

    func log(scale: Double) throws -> GeneratedLog {
      func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * scale)) }
      switch self {
      case .tf1: return try GeneratedLog(.tf1, values: scaled(5_000_000), runs: 40)
      case .tf2: return try GeneratedLog(.tf2, values: scaled(5_000_000), runs: 40)
      case .long: return try GeneratedLog(.tf1, values: scaled(4_000_000), runs: 1, tags: 1)
      case .small: return try GeneratedLog(.tf1, values: scaled(200_000), runs: scaled(2000))
      case .histograms: return try GeneratedLog(.histograms, values: scaled(100_000), runs: 20)
      case .images: return try GeneratedLog(.images, values: scaled(20_000), runs: 10)
      }
    }
  }

  @Argument(help: "Kinds of logs; all by default.")
  var kinds: [Kind] = Kind.allCases
  @Option(help: "How large the logs are; 1 as their names say.")
  var scale = 1.0
  @Option(help: "Times each measurement is taken; the one with the least processor time is shown.")
  var times = 3
  @Option(help: "How much smaller the log is that TensorBoard's reader in Python gets; 0 leaves it out.")
  var pythonShare = 25.0
  @Flag(help: "Measure Trainscope only.")
  var alone = false

  func run() throws {
    for kind in kinds {
      let log = try kind.log(scale: scale)
      defer { log.remove() }
      print("### \(kind.title)\(scale == 1 ? "" : ", times \(scale)"): \((Double(log.bytes) / 1e6).digits(0)) MB\n")
      try measure(kind, log)
      print()
    }
  }

  private func measure(_ kind: Kind, _ log: GeneratedLog) throws {
    let server = alone ? nil : DataServer()
    var rows: [(name: String, measurement: Measurement, values: Int)] = []
    rows.append(("Trainscope: read and verify", try best { try Self.read(log) }, log.values))
    let ours = try best { try Self.ingest(log) }
    rows.append(("Trainscope: the same into the catalogue", ours, log.values))
    if let server {
      for mode in DataServer.Mode.allCases {
        rows.append((mode.rawValue, try best { try server.load(log.root, mode) }, log.values))
      }
    }
    if !alone, pythonShare > 0, let python = PythonReader() {
      let part = try kind.log(scale: scale / pythonShare)
      defer { part.remove() }
      rows.append(
        (
          "Python reader, keeping all (a log \(Int(pythonShare)) times smaller)", try python.load(part.root),
          part.values
        ))
    }
    var table = Table(columns: ["", "wall s", "CPU s", "ns a \(kind.unit)", "CPU, ours = 1"])
    for row in rows {
      let each = row.measurement.cpu / Double(row.values)
      let ratio = each / (ours.cpu / Double(log.values))
      table.rows.append([
        row.name, row.measurement.wall.digits(3), row.measurement.cpu.digits(3), (each * 1e9).digits(0),
        ratio.digits(1),
      ])
    }
    print(table.printed())
    if server == nil, !alone { print("\n\(Peers.hint)") }
  }

  private func best(_ body: () throws -> Measurement) throws -> Measurement {
    var least = try body()
    for _ in 1..<max(1, times) {
      let next = try body()
      if next.cpu < least.cpu { least = next }
    }
    return least
  }

  enum Failure: Error, CustomStringConvertible {
    case lost(expected: Int, found: Int)

    var description: String {
      switch self {
      case .lost(let expected, let found): "\(expected) values were written, but \(found) were found"
      }
    }
  }

  /// Reads all files one after the other, to columns and places.
  private static func read(_ log: GeneratedLog) throws -> Measurement {
    let files = log.files
    return try Measurement.of {
      var found = 0
      for file in files {
        let reader = try EventFileReader(path: file)
        while true {
          let batch = try reader.next()
          found += batch.scalarCount + batch.values.count
          if batch.reachedEnd { break }
        }
      }
      guard found == log.values else { throw Failure.lost(expected: log.values, found: found) }
    }
  }

  /// Takes everything into a catalogue that did not exist.
  private static func ingest(_ log: GeneratedLog) throws -> Measurement {
    let path = "\(log.root).sqlite"
    func remove() {
      for end in ["", "-wal", "-shm", ".lock"] { try? FileManager.default.removeItem(atPath: path + end) }
    }
    remove()
    defer { remove() }
    return try Measurement.of {
      let catalog = try Catalog.open(root: log.root, at: path)
      try catalog.refresh()
      let found = try catalog.runs().reduce(0) { $0 + Int($1.points) }
      guard found == log.values else { throw Failure.lost(expected: log.values, found: found) }
    }
  }
}
