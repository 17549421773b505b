import ArgumentParser
import Catalog
import Foundation

/// `trainscope inspect PATH…`
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Check event files, record files and checkpoints, and say where they are damaged.",
    discussion: """
      Reads every byte and verifies every checksum. A folder stands for the event files and checkpoints in it and below. \
      Exits with 1 where damage was found; a file that ends inside a record counts as damaged.
      """)

  @Argument(help: "Files, checkpoint prefixes or folders.")
  var paths: [String]

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func run() throws {
    let files = try paths.flatMap { try FileInspection.inspect($0) }
    switch format {
    case .json: print(Self.json(files))
    case .csv:
      var listing = Listing(columns: [
        "path", "kind", "records", "offset", "reason", "bytes_lost", "truncated_tail", "ok",
      ])
      for file in files {
        for skip in file.skipped.isEmpty ? [nil] : file.skipped.map(Optional.some) {
          listing.rows.append([
            .text(file.path), .text(file.kind), .count(file.records), .integer(skip?.offset),
            .text(skip?.reason ?? file.message), .integer(file.bytesLost), .flag(file.truncatedTail), .flag(file.ok),
          ])
        }
      }
      listing.print(as: .csv)
    case .table: printTable(files)
    }
    if files.contains(where: { !$0.ok }) { throw ExitCode(1) }
  }

  private func printTable(_ files: [FileInspection]) {
    var listing = Listing(columns: ["path", "kind", "records", "damaged", "bytes_lost", "state"])
    listing.rows = files.map { file in
      [
        .text(file.path), .text(file.kind), .count(file.records), .count(file.skipped.count), .integer(file.bytesLost),
        .text(file.ok ? "sound" : file.truncatedTail && file.skipped.isEmpty ? "cut short" : "damaged"),
      ]
    }
    listing.print(as: .table)
    for file in files {
      for skip in file.skipped {
        print(TerminalText.safe("\(file.path): byte \(skip.offset), \(skip.bytes) bytes: \(skip.reason)"))
      }
      if let message = file.message { print(TerminalText.safe("\(file.path): \(message)")) }
    }
  }

  private static func json(_ files: [FileInspection]) -> String {
    let objects = files.map { file in
      let skipped = file.skipped.map {
        "{\"offset\": \($0.offset), \"bytes\": \($0.bytes), \"reason\": \(JSONText.quoted($0.reason))}"
      }
      return "  {\"path\": \(JSONText.quoted(file.path)), \"kind\": \(JSONText.quoted(file.kind)), "
        + "\"records\": \(file.records), \"skipped\": [\(skipped.joined(separator: ", "))], "
        + "\"bytes_lost\": \(file.bytesLost), \"truncated_tail\": \(file.truncatedTail), \"ok\": \(file.ok), "
        + "\"message\": \(file.message.map(JSONText.quoted) ?? "null")}"
    }
    return "{\"files\": [\n" + objects.joined(separator: ",\n") + "\n]}"
  }
}
