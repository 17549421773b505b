import Catalog

/// `GET /runs`, `/tags`: the listings of the command line.
func addRunRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get(
    "/runs", "Runs, by first wall time, then name, or sorted by a column",
    parameters: [
      .runPatterns,
      Parameter(
        "column", repeats: true,
        "A column more: min(loss), last(loss).step, step_where(loss < 0.1), time_to(acc > 0.9), hparam(lr) and the like"
      ),
      Parameter(
        "where", .text, "Only runs that satisfy a condition, such as last(loss) < 0.1 and nonfinite(loss) == 0"),
      Parameter("sort", .text, "The column to sort by, whether it is listed or not"),
      Parameter("order", .choice(["ascending", "descending"]), "Which way to sort"), .offset,
      .limit(mostRuns, most: mostRuns),
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let query = RunTableQuery(
      runs: parameters.patterns("run_glob"),
      columns: try parameters.texts("column").map { text in try RunColumn(text) },
      condition: try parameters.optionalText("where").map { text in try RunCondition(text) },
      sort: try parameters.optionalText("sort").map { text in try RunColumn(text) },
      descending: try parameters.choice("order", default: SortOrder.ascending) == .descending)
    guard query.columns.count <= mostColumns else {
      throw Problem.badRequest("At most \(mostColumns) columns are given at once; ask for fewer.")
    }
    try query.checkLabels()
    let offset = try parameters.offset()
    let limit = try parameters.int("limit", default: mostRuns, in: 1...mostRuns)
    let rows = try catalog.runTable(query) { try request.checkCancellation() }.dropFirst(offset).prefix(limit)
    return .json(capacity: 256 * rows.count) {
      $0.array(rows) { json, row in
        json.object {
          let run = row.summary
          $0.member("run", run.run)
          $0.member("first_wall_time", run.firstWallTime)
          $0.member("last_wall_time", run.lastWallTime)
          $0.member("last_step", run.lastStep)
          $0.member("tags", run.tags)
          $0.member("points", run.points)
          $0.member("files", run.files)
          $0.member("checkpoints", run.checkpoints)
          $0.member("damaged_files", run.damagedFiles)
          for (column, value) in zip(query.columns, row.values) { $0.member(column.label, value) }
        }
      }
    }
  }

  routes.get(
    "/tags", "Tags of a run, of the runs that match, or of all runs",
    parameters: [
      Parameter("run", .text, "A run's name. Without it, all runs."), .runPatterns, .tagPatterns,
      Parameter("kind", .choice(SeriesKind.allCases.map(\.rawValue)), "Only tags of this kind"),
      Parameter("plugin", .text, "Only tags of this plugin, such as pr_curves, hparams, mesh or custom_scalars"),
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let filter = TagFilter(
      runs: parameters.patterns("run_glob"), tags: parameters.patterns("tag_glob"),
      kind: parameters.optionalText("kind") == nil ? nil : try parameters.choice("kind", default: SeriesKind.scalar),
      plugin: parameters.optionalText("plugin"))
    let tags = try catalog.tags(run: parameters.optionalText("run")).filter(filter.matches)
    return .json(capacity: 256 * tags.count) {
      $0.array(tags) { json, tag in
        json.object {
          $0.member("run", tag.run)
          $0.member("tag", tag.tag)
          $0.member("kind", tag.kind.rawValue)
          $0.member("dtype", tag.dtype)
          $0.member("points", tag.points)
          $0.member("first_step", tag.firstStep)
          $0.member("last_step", tag.lastStep)
          $0.member("plugin", tag.plugin)
          $0.member("display_name", tag.displayName)
          $0.member("description", tag.description)
        }
      }
    }
  }
}

private enum SortOrder: String, CaseIterable {
  case ascending, descending
}

/// Runs of one answer.
private let mostRuns = 100_000
/// Columns of one answer; each may be a search in every run.
private let mostColumns = 50
