import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Answers requests: checks them, finds the route or page, has it work off the event loop, and turns whatever comes out
/// into an answer. Nothing thrown leaves it.
struct Responder: HTTPResponder {
  typealias Context = BasicConnectionContext

  let context: ServerContext
  let gatekeeper: Gatekeeper
  let routes: RouteTable
  let pages: @Sendable () throws -> StaticPages
  /// Begins with a slash and does not end with one, or is empty.
  let prefix: String

  static let largestBody = 1 << 20
  /// Of a body, written at a time.
  static let largestPiece = 64 << 10
  static let apiPrefix = "/api/v1"

  func respond(to request: Request, context: BasicConnectionContext) async throws -> Response {
    var answer: Answer
    do {
      if let response = try await events(for: request, context) { return response }
      answer = try await self.answer(to: request, context)
    } catch {
      answer = Problem(describing: error).answer
      if let status = (error as? Problem)?.status, status == .contentTooLarge || status == .unsupportedMediaType {
        // What is left of the body is not worth reading.
        answer.headers[.connection] = "close"
      }
    }
    if answer.headers[.cacheControl] == nil { answer.headers[.cacheControl] = "no-store" }
    var response = Response(
      status: answer.status, headers: answer.headers,
      body: answer.rest.map { body(of: answer.body, rest: $0) } ?? Self.body(of: answer.body))
    if request.method == .head { response = response.createHeadResponse() }
    if answer.status == .notModified || answer.status == .noContent {
      response.body = ResponseBody()
      response.headers[.contentLength] = nil
    }
    return response
  }

  /// A body written piece by piece, each when the connection has room for it: so that the end of the answer, from which
  /// on the connection counts as idle, comes when nearly all of it has left.
  private static func body(of bytes: ByteBuffer) -> ResponseBody {
    guard bytes.readableBytes > largestPiece else { return ResponseBody(byteBuffer: bytes) }
    return ResponseBody(contentLength: bytes.readableBytes) { writer in
      var rest = bytes
      while let piece = rest.readSlice(length: min(largestPiece, rest.readableBytes)), piece.readableBytes > 0 {
        try await writer.write(piece)
      }
      try await writer.finish(nil)
    }
  }

  /// A body whose end is not made yet. What goes wrong on the way ends the connection before the body's end, by which the
  /// client knows.
  private func body(of start: ByteBuffer, rest: @escaping @Sendable () throws -> [UInt8]?) -> ResponseBody {
    let pool = context.pool
    return ResponseBody { writer in
      try await writer.write(start)
      while let piece = try await pool.goOn(rest) {
        var bytes = ByteBuffer(bytes: piece)
        while let part = bytes.readSlice(length: min(Self.largestPiece, bytes.readableBytes)), part.readableBytes > 0 {
          try await writer.write(part)
        }
      }
      try await writer.finish(nil)
    }
  }

  // MARK: What is asked for

  /// The path below the prefix and the query, both still encoded.
  private func target(of request: Request) throws(Problem) -> (path: String, query: String?) {
    let address = request.head.path ?? "/"
    let mark = address.firstIndex(of: "?")
    var path = String(address[..<(mark ?? address.endIndex)])
    let query = mark.map { String(address[address.index(after: $0)...]) }
    if !prefix.isEmpty {
      guard path == prefix || path.hasPrefix("\(prefix)/") else {
        throw .notFound("This server answers below \(prefix)/ only.")
      }
      path = String(path.dropFirst(prefix.count))
    }
    return (path.isEmpty ? "/" : path, query)
  }

  private func isAPI(_ path: String) -> Bool { path == "/api" || path.hasPrefix("/api/") }

  private func route(for request: Request, _ path: String) throws(Problem) -> Route {
    guard path.hasPrefix("\(Self.apiPrefix)/") else {
      throw .notFound("There is nothing at this address. The API begins at \(prefix)\(Self.apiPrefix)/.")
    }
    return try routes.route(request.method, String(path.dropFirst(Self.apiPrefix.count)))
  }

  private func answer(to request: Request, _ connection: BasicConnectionContext) async throws -> Answer {
    if let login = try logIn(request) { return login }
    try gatekeeper.check(request.head)
    let (path, query) = try target(of: request)
    if request.method == .options {
      let allowed = isAPI(path) ? routes.allowed(String(path.dropFirst(Self.apiPrefix.count))) : "GET, HEAD, OPTIONS"
      var answer = Answer(status: .noContent)
      answer.headers[.allow] = allowed
      return answer
    }
    guard isAPI(path) else { return try page(at: path, request) }
    let route = try route(for: request, path)
    guard case .blocking(let work) = route.work else { return Answer(contentType: route.contentTypes.first) }
    let etag = route.followsRevision ? "\"\(context.instance)-\(try await revision())\"" : nil
    if let etag, request.headers[values: .ifNoneMatch].contains(etag) { return notModified(etag) }
    let call = APIRequest(
      parameters: try QueryParameters(query: query, declared: route.parameters), body: try await body(of: request),
      lastEventID: nil, connection: try await ConnectionHandler.state(of: connection.channel))
    var answer = try await context.pool.run(for: call.connection) { try work(call) }
    if let etag, answer.status == .ok {
      answer.headers[.eTag] = etag
      answer.headers[.cacheControl] = "no-cache"
    }
    return answer
  }

  private func revision() async throws -> Int64 {
    let catalog = context.catalog
    return try await context.pool.run { try catalog.revision() }
  }

  private func notModified(_ etag: String) -> Answer {
    var answer = Answer(status: .notModified)
    answer.headers[.eTag] = etag
    answer.headers[.cacheControl] = "no-cache"
    return answer
  }

  /// The body of a changing call. Browsers send a body of this type to another origin only after asking it, which this
  /// server never allows.
  private func body(of request: Request) async throws -> ByteBuffer {
    guard request.method != .get, request.method != .head else { return ByteBuffer() }
    let type = request.headers[.contentType] ?? ""
    guard type.prefix(while: { $0 != ";" }).lowercased().filter({ $0 != " " }) == "application/json" else {
      throw Problem(.unsupportedMediaType, "Send the body as application/json.")
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.largestBody {
      throw tooLarge
    }
    do { return try await request.body.collect(upTo: Self.largestBody) } catch is NIOTooManyBytesError {
      throw tooLarge
    }
  }

  private var tooLarge: Problem {
    .tooLarge("The body is larger than \(Self.largestBody) bytes. Ask for less at a time.")
  }

  // MARK: Pages

  private func page(at path: String, _ request: Request) throws -> Answer {
    guard request.method == .get || request.method == .head else {
      throw Problem(
        .methodNotAllowed, "Pages are read with GET.", headers: [.allow: "GET, HEAD, OPTIONS"])
    }
    guard let decoded = path.removingPercentEscapes, !decoded.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }),
      !decoded.split(whereSeparator: { $0 == "/" || $0 == "\\" }).contains("..")
    else { throw Problem.badRequest("The path leads outside the pages.") }
    guard let file = try pages().file(at: path) else {
      throw Problem.notFound("There is no page at this address. Start at \(prefix)/.")
    }
    if request.headers[values: .ifNoneMatch].contains(file.etag) { return notModified(file.etag) }
    var answer = Answer.bytes(file.bytes, contentType: file.contentType)
    answer.headers[.eTag] = file.etag
    answer.headers[.cacheControl] = "no-cache"
    return answer
  }

  /// Where a page is opened with `?token=…`: the cookie and the address without the token.
  private func logIn(_ request: Request) throws(Problem) -> Answer? {
    guard let token = gatekeeper.token, request.method == .get, let address = request.head.path,
      let mark = address.firstIndex(of: "?"), address[mark...].contains("token=")
    else { return nil }
    var open = gatekeeper
    open.token = nil
    try open.check(request.head)
    let (path, query) = try target(of: request)
    guard !isAPI(path) else { return nil }
    let pairs = (query ?? "").split(separator: "&")
    let given = pairs.filter { $0.hasPrefix("token=") }.map { $0.dropFirst(6) }
    guard given.count == 1, token.matches(String(given[0])) else {
      throw Problem(
        .unauthorized, "The token in this address is not the server's.", headers: [.wwwAuthenticate: "Bearer"])
    }
    let rest = pairs.filter { !$0.hasPrefix("token=") }.joined(separator: "&")
    // A path that begins with two slashes would be the address of another host.
    let plain = "/" + path.drop { $0 == "/" || $0 == "\\" }
    var answer = Answer(status: .seeOther)
    answer.headers[.location] = prefix + plain + (rest.isEmpty ? "" : "?\(rest)")
    answer.headers[.setCookie] = token.cookie(path: prefix.isEmpty ? "/" : prefix)
    return answer
  }

  // MARK: Streams

  /// The response of a stream of events; nil where the request is for something else.
  private func events(for request: Request, _ connection: BasicConnectionContext) async throws -> Response? {
    guard request.method == .get, let (path, query) = try? target(of: request),
      case .events(let open)? = (try? route(for: request, path))?.work
    else { return nil }
    try gatekeeper.check(request.head)
    let route = try route(for: request, path)
    let state = try await ConnectionHandler.state(of: connection.channel)
    let stream = try await open(
      APIRequest(
        parameters: try QueryParameters(query: query, declared: route.parameters), body: ByteBuffer(),
        lastEventID: request.headers[HTTPField.Name("Last-Event-ID")!], connection: state))
    let body = ResponseBody { writer in
      let forget = state.onClose(stream.end)
      defer { forget() }
      // The streams of a server that stops end by themselves, so that it need not cut them off.
      try await withGracefulShutdownHandler {
        try await stream.body { text in try await writer.write(ByteBuffer(string: text)) }
      } onGracefulShutdown: {
        stream.end()
      }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok, headers: [.contentType: ContentType.events, .cacheControl: "no-store", .xAccelBuffering: "no"],
      body: body)
  }
}

extension HTTPField.Name {
  /// Tells proxies of the nginx family to pass a stream on as it comes.
  static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
}

extension String {
  /// Percent-decoded text; nil where an escape is broken or the bytes are not UTF-8. A `+` stays one.
  var removingPercentEscapes: String? { QueryParameters.decode(utf8.flatMap { $0 == 0x2B ? Array("%2B".utf8) : [$0] }) }
}

/// What is known of the connection a request came by.
struct BasicConnectionContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}
