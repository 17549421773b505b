import ArgumentParser
import Catalog
import Events
import Foundation

/// Loading a log root: reading alone, into the catalogue, and by TensorBoard's loader.
struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Load a generated log, beside TensorBoard's Rust loader where it is installed.")

  @Option(help: "Scalars in all.")
  var scalars = 5_000_000
  @Option(help: "Runs they are spread over.")
  var runs = 40
  @Option(help: "Times each measurement is taken; the one with the least processor time is shown.")
  var times = 3
  @Option(help: "How scalars are written: tf1 (simple_value) or tf2 (tensors with metadata); both by default.")
  var form: String?

  func run() throws {
    let forms = GeneratedLog.Form.allCases.filter { form == nil || $0.rawValue == form }
    guard !forms.isEmpty else { throw ValidationError("--form is tf1 or tf2") }
    for form in forms {
      let log = try GeneratedLog(scalars: scalars, runs: runs, form: form)
      defer { log.remove() }
      print(
        "Loading \(log.scalars) scalars in \(runs) runs, \(form.rawValue) form, "
          + "\((Double(log.bytes) / 1e6).digits(1)) MB, files in the page cache\n")
      try measure(log)
      print()
    }
  }

  private func measure(_ log: GeneratedLog) throws {
    var results: [(name: String, measurement: Measurement)] = []
    results.append(("Trainscope: read, verify, columns", try best { try Self.read(log) }))
    results.append(("Trainscope: the same into the catalogue", try best { try Self.ingest(log) }))
    let server = DataServer()
    if let server {
      results.append(
        ("TensorBoard data server, as by default", try best { try server.load(log.root, checksums: false) }))
      results.append(("TensorBoard data server, --checksum", try best { try server.load(log.root, checksums: true) }))
    }
    let reference = server == nil ? nil : results[2].measurement
    var table = Table(columns: ["", "wall s", "cpu s", "ns/scalar", "peers' cpu / ours"])
    for (name, measurement) in results {
      table.rows.append([
        name, measurement.wall.digits(3), measurement.cpu.digits(3),
        (measurement.cpu / Double(log.scalars) * 1e9).digits(0),
        reference.map { ($0.cpu / measurement.cpu).digits(1) + "×" } ?? "–",
      ])
    }
    print(table.printed())
    print("Trainscope keeps every point and verifies every checksum; the data server keeps 1,000 points a tag.")
    if server == nil {
      print("The data server was not found: set TRAINSCOPE_PEERS to the bin folder of a venv with tensorboard in it.")
    }
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
      case .lost(let expected, let found): "\(expected) scalars were written, but \(found) were found"
      }
    }
  }

  /// Reads all files one after the other, to columns.
  private static func read(_ log: GeneratedLog) throws -> Measurement {
    let files = log.files
    return try Measurement.of {
      var found = 0
      for file in files {
        let reader = try EventFileReader(path: file)
        while true {
          let batch = try reader.next()
          found += batch.scalarCount
          if batch.reachedEnd { break }
        }
      }
      guard found == log.scalars else { throw Failure.lost(expected: log.scalars, found: found) }
    }
  }

  /// Takes everything into a catalogue that did not exist.
  private static func ingest(_ log: GeneratedLog) throws -> Measurement {
    let path = "\(log.root).sqlite"
    func remove() { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    remove()
    defer { remove() }
    return try Measurement.of {
      let catalog = try Catalog.open(root: log.root, at: path)
      try catalog.refresh()
      let found = try catalog.runs().reduce(0) { $0 + Int($1.points) }
      guard found == log.scalars else { throw Failure.lost(expected: log.scalars, found: found) }
    }
  }
}
