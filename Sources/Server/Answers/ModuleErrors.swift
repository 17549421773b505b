import Catalog
import Events
import Graphs

/// Which HTTP status errors of other modules mean.
extension CatalogError: ProblemDescribing {
  var problem: Problem {
    switch self {
    case .unknownRun, .unknownTag, .unknownSeries, .unknownValue: Problem(.notFound, description)
    case .unreadableValue: Problem(.unprocessableContent, description)
    case .tooManyPoints, .tooManyMembers, .groupTooLarge: Problem(.contentTooLarge, description)
    case .windowTooWide: Problem(.badRequest, description)
    case .changedMeanwhile: Problem(.serviceUnavailable, description, headers: [.retryAfter: "1"])
    case .busy: Problem(.serviceUnavailable, description, headers: [.retryAfter: "1"])
    default: Problem(.internalServerError, description)
    }
  }
}

extension GraphError: ProblemDescribing {
  var problem: Problem {
    switch self {
    case .unknownNode, .unreadable: Problem(.notFound, description)
    case .damaged, .text, .notAGraph: Problem(.unprocessableContent, description)
    case .tooLarge: Problem(.contentTooLarge, description)
    }
  }
}

extension NameExpression.Problem: ProblemDescribing {
  var problem: Problem { Problem(.badRequest, description) }
}

extension EventError: ProblemDescribing {
  // The request is fine; what it asks for is damaged, or was replaced after it was listed.
  var problem: Problem { Problem(.unprocessableContent, description) }
}
