import Catalog

/// The stream of `GET /events`: what changed in the catalogue, at most four times a second, and a sign of life where
/// nothing changes.
struct ChangeStream: Sendable {
  let context: ServerContext
  /// The shortest time between two messages: what comes in between is told in one.
  var interval: Duration = .milliseconds(250)
  /// The longest silence.
  var heartbeat: Duration = .seconds(15)

  /// - Parameter since: the revision the client knows; nil where it knows none and has just loaded all.
  /// - Throws: a ``Problem`` where too many streams are open.
  func open(since: Int64?) throws -> EventStream {
    let subscription = try context.feed.subscribe()
    return EventStream(
      body: { send in
        defer { subscription.end() }
        try await write(since: since, wakeups: subscription.wakeups, send: send)
      }, end: subscription.end)
  }

  private func write(
    since: Int64?, wakeups: AsyncStream<Void>, send: (String) async throws -> Void
  ) async throws {
    let feed = context.feed
    let clock = ContinuousClock()
    // The current revision, so that the client can ask for what comes after it; and the state of loading.
    let first = try await changes(since: since)
    var known = first.revision
    var loading = feed.loading
    try await send(
      "retry: 2000\n" + EventStream.event("change", id: known, data: Self.json(first))
        + EventStream.event("loading", data: Self.json(loading)))
    var lastMessage = clock.now
    for await _ in wakeups {
      var message = ""
      if feed.loading != loading {
        loading = feed.loading
        message += EventStream.event("loading", data: Self.json(loading))
      }
      if feed.revision > known {
        let change = try await changes(since: known)
        known = change.revision
        if !change.isEmpty { message += EventStream.event("change", id: known, data: Self.json(change)) }
      }
      if message.isEmpty, clock.now - lastMessage >= heartbeat { message = EventStream.comment("alive") }
      guard !message.isEmpty else { continue }
      try await send(message)
      lastMessage = clock.now
      try await Task.sleep(for: interval)
    }
  }

  /// What changed since `revision`; nothing but the current revision where that is nil. A revision of the future is one
  /// of a catalogue that has been rebuilt since: everything may have changed.
  private func changes(since revision: Int64?) async throws -> CatalogChange {
    let catalog = context.catalog
    return try await context.pool.run {
      let current = try catalog.revision()
      return try catalog.changes(since: revision.map { $0 > current ? 0 : $0 } ?? current)
    }
  }

  static func json(_ change: CatalogChange) -> String {
    var json = JSONWriter()
    write(change, to: &json)
    return json.text
  }

  static func write(_ change: CatalogChange, to json: inout JSONWriter) {
    json.object {
      $0.member("revision", change.revision)
      $0.member("runs", change.runs)
      $0.member("series") {
        $0.array(change.series) { json, series in
          json.object {
            $0.member("run", series.run)
            $0.member("tags", series.tags)
          }
        }
      }
      $0.member("checkpoints", change.checkpoints)
      $0.member("graphs", change.graphs)
      $0.member("health", change.health)
    }
  }

  static func json(_ loading: LoadingProgress) -> String {
    var json = JSONWriter()
    write(loading, to: &json)
    return json.text
  }

  static func write(_ loading: LoadingProgress, to json: inout JSONWriter) {
    json.object {
      $0.member("files", loading.files)
      $0.member("files_done", loading.filesDone)
      $0.member("bytes", loading.bytes)
      $0.member("bytes_done", loading.bytesDone)
      $0.member("bytes_per_second", loading.bytesPerSecond.rounded())
      if let seconds = loading.secondsLeft { $0.member("seconds_left", seconds.rounded(.up)) }
    }
  }
}
