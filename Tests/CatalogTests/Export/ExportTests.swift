import Events
import Foundation
import Testing

@testable import Catalog

/// Exported files against what the catalogue answers.
@Suite struct ExportTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private let out: String

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: "\(folder.path)/logs", withIntermediateDirectories: true)
    catalog = try Catalog.open(root: "\(folder.path)/logs")
    out = "\(folder.path)/out"
  }

  private func copy(_ names: String...) throws {
    for name in names { try EventFixture(name).copy(to: "\(catalog.root)/\(name)") }
    try catalog.refresh()
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(out)/\(path)")), as: UTF8.self)
  }

  private func lines(_ path: String) throws -> [[String]] {
    try text(path).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  private struct Manifest: Decodable {
    struct File: Decodable {
      var path: String
      var run: String
      var tag: String
      var kind: String
      var bytes: Int
      var points: Int?
      var step: Int64?
      var contentType: String?
      var shape: [Int]?

      enum CodingKeys: String, CodingKey {
        case path, run, tag, kind, bytes, points, step
        case contentType = "content_type"
        case shape
      }
    }
    var program: String
    var files: [File]
    var problems: [String]
  }

  private func manifest() throws -> Manifest {
    try JSONDecoder().decode(Manifest.self, from: Data(text("manifest.json").utf8))
  }

  @Test func `scalars read back exactly, as CSV and as JSON`() throws {
    try copy("multi_run", "tf1_nonfinite", "many_tags", "edge_steps")
    let report = try catalog.export(to: out, ExportOptions(kinds: [.scalar]))
    let json = try catalog.export(to: out + "-json", ExportOptions(format: .json, kinds: [.scalar]))
    let scalars = try catalog.tags().filter { $0.kind == .scalar }
    #expect(report.series == scalars.count && report.series > 400 && report.problems == [])
    #expect(json.points == report.points)
    struct Series: Decodable {
      struct Point: Decodable { var step: Int64 }
      var run: String
      var tag: String
      var points: [Point]
    }
    for file in try manifest().files {
      let points = try catalog.scalars(run: file.run, tag: file.tag).points
      #expect(file.points == points.count)
      let rows = try lines(file.path)
      #expect(rows[0] == ["step", "wall_time", "value"])
      for (row, index) in zip(rows.dropFirst(), 0..<points.count) {
        #expect(Int64(row[0]) == points.steps[index] && Double(row[1]) == points.wallTimes[index])
        guard case .float32(let values) = points.values else { continue }
        let value = try #require(Float(row[2]))
        #expect(value == values[index] || value.isNaN && values[index].isNaN)
      }
      #expect(rows.count == points.count + 1)
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(out)-json/\(file.path.dropLast(3))json"))
      let series = try JSONDecoder().decode(Series.self, from: data)
      #expect(series.run == file.run && series.tag == file.tag && series.points.map(\.step) == points.steps)
    }
  }

  @Test func `a series is written whole, block after block`() throws {
    let writer = try EventFileWriter(directory: "\(catalog.root)/long", maxQueue: 100_000)
    for step in 0..<10_000 {
      try writer.addScalar(tag: "loss", value: Float(step) / 7, step: Int64(step), wallTime: 1e9 + Double(step) / 8)
    }
    try writer.close()
    try catalog.refresh()
    let report = try catalog.export(to: out)
    #expect(report.points == 10_000)
    let rows = try lines("long/scalars/loss.csv")
    #expect(rows.count == 10_001)
    #expect(rows[7001] == ["7000", "\(1e9 + 875)", "1000.0"])
  }

  @Test func `all branches are told apart`() throws {
    let writer = try EventFileWriter(directory: "\(catalog.root)/a", maxQueue: 100)
    for step in [0, 1, 2, 3, 2, 3, 4] {
      try writer.addScalar(tag: "loss", value: Float(step), step: Int64(step), wallTime: 1e9)
    }
    try writer.close()
    try catalog.refresh()
    _ = try catalog.export(to: out, ExportOptions(branches: .all))
    #expect(
      try lines("a/scalars/loss.csv").map { [$0[0], $0[3], $0[4]] } == [
        ["step", "branch", "superseded"], ["2", "0", "true"], ["3", "0", "true"], ["0", "1", "false"],
        ["1", "1", "false"], ["2", "1", "false"], ["3", "1", "false"], ["4", "1", "false"],
      ])
    _ = try catalog.export(to: out + "2")
    #expect(try text("../out2/a/scalars/loss.csv").split(separator: "\n").count == 6)
  }

  @Test func `pictures, sounds, texts, tensors and graphs are their own bytes`() throws {
    try copy("tf2_summary", "tf1_training")
    let report = try catalog.export(to: out, ExportOptions(kinds: Set(SeriesKind.allCases)))
    #expect(report.problems == [])
    let manifest = try manifest()
    #expect(report.files == manifest.files.count)
    for file in manifest.files {
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(out)/\(file.path)"))
      #expect(data.count == file.bytes)
      if file.kind == "image" {
        #expect(file.path.hasSuffix(".png") && data.starts(with: [0x89, 0x50, 0x4e, 0x47]))
        #expect(file.contentType == "image/png")
      }
      if file.kind == "audio" { #expect(file.path.hasSuffix(".wav") && data.starts(with: Array("RIFF".utf8))) }
    }
    // Two pictures were logged together.
    let pictures = manifest.files.filter { $0.tag == "img" }.map(\.path)
    #expect(pictures == ["tf2_summary/images/img/step_00000001_0.png", "tf2_summary/images/img/step_00000001_1.png"])
    let raw = try #require(manifest.files.first { $0.tag == "raw" && $0.run == "tf2_summary" })
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(out)/\(raw.path)")))
    #expect(raw.path == "tf2_summary/tensors/raw/step_00000002.npy" && raw.shape == [2, 2])
    #expect(bytes.prefix(8) == [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
    #expect((10 + Int(bytes[8]) + Int(bytes[9]) << 8) % 64 == 0)
    #expect(
      String(decoding: bytes[10...], as: UTF8.self).hasPrefix(
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }"))
    #expect(bytes.suffix(16) == [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0])
    #expect(
      try lines("tf2_summary/text/table.csv").map { $0[2...].joined(separator: "=") } == [
        "index=text", "0=a", "1=b", "2=c", "3=d",
      ])
    #expect(try text("tf2_summary/text/readme.csv").hasSuffix(",0,\"# title\n\n*hello*\"\n"))
    let graphs = manifest.files.filter { $0.kind == "graph" }
    #expect(!graphs.isEmpty && graphs.allSatisfy { $0.path.hasSuffix(".pb") && $0.bytes > 0 })
  }

  @Test func `histograms keep every bucket`() throws {
    let writer = try EventFileWriter(directory: "\(catalog.root)/a", maxQueue: 100)
    let histogram = Histogram(
      min: -1, max: 2, num: 4, sum: 3, sumSquares: 5, bucketLimits: [0, 1, 2], bucketCounts: [1, 0, 3])
    for step in [3, 5] { try writer.addHistogram(tag: "w/b", histogram: histogram, step: Int64(step), wallTime: 1.5) }
    try writer.close()
    try catalog.refresh()
    _ = try catalog.export(to: out)
    #expect(
      try text("a/histograms/w%2Fb.csv") == """
        step,wall_time,left,right,count
        3,1.5,-1.0,0.0,1.0
        3,1.5,0.0,1.0,0.0
        3,1.5,1.0,2.0,3.0
        5,1.5,-1.0,0.0,1.0
        5,1.5,0.0,1.0,0.0
        5,1.5,1.0,2.0,3.0

        """)
    _ = try catalog.export(to: out, ExportOptions(format: .json, replacesFiles: true))
    struct Histograms: Decodable {
      struct Value: Decodable {
        var step: Int64
        var num: Double
        var sumSquares: Double
        var buckets: [[Double]]

        enum CodingKeys: String, CodingKey {
          case step, num
          case sumSquares = "sum_squares"
          case buckets
        }
      }
      var histograms: [Value]
    }
    let read = try JSONDecoder().decode(Histograms.self, from: Data(text("a/histograms/w%2Fb.json").utf8))
    #expect(
      read.histograms.map(\.step) == [3, 5] && read.histograms[0].num == 4 && read.histograms[0].sumSquares == 5)
    #expect(read.histograms[1].buckets == [[-1, 0, 1], [0, 1, 0], [1, 2, 3]])
  }

  @Test func `runs and tags are chosen by name and by pattern`() throws {
    try copy("multi_run")
    func exported(_ runs: [String], _ tags: [String]) throws -> Set<String> {
      try FileManager.default.removeItem(atPath: out)
      _ = try catalog.export(to: out, ExportOptions(runs: runs, tags: tags))
      return Set(try manifest().files.map { "\($0.run) \($0.tag)" })
    }
    _ = try catalog.export(to: out)
    let all = try catalog.tags().filter { ExportOptions.usualKinds.contains($0.kind) }
    let run = try #require(all.last?.run)
    let tag = try #require(all.last?.tag)
    #expect(try exported([], []).count == all.count)
    #expect(try exported([run], [tag]) == ["\(run) \(tag)"])
    #expect(
      try exported(["*"], [String(tag.prefix(1)) + "*"])
        == Set(all.filter { $0.tag.hasPrefix(tag.prefix(1)) }.map { "\($0.run) \($0.tag)" }))
    #expect(try exported(["nothing"], []) == [])
  }

  @Test func `a folder that holds something is left alone unless it may be replaced`() throws {
    try copy("multi_run")
    try folder.write(Array("mine".utf8), to: "out/mine.txt")
    #expect(throws: ExportError.notEmpty(path: out)) { try catalog.export(to: out) }
    #expect(throws: ExportError.isLogRoot(path: catalog.root)) { try catalog.export(to: catalog.root) }
    _ = try catalog.export(to: out, ExportOptions(replacesFiles: true))
    _ = try catalog.export(to: out, ExportOptions(replacesFiles: true))
    #expect(try text("mine.txt") == "mine")
    #expect(try manifest().files.count > 3)
    try folder.write([], to: "file")
    #expect(throws: ExportError.self) { try catalog.export(to: "\(folder.path)/file") }
    #expect(throws: ExportError.self) { try catalog.export(to: "/proc/nowhere/out") }
  }

  @Test func `links in the folder are not followed`() throws {
    let writer = try EventFileWriter(directory: "\(catalog.root)/run", maxQueue: 100)
    try writer.addScalar(tag: "loss", value: Float(1), step: 1, wallTime: 1)
    try writer.close()
    try catalog.refresh()
    let elsewhere = "\(folder.path)/elsewhere"
    try folder.write(Array("canary".utf8), to: "elsewhere/canary")
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: "\(out)/run", withDestinationPath: elsewhere)
    #expect(throws: ExportError.inTheWay(path: "\(out)/run")) {
      try catalog.export(to: out, ExportOptions(replacesFiles: true))
    }
    try FileManager.default.removeItem(atPath: "\(out)/run")
    try FileManager.default.createDirectory(atPath: "\(out)/run/scalars", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(out)/run/scalars/loss.csv", withDestinationPath: "\(elsewhere)/canary")
    _ = try catalog.export(to: out, ExportOptions(replacesFiles: true))
    #expect(try text("../elsewhere/canary") == "canary")
    #expect(try text("run/scalars/loss.csv").hasPrefix("step,"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere) == ["canary"])
  }

  @Test func `a value that is gone is a problem and stops nothing`() throws {
    try copy("tf2_summary")
    let file = try #require(try catalog.health().first?.path)
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(catalog.root)/\(file)"))
    let size = try handle.seekToEnd()
    // The last values of the file.
    try handle.truncate(atOffset: size - 400)
    try handle.close()
    let report = try catalog.export(to: out, ExportOptions(kinds: Set(SeriesKind.allCases)))
    #expect(report.problemCount > 0 && report.problems.count == report.problemCount)
    #expect(report.points > 0 && report.files > 5)
    #expect(try manifest().problems == report.problems)
  }
}
