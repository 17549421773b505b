import HTTPTypes
import NIOCore

/// A parameter of a route's query. What is declared here is what is accepted, and what the OpenAPI document says.
struct Parameter: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case text
    case integer
    case number
    case choice([String])
  }

  var name: String
  var kind: Kind
  var isRequired: Bool
  var repeats: Bool
  var summary: String

  init(
    _ name: String, _ kind: Kind = .text, required: Bool = false, repeats: Bool = false, _ summary: String
  ) {
    self.name = name
    self.kind = kind
    isRequired = required
    self.repeats = repeats
    self.summary = summary
  }
}

/// An address of the API: a method, a path below `/api/v1`, what it takes, and what answers it.
struct Route: Sendable {
  /// How a route works on a request.
  enum Work: Sendable {
    /// Runs in the pool for blocking work; may read files and the catalogue.
    case blocking(@Sendable (APIRequest) throws -> Answer)
    /// A stream of server-sent events, for as long as the client stays.
    case events(@Sendable (APIRequest) async throws -> EventStream)
  }

  var method: HTTPRequest.Method
  /// Begins with a slash; has no variable parts, names are in the query.
  var path: String
  /// One line, for the OpenAPI document.
  var summary: String
  var parameters: [Parameter]
  /// The content types of a good answer; the first is the usual one.
  var contentTypes: [String]
  /// Whether the answer depends on nothing but the query and the catalogue's revision, so that a browser that has the
  /// answer of this revision gets 304 without any work.
  var followsRevision: Bool
  var work: Work
}

/// A request to a route, decoded.
struct APIRequest: Sendable {
  var parameters: QueryParameters
  /// The body of a changing call or a query in JSON; empty otherwise.
  var body: ByteBuffer
  /// The header `Last-Event-ID`, for streams.
  var lastEventID: String?
  /// Whether the client has gone. Long work looks at it now and then and throws `CancellationError`.
  var connection: ConnectionState

  func checkCancellation() throws {
    if connection.isClosed { throw CancellationError() }
  }
}

/// All routes of the API. Each resource adds its own in a file of `Routes/`:
///
/// ```swift
/// func addGraphRoutes(to routes: inout RouteTable, context: ServerContext) {
///   routes.get("/graphs", "Graphs found below the root") { request in
///     try Answer.json(context.catalog.graphs())
///   }
/// }
/// ```
struct RouteTable: Sendable {
  private var routes: [String: [HTTPRequest.Method: Route]] = [:]

  /// Adds a route that reads. Its closure runs off the event loop and may block.
  mutating func get(
    _ path: String, _ summary: String, parameters: [Parameter] = [], contentTypes: [String] = [ContentType.json],
    followsRevision: Bool = false, _ work: @escaping @Sendable (APIRequest) throws -> Answer
  ) {
    add(
      Route(
        method: .get, path: path, summary: summary, parameters: parameters, contentTypes: contentTypes,
        followsRevision: followsRevision, work: .blocking(work)))
  }

  /// Adds a route that takes a JSON body. Its closure runs off the event loop and may block.
  mutating func post(
    _ path: String, _ summary: String, parameters: [Parameter] = [], contentTypes: [String] = [ContentType.json],
    _ work: @escaping @Sendable (APIRequest) throws -> Answer
  ) {
    add(
      Route(
        method: .post, path: path, summary: summary, parameters: parameters, contentTypes: contentTypes,
        followsRevision: false, work: .blocking(work)))
  }

  /// Adds a stream of server-sent events.
  mutating func events(
    _ path: String, _ summary: String, parameters: [Parameter] = [],
    _ work: @escaping @Sendable (APIRequest) async throws -> EventStream
  ) {
    add(
      Route(
        method: .get, path: path, summary: summary, parameters: parameters, contentTypes: [ContentType.events],
        followsRevision: false, work: .events(work)))
  }

  private mutating func add(_ route: Route) {
    precondition(routes[route.path]?[route.method] == nil, "\(route.method) \(route.path) is registered twice.")
    routes[route.path, default: [:]][route.method] = route
  }

  /// Gives a reading route other work to do.
  mutating func replaceWork(of path: String, _ work: @escaping @Sendable (APIRequest) throws -> Answer) {
    routes[path]?[.get]?.work = .blocking(work)
  }

  /// The route for a request, or the problem that says why there is none.
  func route(_ method: HTTPRequest.Method, _ path: String) throws(Problem) -> Route {
    guard let methods = routes[path] else {
      throw .notFound("There is nothing at /api/v1\(path.prefix(200)). /api/v1/openapi.json lists what there is.")
    }
    // HEAD is GET without the body.
    if let route = methods[method == .head ? .get : method] { return route }
    throw Problem(
      .methodNotAllowed, "/api/v1\(path) does not take \(method.rawValue).", headers: [.allow: allowed(path)])
  }

  /// The value of `Allow` for a path.
  func allowed(_ path: String) -> String {
    var names = Set((routes[path] ?? [:]).keys.map(\.rawValue))
    if names.contains("GET") { names.insert("HEAD") }
    names.insert("OPTIONS")
    return names.sorted().joined(separator: ", ")
  }

  /// All routes, by path and method.
  var all: [Route] {
    routes.values.flatMap(\.values).sorted { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }
  }
}
