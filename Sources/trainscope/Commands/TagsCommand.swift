import ArgumentParser
import Catalog

/// `trainscope tags ROOT [--run R]`
struct TagsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tags", abstract: "List what runs logged: tag, kind, dtype, points, first and last step.")

  @OptionGroup var options: CatalogOptions

  @Option(name: .customLong("run"), help: "List the tags of this run only.")
  var selectedRun: String?

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func run() throws {
    let catalog = try options.refreshed()
    var listing = Listing(columns: ["run", "tag", "kind", "dtype", "points", "first_step", "last_step"])
    listing.rows = try catalog.tags(run: selectedRun).map { tag in
      [
        .text(tag.run), .text(tag.tag), .text(tag.kind.rawValue), .text(tag.dtype), .count(tag.points),
        .integer(tag.firstStep), .integer(tag.lastStep),
      ]
    }
    listing.print(as: format)
  }
}
