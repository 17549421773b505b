import Catalog
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals
import WebPages

/// Serves a catalogue and the pages over HTTP, until it is told to stop.
public struct TrainscopeServer: Sendable {
  /// Where a server listens.
  public struct Address: Sendable, Equatable {
    public var host: String
    public var port: Int
    public var pathPrefix: String

    /// What to open in a browser of this machine.
    public var url: String {
      let name = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "[::1]" : host.contains(":") ? "[\(host)]" : host
      return "http://\(name):\(port)\(pathPrefix)/"
    }

    /// What to open on another machine, where this one listens on all of its addresses.
    public var urlElsewhere: String? {
      guard HostPolicy.isAnyAddress(host), let name = HostPolicy.machineName else { return nil }
      return "http://\(name):\(port)\(pathPrefix)/"
    }
  }

  private let options: ServerOptions
  let context: ServerContext
  private let watcher: CatalogWatcher?
  private let pages: @Sendable () throws -> StaticPages

  /// How long requests that are being answered may take when the server stops.
  static let gracePeriod: Duration = .seconds(3)
  private static let idleTimeout: TimeAmount = .seconds(60)
  private static let stallTimeout: TimeAmount = .seconds(60)
  private static let mostConnections = 1024

  /// - Parameters:
  ///   - catalog: what is served.
  ///   - watcher: tells what changes; started and stopped with the server. Without one, nothing new is seen.
  ///   - options: how to serve.
  /// - Throws: ``ServerError`` for options that cannot be; errors of reading the pages and the catalogue.
  public init(catalog: Catalog, watcher: CatalogWatcher?, options: ServerOptions) throws {
    var options = options
    while options.pathPrefix.hasSuffix("/") { options.pathPrefix.removeLast() }
    guard Self.isUsablePrefix(options.pathPrefix) else { throw ServerError.unusablePrefix(options.pathPrefix) }
    if let token = options.token, !AccessToken.isUsable(token) { throw ServerError.unusableToken }
    // Nobody but this machine may read without a secret.
    if options.token == nil, !HostPolicy.isLoopback(options.host) { options.token = AccessToken.random() }
    self.options = options
    self.watcher = watcher
    context = ServerContext(
      catalog: catalog, feed: ChangeFeed(revision: try catalog.revision()),
      pool: WorkPool(threads: max(4, ProcessInfo.processInfo.activeProcessorCount)), version: options.version,
      isReadOnly: options.isReadOnly, messages: { catalog.messages + (watcher?.problem.map { [$0] } ?? []) })
    let prefix = options.pathPrefix
    if let folder = options.pagesFolder {
      _ = try StaticPages(folder: folder, prefix: prefix)
      pages = { try StaticPages(folder: folder, prefix: prefix) }
    } else {
      let loaded = try StaticPages(folder: WebPages.folder, prefix: prefix)
      pages = { loaded }
    }
  }

  /// The secret requests must show, given or made; nil where none is needed.
  public var token: String? { options.token }

  /// Serves until the task is cancelled or one of `signals` comes, then lets what is being answered end.
  ///
  /// - Parameters:
  ///   - signals: which signals stop the server.
  ///   - started: called once, when requests are answered.
  /// - Throws: ``ServerError`` where the address cannot be had.
  public func run(
    stoppingOn signals: [UnixSignal] = [.sigterm, .sigint], started: @escaping @Sendable (Address) async -> Void
  ) async throws {
    var port = options.port
    for attempt in 0... {
      do { return try await run(port: port, signals: signals, started: started) } catch let error as IOError {
        guard error.errnoCode == EADDRINUSE else {
          throw ServerError.cannotListen(
            host: options.host, port: port, reason: String(cString: strerror(error.errnoCode)))
        }
        guard !options.requiresPort, port != 0 else {
          throw ServerError.portTaken(host: options.host, port: options.port)
        }
        port = attempt < 20 && port < 65_535 ? port + 1 : 0
      } catch let error as SocketAddressError {
        throw ServerError.cannotListen(host: options.host, port: port, reason: "\(error)")
      } catch is SocketAddressError.UnknownHost {
        throw ServerError.cannotListen(host: options.host, port: port, reason: "this name has no address")
      }
    }
  }

  private func run(
    port: Int, signals: [UnixSignal], started: @escaping @Sendable (Address) async -> Void
  ) async throws {
    // Every failure is thrown or answered; a log would only repeat it.
    var logger = Logger(label: "trainscope.server")
    logger.logLevel = .critical
    let responder = LateResponder()
    let configuration = ApplicationConfiguration(
      address: .hostname(options.host, port: port), backlog: 256,
      availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections))
    let http = HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        ConnectionHandler(largestBody: Responder.largestBody, stallTimeout: Self.stallTimeout)
      ],
      idleTimeout: Self.idleTimeout,
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: 32_768, maxHeaderListSize: 65_536, maxHeaderFieldCount: 128))
    let application = Application(
      responder: responder, server: .http1(configuration: http), configuration: configuration,
      onServerRunning: { [self] channel in
        let port = channel.localAddress?.port ?? port
        responder.set(makeResponder(port: port))
        await started(Address(host: options.host, port: port, pathPrefix: options.pathPrefix))
      }, logger: logger)
    var group = ServiceGroupConfiguration(
      services: [.init(service: application), .init(service: Heart(feed: context.feed, watcher: watcher))],
      gracefulShutdownSignals: signals, logger: logger)
    group.maximumGracefulShutdownDuration = Self.gracePeriod
    group.maximumCancellationDuration = Self.gracePeriod
    try await ServiceGroup(configuration: group).run()
  }

  /// - Parameter port: the one listened on; names the cookie.
  func makeResponder(port: Int) -> Responder {
    Responder(
      context: context,
      gatekeeper: Gatekeeper(
        hosts: HostPolicy(bound: options.host, allowed: options.allowedHosts),
        token: options.token.map { AccessToken($0, port: port) }),
      routes: RouteTable.all(context: context), pages: pages, prefix: options.pathPrefix)
  }

  private static func isUsablePrefix(_ prefix: String) -> Bool {
    if prefix.isEmpty { return true }
    guard prefix.hasPrefix("/"), !prefix.contains("//"), !prefix.split(separator: "/").contains("..") else {
      return false
    }
    return prefix.utf8.allSatisfy { byte in
      (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39) || "/-_.~".utf8.contains(byte)
    }
  }
}

/// Passes on what the watcher tells, lets streams beat while nothing changes, and ends them when the server stops. It is
/// stopped before the HTTP service, which would wait for the streams.
private struct Heart: Service {
  let feed: ChangeFeed
  let watcher: CatalogWatcher?

  func run() async throws {
    // Ends by cancellation, which is how it should end.
    try? await cancelWhenGracefulShutdown {
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask {
          while true {
            try await Task.sleep(for: .seconds(5))
            feed.beat()
          }
        }
        if let watcher {
          group.addTask {
            let events = watcher.events()
            try watcher.start()
            for await event in events {
              switch event {
              case .change(let change): feed.publish(revision: change.revision)
              case .loading(let progress): feed.publish(loading: progress)
              }
            }
          }
        }
      }
    }
    watcher?.stop()
    feed.close()
  }
}

/// The responder of a server whose port is known only once it listens.
private final class LateResponder: HTTPResponder, Sendable {
  typealias Context = BasicConnectionContext
  private let responder = NIOLockedValueBox<Responder?>(nil)

  func set(_ responder: Responder) { self.responder.withLockedValue { $0 = responder } }

  func respond(to request: Request, context: BasicConnectionContext) async throws -> Response {
    guard let responder = responder.withLockedValue({ $0 }) else {
      return Response(status: .serviceUnavailable, headers: [.retryAfter: "1"])
    }
    return try await responder.respond(to: request, context: context)
  }
}
