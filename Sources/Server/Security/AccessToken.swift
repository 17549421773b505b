import HTTPTypes

/// The secret that a client off this machine must show.
///
/// It comes in `Authorization: Bearer TOKEN`, or in a cookie that opening `/?token=TOKEN` once sets (HttpOnly, same site
/// only) before it sends the browser on to the address without the token, so that it stays in no history.
struct AccessToken: Sendable {
  private let secret: [UInt8]
  /// Cookies do not tell ports apart, so that the name must.
  private let cookieName: String

  init(_ secret: String, port: Int) {
    self.secret = Array(secret.utf8)
    cookieName = "trainscope-\(port)"
  }

  /// Whether a request shows the token.
  func isShown(in headers: HTTPFields) -> Bool {
    for authorization in headers[values: .authorization] {
      let parts = authorization.split(separator: " ", maxSplits: 1)
      if parts.count == 2, parts[0].lowercased() == "bearer", matches(String(parts[1])) { return true }
    }
    for cookies in headers[values: .cookie] {
      for cookie in cookies.split(separator: ";") {
        let parts = cookie.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
        if parts.count == 2, parts[0] == cookieName, matches(String(parts[1])) { return true }
      }
    }
    return false
  }

  /// Compares in a time that depends on the lengths only.
  func matches(_ text: String) -> Bool {
    let other = Array(text.utf8)
    guard !secret.isEmpty else { return false }
    var difference = UInt64(other.count ^ secret.count)
    for (index, byte) in other.enumerated() { difference |= UInt64(byte ^ secret[index % secret.count]) }
    return difference == 0
  }

  /// The cookie that stands for the token from now on.
  func cookie(path: String) -> String {
    "\(cookieName)=\(String(decoding: secret, as: UTF8.self)); Path=\(path); Max-Age=2592000; HttpOnly; SameSite=Strict"
  }

  /// A new token of 256 random bits, in letters and digits that need no escape anywhere.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef")
    return String((0..<64).map { _ in digits[Int(generator.next(upperBound: UInt(16)))] })
  }

  /// Whether `text` can be a token: 16 characters or more that need no escape in a header, cookie or address.
  static func isUsable(_ text: String) -> Bool {
    text.utf8.count >= 16 && text.utf8.count <= 512
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
          UInt8(ascii: "~"):
          true
        default: false
        }
      }
  }
}
