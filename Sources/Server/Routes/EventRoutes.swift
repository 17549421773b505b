import Catalog

/// `GET /events` and `/changes`: what is new.
func addEventRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.events("/events", "What changes, as server-sent events: change and loading, at most four times a second") {
    request in
    // A browser sends the revision it knows of when it connects again. Anything else is as good as none.
    try ChangeStream(context: context).open(since: request.lastEventID.flatMap { Int64($0) }.map { max($0, 0) })
  }

  routes.get(
    "/changes", "What changed since a revision",
    parameters: [Parameter("since", .integer, required: true, "The revision known")]
  ) { request in
    let since = try request.parameters.int64("since")
    // A revision of the future is one of a catalogue that has been rebuilt: everything may have changed.
    let current = try catalog.revision()
    let change = try catalog.changes(since: since > current ? 0 : max(since, 0))
    return .json { ChangeStream.write(change, to: &$0) }
  }
}
