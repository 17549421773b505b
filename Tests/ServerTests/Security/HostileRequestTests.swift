import Foundation
import Testing

@testable import Server

/// Requests that no honest client of this origin sends.
@Suite struct HostileRequestTests {
  @Test(arguments: [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:6006", "", "[::2]",
  ])
  func foreignHostsAreRefused(host: String) async throws {
    try await TestServer.with { test in
      for target in ["/", "/api/v1/runs", "/js/main.js", "/api/v1/events", "/api/v1/none"] {
        let answer = try await test.client.get(target, headers: [("Host", host)])
        #expect(answer.status == (host.isEmpty ? 400 : 403), "\(target)")
      }
    }
  }

  @Test func ownHostsAreAnswered() async throws {
    try await TestServer.with(options: .test { $0.allowedHosts = ["train.example"] }) { test in
      for host in ["localhost:\(test.client.port)", "127.0.0.1", "[::1]:1", "train.example"] {
        expect(status: 200, try await test.client.get("/api/v1/runs", headers: [("Host", host)]))
      }
    }
  }

  @Test func missingDoubleAndAbsoluteHostsAreRefused() async throws {
    try await TestServer.with { test in
      for (request, allowed) in [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", [400]),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n", [400]),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n", [400, 403]),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", [400, 403]),
      ] {
        let answer = try await test.client.raw(Array(request.utf8))
        #expect(allowed.contains(answer.status), "\(request): \(answer.status)")
      }
    }
  }

  @Test func crossOriginCallsAreRefused() async throws {
    try await TestServer.with { test in
      let body = #"{"queries":[]}"#
      let own = "http://127.0.0.1:\(test.client.port)"
      expect(status: 200, try await test.client.post("/api/v1/series", json: body))
      expect(status: 200, try await test.client.post("/api/v1/series", json: body, headers: [("Origin", own)]))
      for header in [
        ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", "http://127.0.0.1:1"),
        ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
      ] {
        expect(status: 403, try await test.client.post("/api/v1/series", json: body, headers: [header]))
        expect(status: 403, try await test.client.get("/api/v1/runs", headers: [header]))
        expect(status: 403, try await test.client.get("/api/v1/events", headers: [header]))
      }
    }
  }

  @Test func linksOfOtherSitesOpenPages() async throws {
    try await TestServer.with { test in
      let link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
      expect(status: 200, try await test.client.get("/curves", headers: link))
      let frame = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]
      expect(status: 403, try await test.client.get("/curves", headers: frame))
    }
  }

  @Test(arguments: [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
    "application/json2", "",
  ])
  func bodiesABrowserSendsUnaskedAreRefused(type: String) async throws {
    try await TestServer.with { test in
      let answer = try await test.client.send(
        "POST", "/api/v1/series", headers: [("Content-Type", type)], body: Array(#"{"queries":[]}"#.utf8))
      #expect(answer.status == 415)
      expect(status: 415, try await test.client.send("POST", "/api/v1/series"))
    }
  }

  @Test func preflightsGrantNothing() async throws {
    try await TestServer.with { test in
      let answer = try await test.client.send(
        "OPTIONS", "/api/v1/series",
        headers: [
          ("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST"),
          ("Access-Control-Request-Headers", "content-type"),
        ])
      #expect(answer.status == 403)
      EveryAnswerTests.expectSecurityHeaders(answer, "preflight")
    }
  }

  @Test(arguments: [
    "GARBAGE\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "POST /api/v1/series HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /api/v1/series HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\u{0}c\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}\r\n\r\n",
    "GET /\u{7F} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  ])
  func malformedRequestsAreRefusedAndTheServerGoesOn(request: String) async throws {
    try await TestServer.with { test in
      do {
        let answer = try await test.client.raw(Array(request.utf8))
        #expect([400, 415, 505].contains(answer.status), "\(answer.status)")
        EveryAnswerTests.expectSecurityHeaders(answer, request)
      } catch TestClientError.closed {
        // Nothing that could be answered was understood.
      }
      expect(status: 200, try await test.client.get("/api/v1/runs"))
    }
  }

  @Test func headersAndAddressesAreBounded() async throws {
    try await TestServer.with { test in
      let long = String(repeating: "a", count: 20_000)
      expect(status: 414, try await test.client.get("/api/v1/runs?run=\(long)"))
      for headers in [
        [("X-Long", String(repeating: "a", count: 200_000))],
        (0..<2_000).map { ("X-\($0)", "1") },
      ] {
        do {
          let answer = try await test.client.get("/api/v1/runs", headers: headers)
          #expect(answer.status == 400 || answer.status == 431)
        } catch TestClientError.closed {}
      }
      expect(status: 200, try await test.client.get("/api/v1/runs"))
    }
  }

  @Test func largeBodiesAreRefusedAndTheConnectionEnds() async throws {
    try await TestServer.with { test in
      let body = [UInt8](repeating: UInt8(ascii: " "), count: 3 << 20)
      let announced = try await test.client.send(
        "POST", "/api/v1/series", headers: [("Content-Type", "application/json")], body: body)
      #expect(announced.status == 413)
      #expect(announced["connection"] == "close")
      let head =
        "POST /api/v1/series HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n\(String(body.count, radix: 16))\r\n"
      let chunked = try await test.client.raw(Array(head.utf8) + body + Array("\r\n0\r\n\r\n".utf8))
      #expect(chunked.status == 413)
      expect(status: 200, try await test.client.get("/api/v1/runs"))
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
    try await TestServer.with { test in
      let host = "Host: localhost\r\n\r\n"
      let statuses = try await test.client.connect { connection in
        try await connection.send(
          Array("GET /api/v1/runs HTTP/1.1\r\n\(host)GET /nowhere HTTP/1.1\r\n\(host)GET / HTTP/1.1\r\n\(host)".utf8))
        var statuses: [Int] = []
        for _ in 0..<3 { statuses.append(try await connection.response().status) }
        return statuses
      }
      #expect(statuses == [200, 404, 200])
    }
  }
}
