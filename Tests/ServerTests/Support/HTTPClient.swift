import NIOCore
import NIOPosix

/// A response as it came: nothing decoded but the chunks of its body.
struct TestResponse: Sendable {
  var status: Int
  /// In the order they came; names in lower case.
  var headers: [(name: String, value: String)]
  var body: [UInt8]

  subscript(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }
  var text: String { String(decoding: body, as: UTF8.self) }
}

enum TestClientError: Error {
  /// The connection ended before the response did.
  case closed
  case malformed(String)
}

/// A small HTTP client for tests: sends exactly the bytes it is given, which tests of malformed requests need.
struct TestClient: Sendable {
  let port: Int

  /// Sends a request on a connection of its own and reads the whole response.
  func send(
    _ method: String = "GET", _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil
  ) async throws -> TestResponse {
    var head = "\(method) \(target) HTTP/1.1\r\n"
    if !headers.contains(where: { $0.0.lowercased() == "host" }) { head += "Host: 127.0.0.1:\(port)\r\n" }
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Length: \(body.count)\r\n" }
    head += "Connection: close\r\n\r\n"
    return try await raw(Array(head.utf8) + (body ?? []), isHead: method == "HEAD")
  }

  func get(_ target: String, headers: [(String, String)] = []) async throws -> TestResponse {
    try await send("GET", target, headers: headers)
  }

  /// Sends a JSON body from the same origin.
  func post(_ target: String, json: String, headers: [(String, String)] = []) async throws -> TestResponse {
    try await send(
      "POST", target, headers: [("Content-Type", "application/json")] + headers, body: Array(json.utf8))
  }

  /// Sends bytes as they are and reads one response.
  func raw(_ request: [UInt8], isHead: Bool = false) async throws -> TestResponse {
    try await connect { connection in
      // The server may answer and close before it has read everything.
      try? await connection.send(request)
      return try await connection.response(isHead: isHead)
    }
  }

  /// Opens a connection for as long as `body` runs.
  func connect<Value: Sendable>(
    _ body: @Sendable (inout Connection) async throws -> Value
  ) async throws -> Value {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var connection = Connection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
      return try await body(&connection)
    }
  }

  struct Connection {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// Bytes read and not used yet.
    var pending: [UInt8] = []

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Waits for more bytes; false at the end of the connection.
    mutating func more() async throws -> Bool {
      guard let buffer = try await inbound.next() else { return false }
      pending.append(contentsOf: buffer.readableBytesView)
      return true
    }

    /// Reads until `mark` came and returns what is before it.
    mutating func read(until mark: String) async throws -> String {
      let mark = Array(mark.utf8)
      var searched = 0
      while true {
        if let range = pending[max(0, searched - mark.count)...].firstRange(of: mark) {
          defer { pending.removeSubrange(..<range.upperBound) }
          return String(decoding: pending[..<range.lowerBound], as: UTF8.self)
        }
        searched = pending.count
        guard try await more() else { throw TestClientError.closed }
      }
    }

    /// Reads a number of bytes.
    mutating func read(count: Int) async throws -> [UInt8] {
      while pending.count < count { guard try await more() else { throw TestClientError.closed } }
      defer { pending.removeSubrange(..<count) }
      return Array(pending[..<count])
    }

    /// Reads status and headers.
    mutating func head() async throws -> TestResponse {
      let lines = try await read(until: "\r\n\r\n").components(separatedByText: "\r\n")
      let parts = lines[0].split(separator: " ", maxSplits: 2)
      guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
        throw TestClientError.malformed(lines[0])
      }
      let headers = try lines.dropFirst().map { line -> (name: String, value: String) in
        guard let colon = line.firstIndex(of: ":") else { throw TestClientError.malformed(line) }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        return (line[..<colon].lowercased(), String(value))
      }
      return TestResponse(status: status, headers: headers, body: [])
    }

    /// Reads one chunk of a body in chunks; empty at its end.
    mutating func chunk() async throws -> [UInt8] {
      let size = try await read(until: "\r\n")
      guard let count = Int(size, radix: 16) else { throw TestClientError.malformed(size) }
      let bytes = try await read(count: count)
      _ = try await read(until: "\r\n")
      return bytes
    }

    /// Reads a whole response.
    mutating func response(isHead: Bool = false) async throws -> TestResponse {
      var response = try await head()
      guard !isHead, response.status != 204, response.status != 304 else { return response }
      if response["transfer-encoding"] == "chunked" {
        while case let chunk = try await chunk(), !chunk.isEmpty { response.body += chunk }
      } else if let length = response["content-length"].flatMap({ Int($0) }) {
        response.body = try await read(count: length)
      } else {
        while try await more() {}
        response.body = pending
      }
      return response
    }

    /// Reads chunks until they hold a whole server-sent event, and returns its lines. Comments count as events.
    mutating func event(_ text: inout String) async throws -> [String] {
      while true {
        if let range = text.firstRange(of: "\n\n") {
          defer { text.removeSubrange(..<range.upperBound) }
          return text[..<range.lowerBound].split(separator: "\n").map(String.init)
        }
        let chunk = try await chunk()
        guard !chunk.isEmpty else { throw TestClientError.closed }
        text += String(decoding: chunk, as: UTF8.self)
      }
    }
  }
}

extension String {
  fileprivate func components(separatedByText separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
