import Foundation
import Testing

@testable import Server

@Suite struct OpenAPITests {
  @Test func documentDescribesEveryRouteAndNothingElse() async throws {
    try await TestServer.with { test in
      let answer = try await test.client.get("/api/v1/openapi.json")
      #expect(answer["content-type"] == "application/json; charset=utf-8")
      let document = try answer.object()
      #expect(document["openapi"] as? String == "3.1.0")
      let paths = try #require(document["paths"] as? [String: [String: Any]])
      let described = Set(paths.flatMap { path, methods in methods.keys.map { "\($0) \(path)" } })
      let routes = RouteTable.all(context: test.server.context).all
      #expect(described == Set(routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" }))
      #expect(described.contains("get /openapi.json"))
      for route in routes {
        let operation = try #require(paths[route.path]?[route.method.rawValue.lowercased()] as? [String: Any])
        #expect(operation["summary"] as? String == route.summary)
        let parameters = try #require(operation["parameters"] as? [[String: Any]])
        #expect(parameters.map { $0["name"] as? String } == route.parameters.map(\.name))
        #expect(parameters.map { $0["required"] as? Bool } == route.parameters.map(\.isRequired))
      }
      let names = paths.values.flatMap(\.values).compactMap { ($0 as? [String: Any])?["operationId"] as? String }
      #expect(Set(names).count == names.count)
    }
  }

  /// What is declared as required is required.
  @Test func requiredParametersAreMissed() async throws {
    try await TestServer.with {
      try TestServer.log([1], tag: "loss", run: "a", root: $0)
    } _: { test in
      for route in RouteTable.all(context: test.server.context).all where route.method == .get {
        guard let required = route.parameters.first(where: \.isRequired) else { continue }
        let answer = try await test.client.get("/api/v1\(route.path)")
        #expect(answer.status == 400, "\(route.path)")
        #expect(answer.text.contains("“\(required.name)” is missing"), "\(route.path): \(answer.text)")
      }
    }
  }

  @Test func answersHaveTheTypesTheyDeclare() async throws {
    try await TestServer.with {
      try TestServer.log([1], tag: "loss", run: "a", root: $0)
    } _: { test in
      for route in RouteTable.all(context: test.server.context).all
      where route.method == .get && !route.parameters.contains(where: \.isRequired) && route.path != "/events" {
        let answer = try await test.client.get("/api/v1\(route.path)")
        #expect(answer.status == 200, "\(route.path)")
        #expect(answer["content-type"].map { route.contentTypes.contains($0) } == true, "\(route.path)")
      }
    }
  }
}
