import Foundation

/// How to serve.
public struct ServerOptions: Sendable {
  /// The address or name to listen on.
  public var host: String
  /// The port to listen on; 0 takes any that is free.
  public var port: Int
  /// What to do where the port is taken: fail, or take the next one that is free.
  public var requiresPort: Bool
  /// What every request must show; nil asks for nothing, which is allowed on loopback addresses only.
  public var token: String?
  /// Names this server answers to besides its own.
  public var allowedHosts: [String]
  /// What comes before every path, such as `/trainscope`, where a proxy passes on part of a site.
  public var pathPrefix: String
  /// Whether the page offers nothing that writes.
  public var isReadOnly: Bool
  /// Another folder of pages, read anew for every request: for those who work on the pages.
  public var pagesFolder: URL?
  /// The version to report.
  public var version: String

  public init(
    host: String = "127.0.0.1", port: Int = 6006, requiresPort: Bool = false, token: String? = nil,
    allowedHosts: [String] = [], pathPrefix: String = "", isReadOnly: Bool = false, pagesFolder: URL? = nil,
    version: String
  ) {
    self.host = host
    self.port = port
    self.requiresPort = requiresPort
    self.token = token
    self.allowedHosts = allowedHosts
    self.pathPrefix = pathPrefix
    self.isReadOnly = isReadOnly
    self.pagesFolder = pagesFolder
    self.version = version
  }
}

/// Why a server cannot start. Every message says what a person can do.
public enum ServerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The port belongs to another program. Choose another one.
  case portTaken(host: String, port: Int)
  /// The address cannot be listened on. Choose another one.
  case cannotListen(host: String, port: Int, reason: String)
  /// The token is too short or has characters that a header cannot hold.
  case unusableToken
  /// The prefix is not of the form `/name` or `/name/name`.
  case unusablePrefix(String)

  public var description: String {
    switch self {
    case .portTaken(let host, let port):
      "Port \(port) of \(host) is in use by another program. Choose another with --port, or leave --port out to take a free one."
    case .cannotListen(let host, let port, let reason):
      "Cannot listen on \(host), port \(port): \(reason). Choose another address with --host or --port."
    case .unusableToken:
      "A token is 16 to 512 letters, digits or the characters - _ . ~. Off loopback, one is made where --token is left out."
    case .unusablePrefix(let prefix):
      "“\(prefix)” is no path prefix. Give one like /trainscope, of letters, digits and the characters - _ . ~ /."
    }
  }
}
