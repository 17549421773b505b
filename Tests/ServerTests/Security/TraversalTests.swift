import Foundation
import Testing

@testable import Server

/// Paths that try to leave what is served. A canary file lies outside the log root; not a byte of it may come back.
@Suite struct TraversalTests {
  static let canary = "canary-7f3a9c"

  static let paths = [
    "../canary", "../../canary", "%2e%2e/canary", "%2e%2e%2fcanary", "..%2fcanary", "%252e%252e%252fcanary",
    "..%5ccanary", "..\\canary", "%2e%2e%5ccanary", "..;/canary", ";/../canary", "./../canary", "/./canary",
    "..%00/canary", "canary%00.js", "..%c0%afcanary", "%c0%ae%c0%ae/canary", "%uff0e%uff0e/canary", "....//canary",
    "..././canary", "file:///etc/passwd", "//etc/passwd", "/etc/passwd", "C:\\canary", "C:/canary",
    "js/../../canary", "js/%2e%2e/%2e%2e/canary", "js/core/../../../../canary", ".trainscope/catalog.sqlite",
    "css/.hidden", "js/main.js/../../../canary", String(repeating: "../", count: 1300) + "canary",
  ]

  @Test func noPathLeadsOutOfThePages() async throws {
    try await TestServer.with { root in
      try TestServer.log([1], tag: "loss", run: "a", root: root)
      let folder = (root as NSString).deletingLastPathComponent
      try Self.canary.write(toFile: "\(folder)/canary", atomically: true, encoding: .utf8)
    } _: { test in
      let page = try await test.client.get("/").body
      for path in Self.paths {
        for prefix in ["/", "/js/", "/css/", "/curves/", "/checkpoints/", "/api/v1/", "/api/v1/../"] {
          let target = prefix + path
          let answer = try await test.client.get(target)
          #expect([200, 400, 404].contains(answer.status), "\(target): \(answer.status)")
          // What is answered at all is the page, whose script reads the rest of the path.
          if answer.status == 200 { #expect(Self.isPage(answer, like: page), "\(target)") }
          #expect(!answer.text.contains(Self.canary) && !answer.text.contains("root:"), "\(target)")
        }
      }
    }
  }

  @Test func noParameterLeadsOutOfTheRoot() async throws {
    try await TestServer.with { root in
      try TestServer.log([1], tag: "loss", run: "a", root: root)
      let folder = (root as NSString).deletingLastPathComponent
      try Self.canary.write(toFile: "\(folder)/canary", atomically: true, encoding: .utf8)
    } _: { test in
      let routes = RouteTable.all(context: test.server.context).all.filter { $0.method == .get }
      let texts = routes.flatMap { route in
        route.parameters.filter { $0.kind == .text }.map { (route, $0) }
      }
      #expect(!texts.isEmpty)
      for (route, attacked) in texts {
        for path in Self.paths.map({ $0.replacing("\\", with: "%5c") }) {
          let query = route.parameters.map { parameter in
            parameter == attacked ? "\(parameter.name)=\(path)" : Self.example(parameter)
          }
          let answer = try await test.client.get("/api/v1\(route.path)?\(query.joined(separator: "&"))")
          #expect(answer.status < 500, "\(route.path) \(attacked.name)=\(path): \(answer.text)")
          #expect(!answer.text.contains(Self.canary) && !answer.text.contains("root:"))
        }
      }
    }
  }

  private static func isPage(_ answer: TestResponse, like page: [UInt8]) -> Bool {
    answer["content-type"] == "text/html; charset=utf-8" && answer.body.starts(with: page.prefix(100))
  }

  private static func example(_ parameter: Parameter) -> String {
    switch parameter.kind {
    case .choice(let names): "\(parameter.name)=\(names[0])"
    case .integer, .number: "\(parameter.name)=1"
    case .text: "\(parameter.name)=a"
    }
  }
}
