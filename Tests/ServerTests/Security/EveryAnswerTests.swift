import Foundation
import Testing

@testable import Server

/// What must hold for every answer of the server, checked on every route there is.
@Suite struct EveryAnswerTests {
  static func expectSecurityHeaders(_ answer: TestResponse, _ what: String, line: Int = #line) {
    for (name, value) in [
      (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
          + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      ), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
      ("cross-origin-resource-policy", "same-origin"), ("cross-origin-opener-policy", "same-origin"),
    ] {
      let values = answer.headers.filter { $0.name == name }.map(\.value)
      #expect(values == [value], "\(what), line \(line)")
    }
    let grants = answer.headers.filter { $0.name.hasPrefix("access-control-") }
    #expect(grants.isEmpty, "\(what): no other origin is granted anything")
    if !answer.body.isEmpty { #expect(answer["content-type"] != nil, "\(what)") }
  }

  @Test func everyRouteAndMethodCarriesTheHeaders() async throws {
    try await TestServer.with {
      try TestServer.log([1], tag: "loss", run: "a", root: $0)
    } _: { test in
      let routes = RouteTable.all(context: test.server.context).all
      #expect(routes.count >= 11)
      for route in routes {
        let address = "/api/v1\(route.path)"
        for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
          // A stream does not end; its head is looked at elsewhere.
          if route.path == "/events", method == "GET" { continue }
          let answer = try await test.client.send(method, address)
          Self.expectSecurityHeaders(answer, "\(method) \(address)")
          let known = route.method.rawValue == method || method == "HEAD" && route.method == .get
          switch method {
          case "OPTIONS":
            #expect(answer.status == 204)
            #expect(answer["allow"]?.contains(route.method.rawValue) == true)
          case _ where known: #expect([200, 400, 415].contains(answer.status), "\(method) \(address)")
          default: #expect([405, 501, 400].contains(answer.status), "\(method) \(address): \(answer.status)")
          }
          if method == "HEAD" { #expect(answer.body.isEmpty) }
        }
      }
    }
  }

  @Test func pagesErrorsAndRefusalsCarryTheHeaders() async throws {
    try await TestServer.with { test in
      for (method, target, status) in [
        ("GET", "/", 200), ("GET", "/curves", 200), ("GET", "/js/main.js", 200), ("GET", "/nowhere", 404),
        ("GET", "/api", 404), ("GET", "/api/v2/runs", 404), ("GET", "/api/v1/none", 404), ("POST", "/", 405),
        ("DELETE", "/curves", 405), ("OPTIONS", "/curves", 204), ("OPTIONS", "*", 204), ("HEAD", "/", 200),
      ] {
        let answer = try await test.client.send(method, target)
        #expect(answer.status == status, "\(method) \(target)")
        Self.expectSecurityHeaders(answer, "\(method) \(target)")
      }
      let refused = try await test.client.get("/", headers: [("Host", "evil.example")])
      #expect(refused.status == 403)
      Self.expectSecurityHeaders(refused, "foreign host")
      let malformed = try await test.client.raw(Array("NONSENSE\r\n\r\n".utf8))
      #expect(malformed.status == 400)
      Self.expectSecurityHeaders(malformed, "malformed request")
    }
  }

  @Test func headHasTheHeadersOfGet() async throws {
    try await TestServer.with { test in
      for target in ["/", "/js/main.js", "/api/v1/runs"] {
        let get = try await test.client.get(target)
        let head = try await test.client.send("HEAD", target)
        for name in ["content-type", "content-length", "etag", "cache-control"] {
          #expect(get[name] == head[name], "\(name) of \(target)")
        }
        #expect(head["content-length"] == "\(get.body.count)")
      }
    }
  }
}
