import Glibc
import HTTPTypes

/// Which names a request may call this server by.
///
/// A page of another site can make its own name point at 127.0.0.1 and then read what a local server answers (DNS
/// rebinding). Its requests still carry its own name, so a server that answers to its known names only is safe.
struct HostPolicy: Sendable, Equatable {
  private var names: Set<String>
  /// A server bound to all addresses of a machine answers to any numeric address, which cannot be rebound, and to the
  /// machine's own name, which is no other site's.
  private var allowsAnyAddress: Bool

  /// - Parameters:
  ///   - bound: the address or name the server listens on.
  ///   - allowed: further names, without port.
  init(bound: String, allowed: [String]) {
    names = ["localhost", "127.0.0.1", "::1"]
    names.formUnion(([bound] + allowed).map { Self.bare($0.lowercased()) })
    allowsAnyAddress = Self.isAnyAddress(bound)
    if allowsAnyAddress, let name = Self.machineName { names.insert(name.lowercased()) }
  }

  /// Whether `host`, the value of the `Host` header, is one of ours. The port does not matter: proxies change it.
  func allows(_ host: String) -> Bool {
    guard let name = Self.name(ofHost: host) else { return false }
    return names.contains(name) || allowsAnyAddress && Self.isAddress(name)
  }

  /// Whether an `Origin` header names the server that `host` names.
  static func isSame(origin: String, host: String) -> Bool {
    for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
      return origin.dropFirst(scheme.count).lowercased() == host.lowercased()
    }
    return false
  }

  /// The lower-case name in `name:port`, `[address]:port`, `name` or `[address]`; nil where it is none of these.
  static func name(ofHost host: String) -> String? {
    let host = host.lowercased()
    let name: Substring
    let rest: Substring
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return nil }
      name = host[host.index(after: host.startIndex)..<end]
      rest = host[host.index(after: end)...]
      guard name.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
    } else {
      let end = host.firstIndex(of: ":") ?? host.endIndex
      name = host[..<end]
      rest = host[end...]
      guard name.utf8.allSatisfy({ isNameByte($0) }) else { return nil }
    }
    guard !name.isEmpty, name.count <= 253 else { return nil }
    if !rest.isEmpty {
      guard rest.first == ":", rest.count > 1, UInt16(rest.dropFirst()) != nil else { return nil }
    }
    return String(name)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isAddress(_ name: String) -> Bool {
    if name.contains(":") { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Whether an address to listen on stands for all addresses of the machine.
  static func isAnyAddress(_ host: String) -> Bool { host == "0.0.0.0" || bare(host) == "::" }

  /// What the machine calls itself.
  static var machineName: String? {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
    let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return name.isEmpty ? nil : name
  }

  private static func bare(_ host: String) -> String {
    host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
  }

  /// Whether an address to listen on can be reached from this machine only.
  static func isLoopback(_ host: String) -> Bool {
    let host = bare(host.lowercased())
    return host == "localhost" || host == "::1" || host.hasPrefix("127.") && isAddress(host)
  }
}
