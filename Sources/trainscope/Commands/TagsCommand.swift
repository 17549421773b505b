import ArgumentParser
import Catalog

/// `trainscope tags ROOT [--run R]… [--tag PATTERN]… [--kind KIND] [--plugin NAME]`
struct TagsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tags",
    abstract: "List what runs logged: tag, kind, dtype, points, first and last step.",
    discussion: """
      The data of TensorBoard's plugins is listed too: the table names the plugin (pr_curves, hparams, custom_scalars, \
      mesh, …), and so does --details. Patterns: * stands for any characters, ? for one.
      """)

  @OptionGroup var options: CatalogOptions

  @Option(
    name: .customLong("run"), parsing: .singleValue,
    help: "List the tags of this run, or of runs that match a pattern. May be repeated.")
  var runs: [String] = []

  @Option(name: .customLong("tag"), parsing: .singleValue, help: "List tags that match a pattern. May be repeated.")
  var tags: [String] = []

  @Option(help: "List tags of this kind: scalar, histogram, image, audio, text, tensor, graph or run_metadata.")
  var kind: SeriesKind?

  @Option(help: "List tags of this plugin, such as pr_curves, hparams, custom_scalars or mesh.")
  var plugin: String?

  @Flag(help: "Print plugin, display name and description too.")
  var details = false

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func run() throws {
    let catalog = try options.refreshed()
    // One run by name has to be there; a pattern may match none.
    let name = runs.count == 1 ? NamePattern(runs[0]).literal : nil
    let filter = TagFilter(
      runs: runs.map { NamePattern($0) }, tags: tags.map { NamePattern($0) }, kind: kind, plugin: plugin)
    var listing = Listing(columns: ["run", "tag", "kind", "dtype", "points", "first_step", "last_step"])
    let showsPlugin = details || format == .table
    if showsPlugin { listing.columns.append("plugin") }
    if details { listing.columns += ["display_name", "description"] }
    listing.rows = try catalog.tags(run: name).filter(filter.matches).map { tag in
      var row: [ListingValue] = [
        .text(tag.run), .text(tag.tag), .text(tag.kind.rawValue), .text(tag.dtype), .count(tag.points),
        .integer(tag.firstStep), .integer(tag.lastStep),
      ]
      if showsPlugin { row.append(.text(tag.plugin)) }
      if details { row += [.text(tag.displayName), .text(tag.description)] }
      return row
    }
    listing.print(as: format)
  }
}

extension SeriesKind: ExpressibleByArgument {}
