import Catalog
import Foundation
import Synchronization
import Testing

@testable import Server

@Suite struct TrainscopeServerTests {
  private static let token = "0123456789abcdef-secret"

  @Test func takenPortGivesTheNextOneOrAnErrorWhereItIsRequired() async throws {
    try await TestServer.with { first in
      let port = first.client.port
      let other = try await TestServer.with(options: .test { $0.port = port }) { second in
        expect(status: 200, try await second.client.get("/api/v1/runs"))
        return second.client.port
      }
      #expect(other != port)
      await #expect(throws: ServerError.portTaken(host: "127.0.0.1", port: port)) {
        try await TestServer.with(
          options: .test {
            $0.port = port
            $0.requiresPort = true
          }
        ) { _ in }
      }
    }
  }

  @Test func addressOfAnotherMachineIsAnErrorThatSaysSo() async throws {
    let error = await #expect(throws: ServerError.self) {
      try await TestServer.with(options: .test { $0.host = "203.0.113.7" }) { _ in }
    }
    #expect(error?.description.hasPrefix("Cannot listen on 203.0.113.7") == true)
  }

  @Test func nameWithoutAnAddressIsAnErrorThatSaysSo() async throws {
    let error = await #expect(throws: ServerError.self) {
      try await TestServer.with(options: .test { $0.host = "no such name" }) { _ in }
    }
    #expect(error?.description.hasPrefix("Cannot listen on no such name") == true)
  }

  @Test func serverOffLoopbackHasATokenAlways() async throws {
    try await TestServer.with(options: .test { $0.host = "0.0.0.0" }) { test in
      let token = try #require(test.server.token)
      #expect(token.count == 64)
      expect(status: 401, try await test.client.get("/api/v1/runs"))
      let shown = [("Authorization", "Bearer \(token)")]
      expect(status: 200, try await test.client.get("/api/v1/runs", headers: shown))
    }
  }

  @Test func nothingIsAnsweredWithoutTheToken() async throws {
    try await TestServer.with(options: .test { $0.token = Self.token }) { test in
      for route in RouteTable.all(context: test.server.context).all {
        let answer = try await test.client.send(
          route.method.rawValue, "/api/v1\(route.path)", headers: [("Content-Type", "application/json")])
        #expect(answer.status == 401, "\(route.path)")
        EveryAnswerTests.expectSecurityHeaders(answer, route.path)
      }
      for target in [
        "/", "/js/main.js", "/curves", "/nowhere", "/api/v1/none", "/?token=wrong", "/?token=",
        "/?token=\(Self.token)&token=\(Self.token)", "/api/v1/runs?token=\(Self.token)",
      ] {
        let answer = try await test.client.get(target)
        #expect(answer.status == 401, "\(target)")
        #expect(!answer.text.contains(Self.token))
        #expect(answer["set-cookie"] == nil)
      }
      for value in ["Bearer wrong", "Bearer \(Self.token)x", "Bearer \(Self.token.uppercased())", Self.token] {
        expect(status: 401, try await test.client.get("/", headers: [("Authorization", value)]))
      }
    }
  }

  @Test func openingTheLinkSetsACookieAndDropsTheToken() async throws {
    try await TestServer.with(options: .test { $0.token = Self.token }) { test in
      let login = try await test.client.get("/curves?x=1&token=\(Self.token)&y=2")
      #expect(login.status == 303)
      #expect(login["location"] == "/curves?x=1&y=2")
      let cookie = try #require(login["set-cookie"])
      #expect(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict") && cookie.contains("; Path=/;"))
      let pair = String(cookie.prefix { $0 != ";" })
      expect(status: 200, try await test.client.get("/curves", headers: [("Cookie", pair)]))
      expect(status: 200, try await test.client.get("/api/v1/runs", headers: [("Cookie", pair)]))
      // Not for other names of this server, nor to other hosts.
      let foreign = [("Host", "evil.example")]
      expect(status: 403, try await test.client.get("/?token=\(Self.token)", headers: foreign))
      let away = try await test.client.get("//evil.example/?token=\(Self.token)")
      #expect(away["location"] == "/evil.example/")
    }
  }

  @Test(arguments: ["short", "has a space in it!!", "semi;colon;semi;colon"])
  func unusableTokensAreRefused(token: String) async {
    await #expect(throws: ServerError.unusableToken) {
      try await TestServer.with(options: .test { $0.token = token }) { _ in }
    }
  }

  @Test(arguments: ["team", "/a//b", "/a/../b", "/a b", "/<script>", "/ä", "/a\"b"])
  func unusablePrefixesAreRefused(prefix: String) async {
    await #expect(throws: ServerError.unusablePrefix(prefix)) {
      try await TestServer.with(options: .test { $0.pathPrefix = prefix }) { _ in }
    }
  }

  @Test func addressesAreWhatABrowserOpens() {
    for (host, prefix, url) in [
      ("127.0.0.1", "", "http://127.0.0.1:1/"), ("0.0.0.0", "", "http://127.0.0.1:1/"), ("::1", "", "http://[::1]:1/"),
      ("localhost", "/p", "http://localhost:1/p/"),
    ] {
      #expect(TrainscopeServer.Address(host: host, port: 1, pathPrefix: prefix).url == url)
    }
  }

  @Test(.timeLimit(.minutes(1))) func workOfClientsThatHaveGoneIsNotDone() async throws {
    let pool = WorkPool(threads: 1)
    let connection = ConnectionState()
    connection.close()
    await #expect(throws: CancellationError.self) {
      try await pool.run(for: connection) { Issue.record("the client has gone") }
    }
    #expect(try await pool.run { 7 } == 7)
  }

  @Test(.timeLimit(.minutes(1))) func queueOfWorkIsBounded() async throws {
    let pool = WorkPool(threads: 1, longestQueue: 0)
    let problem = await #expect(throws: Problem.self) { try await pool.run { 1 } }
    #expect(problem?.status == .serviceUnavailable)
  }

  @Test func connectionsTellOnceWhenTheyClose() {
    let connection = ConnectionState()
    let count = Counter()
    let forget = connection.onClose { count.increment() }
    _ = connection.onClose { count.increment() }
    forget()
    connection.close()
    connection.close()
    #expect(count.value == 1)
    _ = connection.onClose { count.increment() }
    #expect(count.value == 2)
  }
}

/// A number several threads may count up.
final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func increment() { count.withLock { $0 += 1 } }
}
