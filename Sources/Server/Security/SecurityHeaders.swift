import HTTPTypes

/// The headers that every answer carries, whatever it is and whoever made it.
enum SecurityHeaders {
  /// Nothing may be loaded but the server's own scripts, styles, images and data; no inline code, no frames, no forms.
  static let contentSecurityPolicy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  static let fields: [(name: HTTPField.Name, value: String)] = [
    (.contentSecurityPolicy, contentSecurityPolicy),
    (.xContentTypeOptions, "nosniff"),
    (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
    (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
    (HTTPField.Name("Cross-Origin-Opener-Policy")!, "same-origin"),
  ]

  static func add(to headers: inout HTTPFields) {
    for (name, value) in fields { headers[name] = value }
  }
}
