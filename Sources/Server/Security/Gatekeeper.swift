import HTTPTypes

/// Decides whether a request may be answered at all, before anything looks at what it asks for.
struct Gatekeeper: Sendable {
  var hosts: HostPolicy
  /// The secret every request must show; nil on a loopback address without one.
  var token: AccessToken?

  static let longestAddress = 16_384

  /// - Throws: the ``Problem`` to answer with.
  func check(_ request: HTTPRequest) throws(Problem) {
    try checkForm(request)
    guard let host = request.authority, !host.isEmpty else {
      throw .badRequest("The request has no Host header.")
    }
    // The first Host header becomes the authority; a second one stays among the fields.
    guard request.headerFields[values: .host].isEmpty else {
      throw .badRequest("The request has more than one Host header.")
    }
    guard hosts.allows(host) else {
      throw .forbidden(
        "This server does not answer to the name “\(host.prefix(100))”. Start it with --allowed-host NAME to allow a name."
      )
    }
    try checkOrigin(request, host: host)
    if let token, !token.isShown(in: request.headerFields) {
      throw Problem(
        .unauthorized,
        "A token is needed: open the address that `trainscope serve` printed, or send it as Authorization: Bearer TOKEN.",
        headers: [.wwwAuthenticate: "Bearer"])
    }
  }

  private func checkForm(_ request: HTTPRequest) throws(Problem) {
    let path = request.path ?? ""
    guard path.utf8.count <= Self.longestAddress else {
      throw Problem(.uriTooLong, "The address is longer than \(Self.longestAddress) bytes.")
    }
    guard path.hasPrefix("/") || request.method == .options && path == "*" else {
      throw .badRequest("The request names no path of this server.")
    }
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .badRequest("The address holds bytes that must be percent-encoded.")
    }
  }

  /// Browsers say where a request comes from. Another site may lead people here by a link, and nothing else.
  private func checkOrigin(_ request: HTTPRequest, host: String) throws(Problem) {
    let headers = request.headerFields
    for origin in headers[values: .origin] where !HostPolicy.isSame(origin: origin, host: host) {
      throw .forbidden("Requests from pages of “\(origin.prefix(100))” are not answered.")
    }
    if let site = headers[Self.fetchSite], site != "same-origin", site != "none" {
      let isLink =
        request.method == .get && headers[Self.fetchMode] == "navigate" && headers[Self.fetchDest] == "document"
      guard isLink else { throw .forbidden("Requests from pages of other sites are not answered.") }
    }
  }

  private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
  private static let fetchMode = HTTPField.Name("Sec-Fetch-Mode")!
  private static let fetchDest = HTTPField.Name("Sec-Fetch-Dest")!
}

extension HTTPField.Name {
  static let host = HTTPField.Name("Host")!
}
