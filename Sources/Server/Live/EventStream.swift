import NIOCore

/// Server-sent events for one client: `body` writes them until the client has gone, the server stops, or it returns.
struct EventStream: Sendable {
  var body: @Sendable (_ send: (String) async throws -> Void) async throws -> Void
  /// Called when the client has gone or the server stops; makes `body` return.
  var end: @Sendable () -> Void

  /// One event as the HTML standard writes it. `data` holds no line breaks.
  static func event(_ name: String, id: Int64? = nil, data: String) -> String {
    (id.map { "id: \($0)\n" } ?? "") + "event: \(name)\ndata: \(data)\n\n"
  }

  /// A comment, which says only that the stream lives.
  static func comment(_ text: String) -> String { ": \(text)\n\n" }
}
