import ArgumentParser
import Dispatch
import Foundation
import Graphs

/// `trainscope graph export SOURCE --to FORMAT`: the graph in another form.
struct GraphExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a graph as pb, pbtxt, json, dot, svg or png.",
    discussion: """
      pb, pbtxt and json hold the whole graph; dot, svg and png are pictures, in which the scopes given with --expand are \
      open. Without --expand, scopes are opened until the picture says enough. png needs rsvg-convert.
      """)

  @Argument(help: "An event file, a run folder, a .meta, .pb or .pbtxt file, or a SavedModel folder.")
  var source: String

  @Option(help: "pb, pbtxt, json, dot, svg or png.")
  var to: String

  @Option(name: .long, help: "Open this scope and those around it; may be given several times.")
  var expand: [String] = []

  @Flag(help: "Draw the flow from left to right instead of from top to bottom.")
  var leftToRight = false

  @Option(help: "The file to write; standard output without it.")
  var out: String?

  func validate() throws {
    guard to == "png" || GraphExportFormat(rawValue: to) != nil else {
      throw ValidationError("--to must be one of pb, pbtxt, json, dot, svg, png; \"\(to)\" is not.")
    }
  }

  func run() throws {
    let structure = GraphStructure(try GraphFiles.open(source))
    GraphFiles.report(structure.model.problems, source: source)
    let bytes = try structure.export(
      GraphExportFormat(rawValue: to) ?? .svg, open: openScopes(structure),
      direction: leftToRight ? .leftToRight : .topToBottom)
    try GraphFiles.write(to == "png" ? Rasterizer.png(svg: bytes) : bytes, to: out)
  }

  /// The scopes asked for and all around them, since a scope shows only in open surroundings.
  private func openScopes(_ structure: GraphStructure) throws -> OpenScopes {
    guard !expand.isEmpty else { return .automatic }
    var open: Set<String> = []
    for scope in expand {
      // Also says so if there is no such scope.
      _ = try structure.details(of: scope)
      var parts = scope.split(separator: "/", omittingEmptySubsequences: false)
      while !parts.isEmpty {
        open.insert(parts.joined(separator: "/"))
        parts.removeLast()
      }
    }
    return .these(open)
  }
}

/// Turns SVG into PNG with Debian's rsvg-convert.
enum Rasterizer {
  static func png(svg: [UInt8]) throws -> [UInt8] {
    let process = Process()
    let input = Pipe()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["rsvg-convert", "--format", "png", "--unlimited"]
    process.standardInput = input
    process.standardOutput = output
    do {
      try process.run()
    } catch {
      throw ValidationError("rsvg-convert could not be started (\(error)); export svg instead.")
    }
    // Written while the answer is read: either pipe may fill up.
    DispatchQueue(label: "svg writer").async {
      try? input.fileHandleForWriting.write(contentsOf: Data(svg))
      try? input.fileHandleForWriting.close()
    }
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0, !bytes.isEmpty else {
      throw ValidationError("png needs rsvg-convert (Debian package librsvg2-bin), which failed; export svg instead.")
    }
    return [UInt8](bytes)
  }
}
