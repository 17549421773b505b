import Events
import Foundation
import Testing

@testable import Server

@Suite struct EventRouteTests {
  private static func request(_ path: String = "/api/v1/events", port: Int, headers: String = "") -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(headers)\r\n".utf8)
  }

  private static func data(_ event: [String]) throws -> [String: Any] {
    let line = try #require(event.first { $0.hasPrefix("data: ") })
    return try #require(JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any])
  }

  @Test(.timeLimit(.minutes(1))) func appendedPointsAreTold() async throws {
    try await TestServer.with(watches: true) { root in
      try TestServer.log([1], tag: "loss", run: "a", root: root)
    } _: { test in
      try await test.client.connect { connection in
        try await connection.send(Self.request(port: test.client.port))
        let head = try await connection.head()
        #expect(head.status == 200)
        #expect(head["content-type"] == "text/event-stream; charset=utf-8")
        EveryAnswerTests.expectSecurityHeaders(head, "stream")
        var text = ""
        let first = try await connection.event(&text)
        #expect(first.contains("event: change"))
        let revision = try #require(try Self.data(first)["revision"] as? Int)
        #expect(first.contains("id: \(revision)"))
        #expect(try await connection.event(&text).contains("event: loading"))

        let writer = try EventFileWriter(directory: "\(test.root)/b")
        try writer.addScalar(tag: "loss", value: Float(2), step: 0)
        try writer.flush()
        // The run and its point may be told in one change or in two.
        var told = Set<String>()
        while !told.contains("b/loss") {
          let event = try await connection.event(&text)
          guard event.contains("event: change") else { continue }
          let change = try Self.data(event)
          #expect((change["revision"] as? Int).map { $0 > revision } == true)
          for series in change["series"] as? [[String: Any]] ?? [] {
            for tag in series["tags"] as? [String] ?? [] { told.insert("\(series["run"] ?? "")/\(tag)") }
          }
        }
        let points = try await test.client.get("/api/v1/scalars?run=b&tag=loss").object()["points"] as? [Any]
        #expect(points?.count == 1)
        try writer.close()
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func clientThatComesBackHearsWhatItMissed() async throws {
    try await TestServer.with { root in
      try TestServer.log([1], tag: "loss", run: "a", root: root)
    } _: { test in
      for (id, runs) in [("0", ["a"]), ("999999999", ["a"]), ("-5", ["a"]), ("x", [])] {
        try await test.client.connect { connection in
          try await connection.send(Self.request(port: test.client.port, headers: "Last-Event-ID: \(id)\r\n"))
          _ = try await connection.head()
          var text = ""
          let change = try Self.data(try await connection.event(&text))
          #expect(change["runs"] as? [String] == runs, "\(id)")
        }
      }
      let changes = try await test.client.get("/api/v1/changes?since=0").object()
      #expect(changes["runs"] as? [String] == ["a"])
      #expect(Set(changes.keys) == ["revision", "runs", "series", "checkpoints", "graphs", "health"])
      let revision = try #require(changes["revision"] as? Int)
      let none = try await test.client.get("/api/v1/changes?since=\(revision)").object()
      #expect((none["runs"] as? [Any])?.isEmpty == true)
    }
  }

  @Test(.timeLimit(.minutes(1))) func streamsAreBoundedAndEndWithTheirClients() async throws {
    try await TestServer.with { test in
      let feed = test.server.context.feed
      var held: [ChangeFeed.Subscription] = []
      for _ in 0..<feed.limit { held.append(try feed.subscribe()) }
      let refused = try await test.client.get("/api/v1/events")
      #expect(refused.status == 503)
      #expect(refused["retry-after"] != nil)
      held.removeLast().end()
      try await test.client.connect { connection in
        try await connection.send(Self.request(port: test.client.port))
        expect(status: 200, try await connection.head())
        #expect(feed.count == feed.limit)
      }
      // The client has gone: its place is free again, without anything having been sent.
      while feed.count == feed.limit { await Task.yield() }
      #expect(feed.count == feed.limit - 1)
      for subscription in held { subscription.end() }
      #expect(feed.count == 0)
    }
  }

  @Test(.timeLimit(.minutes(1))) func streamsEndWhenTheServerStops() async throws {
    try await TestServer.with { test in
      try await test.client.connect { connection in
        try await connection.send(Self.request(port: test.client.port))
        _ = try await connection.head()
        var text = ""
        _ = try await connection.event(&text)
        _ = try await connection.event(&text)
        test.server.context.feed.close()
        #expect(try await connection.chunk().isEmpty)
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func wakeupsThatNobodyWaitsForAreOne() async throws {
    let feed = ChangeFeed(revision: 0)
    let subscription = try feed.subscribe()
    for revision in 1...100 { feed.publish(revision: Int64(revision)) }
    feed.publish(revision: 50)
    #expect(feed.revision == 100)
    feed.close()
    var count = 0
    for await _ in subscription.wakeups { count += 1 }
    #expect(count == 1)
    // A feed that is closed gives streams that end at once.
    for await _ in try feed.subscribe().wakeups { Issue.record("a closed feed wakes nobody") }
  }

  @Test(.timeLimit(.minutes(1))) func changesComeAtMostAtTheIntervalAndHeartbeatsInSilence() async throws {
    try await TestServer.with { test in
      let context = test.server.context
      var stream = ChangeStream(context: context)
      stream.interval = .zero
      stream.heartbeat = .zero
      let (messages, continuation) = AsyncStream<String>.makeStream()
      let events = try stream.open(since: nil)
      async let writing: Void = events.body { continuation.yield($0) }
      var iterator = messages.makeAsyncIterator()
      #expect(await iterator.next()?.hasPrefix("retry: ") == true)
      context.feed.beat()
      #expect(await iterator.next() == ": alive\n\n")
      context.feed.publish(
        loading: {
          var loading = context.feed.loading
          loading.files += 1
          return loading
        }())
      #expect(await iterator.next()?.hasPrefix("event: loading\n") == true)
      events.end()
      try await writing
    }
  }
}
