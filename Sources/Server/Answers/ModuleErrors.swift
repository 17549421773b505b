import Catalog
import Events

/// Which HTTP status errors of other modules mean.
extension CatalogError: ProblemDescribing {
  var problem: Problem {
    switch self {
    case .unknownRun, .unknownTag: Problem(.notFound, description)
    case .busy: Problem(.serviceUnavailable, description, headers: [.retryAfter: "1"])
    default: Problem(.internalServerError, description)
    }
  }
}
