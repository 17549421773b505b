import ArgumentParser
import Catalog

/// `trainscope runs ROOT`
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "List the runs of a log root: times, last step, tags, points, files, checkpoints, damaged files.",
    discussion: "A run is a folder that holds an event file or a checkpoint; its name is its path below the root.")

  @OptionGroup var options: CatalogOptions

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func run() throws {
    let catalog = try options.refreshed()
    var listing = Listing(columns: [
      "run", "first_wall_time", "last_wall_time", "last_step", "tags", "points", "files", "checkpoints",
      "damaged_files",
    ])
    listing.rows = try catalog.runs().map { run in
      [
        .text(run.run), .time(run.firstWallTime), .time(run.lastWallTime), .integer(run.lastStep), .count(run.tags),
        .count(run.points), .count(run.files), .count(run.checkpoints), .count(run.damagedFiles),
      ]
    }
    listing.print(as: format)
    for file in try catalog.health() {
      guard let message = file.message else { continue }
      Diagnostics.note("\(file.path): \(message)")
    }
    if listing.rows.isEmpty { Diagnostics.note("no event files or checkpoints were found below \(options.root)") }
  }
}
