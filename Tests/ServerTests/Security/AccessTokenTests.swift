import HTTPTypes
import Testing

@testable import Server

@Suite struct AccessTokenTests {
  private let secret = "0123456789abcdef0123456789ABCDEF"

  private func isShown(_ name: HTTPField.Name, _ value: String) -> Bool {
    AccessToken(secret, port: 6006).isShown(in: [name: value])
  }

  @Test func bearerTokensAndCookiesAreTaken() {
    #expect(isShown(.authorization, "Bearer \(secret)"))
    #expect(isShown(.authorization, "bearer \(secret)"))
    #expect(isShown(.cookie, "trainscope-6006=\(secret)"))
    #expect(isShown(.cookie, "other=1; trainscope-6006=\(secret); more=2"))
  }

  @Test(arguments: [
    "", "0123456789abcdef0123456789ABCDE", "0123456789abcdef0123456789ABCDEF0",
    "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789ABCDEG",
    "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789ABCDEF",
  ])
  func otherTokensAreNot(other: String) {
    #expect(!isShown(.authorization, "Bearer \(other)"))
    #expect(!isShown(.cookie, "trainscope-6006=\(other)"))
    #expect(!AccessToken(secret, port: 6006).matches(other))
  }

  @Test func tokensInOtherPlacesAreNot() {
    #expect(!isShown(.authorization, secret))
    #expect(!isShown(.authorization, "Basic \(secret)"))
    #expect(!isShown(.cookie, "trainscope-6007=\(secret)"))
    #expect(!isShown(.cookie, secret))
    #expect(!isShown(.referer, "http://localhost/?token=\(secret)"))
  }

  @Test func emptySecretOpensNothing() {
    #expect(!AccessToken("", port: 1).matches(""))
  }

  @Test func randomTokensAreUsableAndDiffer() {
    let tokens = (0..<50).map { _ in AccessToken.random() }
    #expect(Set(tokens).count == 50)
    #expect(tokens.allSatisfy { AccessToken.isUsable($0) && $0.count == 64 })
  }

  @Test(arguments: [
    "", "short", "with space in the token", "with;semicolon-in-it", "line\nbreak-in-the-token",
    "ünïcode-tökens-are-not",
  ])
  func unusableTokensAreRefused(token: String) {
    #expect(!AccessToken.isUsable(token))
  }
}
