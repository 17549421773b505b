import Catalog

/// `GET /runs`, `/tags`: the listings of the command line.
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
}
