import Testing

@testable import Server

@Suite struct HostPolicyTests {
  @Test(arguments: [
    "localhost", "localhost:6006", "LocalHost:1", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:80",
    "train.example", "TRAIN.example:443",
  ])
  func ownNamesAreAllowed(host: String) {
    #expect(HostPolicy(bound: "127.0.0.1", allowed: ["train.example"]).allows(host))
  }

  @Test(arguments: [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:6006", "", ":6006", "localhost:",
    "localhost:x", "localhost:99999", "localhost:1:2", "127.0.0.2", "[::2]", "[::1", "[::1]x", "::1", "0.0.0.0",
    "localhost@evil.example", "evil.example/localhost", "localhost ", "localhost\t", "127.1", "2130706433",
    "0x7f.0.0.1", "локалхост", "train.example.", "notrain.example", "169.254.169.254",
  ])
  func otherNamesAreRefused(host: String) {
    #expect(!HostPolicy(bound: "127.0.0.1", allowed: ["train.example"]).allows(host))
  }

  @Test func serverOfAllAddressesAnswersToAnyAddressButToNoName() {
    for bound in ["0.0.0.0", "::", "[::]"] {
      let policy = HostPolicy(bound: bound, allowed: [])
      #expect(policy.allows("192.168.1.7:6006"))
      #expect(policy.allows("[fe80::1]:6006"))
      #expect(!policy.allows("evil.example"))
      #expect(!policy.allows("192.168.1.7.evil.example"))
      #expect(!policy.allows("192.168.1"))
      #expect(HostPolicy.machineName.map { policy.allows("\($0):6006") } != false)
    }
  }

  @Test func theBoundAddressIsAllowed() {
    #expect(HostPolicy(bound: "192.168.1.7", allowed: []).allows("192.168.1.7:6006"))
    #expect(!HostPolicy(bound: "192.168.1.7", allowed: []).allows("192.168.1.8:6006"))
    #expect(HostPolicy(bound: "[fd00::7]", allowed: []).allows("[fd00::7]:6006"))
  }

  @Test(arguments: [
    ("http://localhost:6006", true), ("https://localhost:6006", true), ("http://LOCALHOST:6006", true),
    ("http://localhost", false), ("http://localhost:6007", false), ("null", false), ("", false),
    ("http://evil.example", false), ("localhost:6006", false), ("file://localhost:6006", false),
    ("http://localhost:6006.evil.example", false), ("http://localhost:6006/", false),
  ])
  func originsAreTheSameOnlyInFull(origin: String, isSame: Bool) {
    #expect(HostPolicy.isSame(origin: origin, host: "localhost:6006") == isSame)
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.9.9.9", true), ("localhost", true), ("::1", true), ("[::1]", true),
    ("0.0.0.0", false), ("::", false), ("192.168.1.7", false), ("127.evil.example", false), ("example.org", false),
  ])
  func loopbackAddressesAreKnown(host: String, isLoopback: Bool) {
    #expect(HostPolicy.isLoopback(host) == isLoopback)
  }
}
