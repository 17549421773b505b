import Catalog

/// `GET /runs`, `/tags`, `/scalars`: the listings of the command line.
func addRunRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get("/runs", "Runs, by first wall time, then name", followsRevision: true) { _ in
    let runs = try catalog.runs()
    return .json(capacity: 256 * runs.count) {
      $0.array(runs) { json, run in
        json.object {
          $0.member("run", run.run)
          $0.member("first_wall_time", run.firstWallTime)
          $0.member("last_wall_time", run.lastWallTime)
          $0.member("last_step", run.lastStep)
          $0.member("tags", run.tags)
          $0.member("points", run.points)
          $0.member("files", run.files)
          $0.member("checkpoints", run.checkpoints)
          $0.member("damaged_files", run.damagedFiles)
        }
      }
    }
  }

  routes.get(
    "/tags", "Tags of a run, or of all runs",
    parameters: [Parameter("run", .text, "A run's name. Without it, all runs.")], followsRevision: true
  ) { request in
    let tags = try catalog.tags(run: request.parameters.optionalText("run"))
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
          $0.member("display_name", tag.displayName)
          $0.member("description", tag.description)
        }
      }
    }
  }

  routes.get(
    "/scalars", "Points of a scalar series, exact; at most 1,000,000",
    parameters: [
      Parameter("run", required: true, "The run"), Parameter("tag", required: true, "The tag"),
      Parameter("from", .integer, "The first step wanted"), Parameter("to", .integer, "The last step wanted"),
      Parameter(
        "width", .integer, "Pixel columns: at most the first, smallest, largest and last point of each are kept"),
      Parameter(
        "branches", .choice(BranchSelection.allCases.map(\.rawValue)),
        "Which points are wanted where steps go back: of the newest branch, all, or what a TensorBoard keeps"),
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let answer = try catalog.scalars(
      run: parameters.text("run"), tag: parameters.text("tag"), from: parameters.optionalInt64("from"),
      to: parameters.optionalInt64("to"), width: parameters.optionalInt("width", in: 1...16_384), limit: mostPoints,
      branches: parameters.choice("branches", default: BranchSelection.newest))
    try request.checkCancellation()
    let points = answer.points
    return .json(capacity: 64 * points.count + 256) {
      $0.object {
        $0.member("run", answer.run)
        $0.member("tag", answer.tag)
        $0.member("points") {
          $0.array(0..<points.count) { json, index in
            json.object {
              $0.member("step", points.steps[index])
              $0.member("wall_time", points.wallTimes[index])
              $0.member("value") { write(points.values, at: index, to: &$0) }
            }
          }
        }
      }
    }
  }
}

/// Points of one answer of `/scalars`, at 50 to 90 bytes of JSON each; a series of ten million would be most of a
/// gigabyte.
let mostPoints = 1_000_000

/// A value with the digits its precision needs to read back exactly.
private func write(_ values: SeriesValues, at index: Int, to json: inout JSONWriter) {
  switch values {
  case .float32(let values): json.value(values[index])
  case .float64(let values): json.value(values[index])
  case .int64(let values): json.value(values[index])
  }
}
