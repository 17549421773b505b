import Foundation
import HTTPTypes
import NIOCore

/// What a route answers: a status, headers and bytes. Security headers are added to every answer of a connection by
/// ``ConnectionHandler``, so that none can be forgotten.
struct Answer: Sendable {
  var status: HTTPResponse.Status = .ok
  var headers = HTTPFields()
  var body = ByteBuffer()
  /// What follows `body`, piece by piece; nil where the body is whole. Each piece is made when the client has taken the
  /// one before, off the event loop, one at a time.
  var rest: (@Sendable () throws -> [UInt8]?)?

  init(status: HTTPResponse.Status = .ok, contentType: String? = nil, body: ByteBuffer = ByteBuffer()) {
    self.status = status
    self.body = body
    headers[.contentType] = contentType
  }

  /// JSON written by hand: for large listings and where the order of members matters.
  static func json(capacity: Int = 1024, _ write: (inout JSONWriter) throws -> Void) rethrows -> Answer {
    var json = JSONWriter(capacity: capacity)
    try write(&json)
    return Answer(contentType: ContentType.json, body: ByteBuffer(bytes: json.bytes))
  }

  /// JSON of any encodable value. Non-finite numbers become strings, as everywhere.
  static func json(_ value: some Encodable) throws -> Answer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return Answer(contentType: ContentType.json, body: ByteBuffer(bytes: try encoder.encode(value)))
  }

  /// Bytes as they are.
  static func bytes(
    _ bytes: some Sequence<UInt8>, contentType: String = ContentType.binary, headers: HTTPFields = [:]
  ) -> Answer {
    var answer = Answer(contentType: contentType, body: ByteBuffer(bytes: bytes))
    answer.headers.append(contentsOf: headers)
    return answer
  }

  /// A body of any length, made piece by piece while the client reads. A short one is made at once; an error before the
  /// first 64 kB are made is answered as such, a later one ends the connection.
  ///
  /// - Parameter next: the next piece; nil behind the last.
  static func pieces(
    contentType: String, headers: HTTPFields = [:], _ next: @escaping @Sendable () throws -> [UInt8]?
  ) throws -> Answer {
    var answer = Answer(contentType: contentType)
    answer.headers.append(contentsOf: headers)
    while answer.body.readableBytes < 65_536 {
      guard let piece = try next() else { return answer }
      answer.body.writeBytes(piece)
    }
    answer.rest = next
    return answer
  }

  /// Headers that have the browser save an answer under a name.
  static func savedAs(_ fileName: String) -> HTTPFields {
    [.contentDisposition: "attachment; filename=\"\(plainFileName(fileName))\""]
  }

  /// A file for the browser to save under `fileName`; it is never shown in place.
  static func attachment(_ bytes: some Sequence<UInt8>, contentType: String, fileName: String) -> Answer {
    var answer = Answer.bytes(bytes, contentType: contentType)
    answer.headers.append(contentsOf: savedAs(fileName))
    return answer
  }

  /// A name without anything that means something to a shell, a file system or a header.
  private static func plainFileName(_ name: String) -> String {
    let plain = String(
      name.unicodeScalars.prefix(120).map { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789._-+=".unicodeScalars.contains(scalar))
          ? Character(scalar) : "_"
      })
    return plain.allSatisfy { $0 == "." } ? "download" : plain
  }
}

/// Content types the server sends.
enum ContentType {
  static let json = "application/json; charset=utf-8"
  static let problem = "application/problem+json; charset=utf-8"
  static let binary = "application/octet-stream"
  static let csv = "text/csv; charset=utf-8"
  static let html = "text/html; charset=utf-8"
  static let events = "text/event-stream; charset=utf-8"
  static let text = "text/plain; charset=utf-8"
}
