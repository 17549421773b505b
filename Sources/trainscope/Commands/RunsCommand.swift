import ArgumentParser
import Catalog

/// `trainscope runs ROOT [--run PATTERN]… [--column COLUMN]… [--where CONDITION] [--sort COLUMN] [--descending]`
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "List the runs of a log root: times, last step, tags, points, files, checkpoints, damaged files.",
    discussion: """
      A run is a folder that holds an event file or a checkpoint; its name is its path below the root.

      Columns can be added, and runs chosen and sorted by them:
        loss, last(loss), first(loss)      the last, the first value of a tag
        min(loss), max(loss).step          the smallest value; the step of the largest
        step_where(loss < 0.1 for 5)       the first step of five points that are all below 0.1
        time_to(loss < 0.1)                seconds from the run's start to there; steps_to(…) its steps
        jump(loss), rise(loss), drop(loss) the largest jump either way, up, down
        nonfinite(loss)                    how many values are NaN or infinite
        plateau(loss, 100 steps, 1%)       where 100 steps begin that improve by no more than 1 percent
        count(loss), hparam(lr)            points of a tag; a hyperparameter
        duration, last_step, points, …     what is known of every run
      Most have fields, such as .step, .wall_time and .seconds. “min(loss) as best” names a column. Tags with spaces or
      operators in them stand in quotes. Conditions compare columns with numbers, texts and each other, by <, <=, >, >=,
      ==, !=, ~ PATTERN, “is missing”, “is finite”, and are joined by “and”, “or”, “not” and parentheses:
        --where 'last(loss) < 0.1 and nonfinite(loss) == 0 and run ~ "sweep/*"'
      """)

  @OptionGroup var options: CatalogOptions

  @Option(
    name: .customLong("run"), parsing: .singleValue,
    help: "List runs whose names match: * stands for any characters, ? for one. May be repeated.")
  var patterns: [String] = []

  @Option(name: .customLong("column"), parsing: .singleValue, help: "Add a column. May be repeated.")
  var columns: [String] = []

  @Option(name: .customLong("where"), help: "List only runs that satisfy a condition.")
  var condition: String?

  @Option(help: "Sort by a column, whether it is listed or not; runs without it come last.")
  var sort: String?

  @Flag(help: "Sort from the largest down.")
  var descending = false

  @Option(help: "List at most so many runs.")
  var limit: Int?

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func validate() throws {
    _ = try query()
    if let limit, limit < 0 { throw ValidationError("--limit takes 0 or more runs.") }
    if descending, sort == nil { throw ValidationError("--descending needs --sort COLUMN.") }
  }

  private func query() throws -> RunTableQuery {
    do {
      let query = RunTableQuery(
        runs: patterns.map { NamePattern($0) }, columns: try columns.map { text in try RunColumn(text) },
        condition: try condition.map { text in try RunCondition(text) },
        sort: try sort.map { text in try RunColumn(text) }, descending: descending)
      try query.checkLabels()
      return query
    } catch let error as ExpressionError {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    let query = try query()
    let catalog = try options.refreshed()
    var listing = Listing(columns: [
      "run", "first_wall_time", "last_wall_time", "last_step", "tags", "points", "files", "checkpoints",
      "damaged_files",
    ])
    // With columns of their own choice, people want to see these, named as they wrote them.
    listing.keepsNames = !columns.isEmpty
    if !columns.isEmpty { listing.hiddenInTable = ["last_wall_time", "tags", "files", "checkpoints", "damaged_files"] }
    listing.columns += query.columns.map(\.label)
    let rows = try catalog.runTable(query)
    listing.rows = rows.prefix(limit ?? .max).map { row in
      let run = row.summary
      return [
        .text(run.run), .time(run.firstWallTime), .time(run.lastWallTime), .integer(run.lastStep), .count(run.tags),
        .count(run.points), .count(run.files), .count(run.checkpoints), .count(run.damagedFiles),
      ] + zip(query.columns, row.values).map { column, value in ListingValue(value, isTime: column.isTime) }
    }
    listing.print(as: format)
    for file in try catalog.health() {
      guard let message = file.message else { continue }
      Diagnostics.note("\(file.path): \(message)")
    }
    if rows.isEmpty {
      Diagnostics.note(
        try catalog.runs().isEmpty
          ? "no event files or checkpoints were found below \(options.root)" : "no run is as asked for")
    }
  }
}
