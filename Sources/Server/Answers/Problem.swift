import Catalog
import HTTPTypes
import NIOCore

/// An error as the API tells it (RFC 9457): a status, a title and a sentence a person can act on.
struct Problem: Error, Sendable, Equatable {
  var status: HTTPResponse.Status
  var detail: String
  /// Headers the answer needs, such as `Allow`.
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  static func badRequest(_ detail: String) -> Problem { Problem(.badRequest, detail) }
  static func notFound(_ detail: String) -> Problem { Problem(.notFound, detail) }
  static func forbidden(_ detail: String) -> Problem { Problem(.forbidden, detail) }
  static func tooLarge(_ detail: String) -> Problem { Problem(.contentTooLarge, detail) }

  /// The problem that tells of `error`. Errors of other modules describe themselves in sentences; their status is 500
  /// unless they say otherwise by conforming to ``ProblemDescribing``.
  init(describing error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let error as any ProblemDescribing: self = error.problem
    case is CancellationError:
      self.init(.serviceUnavailable, "The request was given up because the connection closed.")
    default: self.init(.internalServerError, "The request failed: \(error)")
    }
  }

  var answer: Answer {
    var answer = Answer.json {
      $0.object {
        $0.member("title", status.reasonPhrase)
        $0.member("status", status.code)
        $0.member("detail", detail)
      }
    }
    answer.status = status
    answer.headers.append(contentsOf: headers)
    answer.headers[.contentType] = ContentType.problem
    answer.headers[.cacheControl] = "no-store"
    return answer
  }
}

/// An error of another module that says which HTTP status it means.
protocol ProblemDescribing: Error {
  var problem: Problem { get }
}
