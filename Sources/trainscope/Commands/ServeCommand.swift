import ArgumentParser
import Catalog
import Foundation
import Server

/// `trainscope serve`: the pages and the HTTP API for a folder of runs.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Show a folder of runs in the browser.",
    discussion: """
      Reads the event files and checkpoints below ROOT, keeps watching them, and serves pages at an address that is \
      printed. Only this machine can reach it unless --host says otherwise; then a token is needed.
      """)

  @Argument(help: "The folder that holds the runs.")
  var root: String

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; where it is taken, the next one that is free. 0: any that is free.")
  var port = 6006

  @Flag(name: .customLong("exact-port"), help: "Fail where the port is taken.")
  var exactPort = false

  @Option(help: "The catalogue's database file.")
  var catalog: String?

  @Flag(name: .customLong("read-only"), help: "Write nothing, not even the catalogue, which must exist.")
  var readOnly = false

  @Option(
    help: "A secret of 16 characters or more that every request must show. Off loopback one is made if none is given.")
  var token: String?

  @Option(name: .customLong("allowed-host"), help: "A further name this server answers to; may be repeated.")
  var allowedHosts: [String] = []

  @Option(name: .customLong("path-prefix"), help: "What comes before every path, such as /trainscope, behind a proxy.")
  var pathPrefix = ""

  @Flag(help: "Open the page in the browser.")
  var open = false

  @Option(help: .init("A folder of pages to serve, read anew for every request.", visibility: .hidden))
  var web: String?

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("A port is a number from 0 to 65535.") }
  }

  func run() async throws {
    let server: TrainscopeServer
    do {
      let catalog = try Catalog.open(root: root, at: catalog, readOnly: readOnly)
      for message in catalog.messages { Self.tell(message) }
      server = try TrainscopeServer(
        catalog: catalog, watcher: CatalogWatcher(catalog),
        options: ServerOptions(
          host: host, port: port, requiresPort: exactPort, token: token, allowedHosts: allowedHosts,
          pathPrefix: pathPrefix, isReadOnly: readOnly,
          pagesFolder: web.map { URL(fileURLWithPath: $0, isDirectory: true) }, version: Version.number))
      try await server.run { address in announce(address, of: server) }
    } catch let error as ExitCode {
      throw error
    } catch {
      Self.tell("\(error)")
      throw ExitCode.failure
    }
  }

  /// Says where the server answers.
  private func announce(_ address: TrainscopeServer.Address, of server: TrainscopeServer) {
    if port != 0, address.port != port {
      Self.tell("Port \(port) is in use by another program; port \(address.port) is used instead.")
    }
    let query = server.token.map { "?token=\($0)" } ?? ""
    Self.write("Serving \(root) at \(address.url)\(query)\n", to: .standardOutput)
    if let elsewhere = address.urlElsewhere { Self.tell("From other machines: \(elsewhere)\(query)") }
    if server.token != nil {
      Self.tell("Whoever has this address can read what is served. Ctrl-C stops the server.")
    } else {
      Self.tell("Ctrl-C stops the server.")
    }
    if open { Self.openBrowser(address.url + query) }
  }

  private static func openBrowser(_ address: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["xdg-open", address]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { tell("No browser could be opened: \(error.localizedDescription)") }
  }

  private static func tell(_ message: String) { write("\(message)\n", to: .standardError) }

  /// A message that cannot be written must not end the server.
  private static func write(_ text: String, to file: FileHandle) { try? file.write(contentsOf: Data(text.utf8)) }
}
