import Catalog
import Events
import Graphs

/// `GET /graphs…`: computation graphs, laid out with the scopes that are open.
func addGraphRoutes(to routes: inout RouteTable, context: ServerContext) {
  let store = GraphStore(context.catalog)
  let identifier = Parameter("id", required: true, "The graph, as /graphs lists it")
  let direction = Parameter(
    "direction", .choice(GraphView.Direction.allCases.map(\.rawValue)), "Which way data flows: tb or lr")
  let open = Parameter(
    "open", repeats: true, "An open scope; without any the server chooses, an empty one alone opens nothing")

  routes.get("/graphs", "Graphs found below the root") { _ in
    let entries = try store.entries()
    return .json(capacity: 256 * entries.count + 64) {
      $0.array(entries) { json, entry in
        let known = store.known(entry)
        json.object {
          $0.member("id", entry.id)
          $0.member("run", entry.source.run)
          $0.member("source", entry.source.source.rawValue)
          $0.member("kind", entry.source.blob.map { $0.value.kind == .metaGraph ? "meta_graph" : "graph" })
          $0.member("tag", entry.source.blob?.tag)
          $0.member("path", store.relativePath(entry))
          $0.member("bytes", entry.source.bytes)
          $0.member("nodes", known.nodes)
          $0.member("problem", known.problem)
        }
      }
    }
  }

  routes.get(
    "/graphs/view", "What is visible of a graph with these scopes open, laid out",
    parameters: [identifier, open, direction]
  ) { request in
    let structure = try store.structure(request.parameters.text("id"))
    try request.checkCancellation()
    return try .json(structure.view(open: openScopes(request), direction: flow(request)))
  }

  routes.get(
    "/graphs/node", "A node or scope of a graph: attributes, inputs, outputs, counts",
    parameters: [identifier, Parameter("name", required: true, "Its id in the view")]
  ) { request in
    let structure = try store.structure(request.parameters.text("id"))
    return try .json(structure.details(of: request.parameters.text("name")))
  }

  routes.get(
    "/graphs/search", "Nodes and scopes of a graph by name or op",
    parameters: [
      identifier, Parameter("q", required: true, "Part of a name, or an op type; case does not matter"),
      Parameter("limit", .integer, "At most so many, 50 unless given"),
    ]
  ) { request in
    let structure = try store.structure(request.parameters.text("id"))
    let limit = try request.parameters.int("limit", default: 50, in: 1...1000)
    return try .json(structure.search(request.parameters.text("q"), limit: limit))
  }

  routes.get(
    "/graphs/export", "A graph as a file",
    parameters: [
      identifier,
      Parameter(
        "format", .choice(GraphExportFormat.allCases.map(\.rawValue)), required: true, "pb, pbtxt, json, dot or svg"),
      open, direction,
    ], contentTypes: GraphExportFormat.allCases.map(\.mediaType)
  ) { request in
    let structure = try store.structure(request.parameters.text("id"))
    let text = try request.parameters.text("format")
    guard let format = GraphExportFormat(rawValue: text) else {
      let known = GraphExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem.badRequest("“\(text.prefix(100))” is no value of “format”: use \(known).")
    }
    let bytes = try structure.export(format, open: openScopes(request), direction: flow(request))
    return .attachment(bytes, contentType: format.mediaType, fileName: "graph.\(format.rawValue)")
  }
}

private func openScopes(_ request: APIRequest) -> OpenScopes {
  let ids = request.parameters.texts("open")
  return ids.isEmpty ? .automatic : .these(Set(ids.filter { !$0.isEmpty }))
}

private func flow(_ request: APIRequest) throws -> GraphView.Direction {
  try request.parameters.choice("direction", default: GraphView.Direction.topToBottom)
}
