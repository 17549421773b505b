import ArgumentParser
import Events
import Foundation

/// Writing scalars through the public writer, background thread included.
struct WriteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "write", abstract: "Write scalars to an event file.")

  @Option(help: "Scalars in all.")
  var scalars = 5_000_000

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trainscope-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var onCaller = 0.0
    let whole = try Measurement.of {
      let writer = try EventFileWriter(directory: folder.path)
      let adding = try Measurement.of {
        for step in 0..<scalars { try writer.addScalar(tag: "loss/train", value: Float(step), step: Int64(step)) }
      }
      onCaller = adding.wall
      try writer.close()
    }
    print("### Writing \(scalars) scalars to one event file, wall times from the clock\n")
    var table = Table(columns: ["", "wall s", "CPU s", "M scalars/s", "ns on the caller's thread"])
    table.rows.append([
      "EventFileWriter", whole.wall.digits(3), whole.cpu.digits(3), (Double(scalars) / whole.wall / 1e6).digits(2),
      (onCaller / Double(scalars) * 1e9).digits(0),
    ])
    print(table.printed())
  }
}
