import Events
import Foundation
import Tensors
import Testing

@testable import Catalog

@Suite struct ValueListTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path)
  }

  /// Logs a text at each step, named after its place in the log.
  private func log(_ steps: [Int64], run: String = "run", tag: String = "note", start: Int = 0) throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/\(run)")
    for (index, step) in steps.enumerated() {
      try writer.add(
        summary: SummaryEncoder.text(tag: tag, ["\(start + index)"], shape: []), step: step,
        wallTime: Double(start + index))
    }
    try writer.close()
    try catalog.refresh()
  }

  private func texts(_ page: ValuePage) throws -> [String] {
    try page.values.map {
      guard case .text(let texts, _) = try catalog.value(at: $0) else { return "?" }
      return texts[0]
    }
  }

  @Test func `values come by page, in the order they were logged`() throws {
    try log((0..<1200).map { $0 })
    let selection = ValueSelection(run: "run", tag: "note", kind: .text)
    let all = try catalog.values(selection)
    #expect(all.total == 1200 && all.values.count == 1200 && all.values.map(\.value.step) == Array(0..<1200))
    let page = try catalog.values(selection, offset: 700, limit: 3)
    #expect(page.total == 1200 && page.offset == 700)
    #expect(try texts(page) == ["700", "701", "702"])
    #expect(try catalog.values(selection, offset: 5000, limit: 3).values.isEmpty)
    #expect(try catalog.values(selection, offset: -3, limit: 0).values.isEmpty)
  }

  @Test func `a range of steps bounds the list`() throws {
    try log([1, 5, 9, 12])
    let page = try catalog.values(ValueSelection(run: "run", from: 5, to: 9))
    #expect(page.total == 2 && page.values.map(\.value.step) == [5, 9])
  }

  @Test func `runs, tags, kinds and plugins select`() throws {
    try log([1], run: "a", tag: "x")
    try log([2], run: "a", tag: "y")
    try log([3], run: "b", tag: "x")
    func steps(_ selection: ValueSelection) throws -> [Int64] { try catalog.values(selection).values.map(\.value.step) }
    #expect(try steps(ValueSelection()) == [1, 2, 3])
    #expect(try steps(ValueSelection(run: "a")) == [1, 2])
    #expect(try steps(ValueSelection(tag: "x")) == [1, 3])
    #expect(try steps(ValueSelection(kind: .image)) == [])
    #expect(try steps(ValueSelection(plugin: "text")) == [1, 2, 3])
    #expect(try steps(ValueSelection(tag: "z")) == [])
    #expect(throws: CatalogError.unknownRun(run: "c", known: ["a", "b"])) { try steps(ValueSelection(run: "c")) }
  }

  @Test func `what a restart made void is left out where the newest branch is asked for`() throws {
    try log([0, 10, 20, 30, 15, 20, 25, 25, 5])
    let newest = try catalog.values(ValueSelection(run: "run", branches: .newest))
    #expect(try texts(newest) == ["0", "8"])
    #expect(try catalog.values(ValueSelection(run: "run")).total == 9)
  }

  /// The rule for values is the rule for points.
  @Test func `values and scalars fall into the same branches`() throws {
    var generator = SeededGenerator(seed: 3)
    for round in 0..<20 {
      let run = "r\(round)"
      let writer = try EventFileWriter(directory: "\(folder.path)/\(run)")
      var step: Int64 = 0
      for time in 0..<40 {
        let previous = step
        step += Int64.random(in: 0...3, using: &generator)
        if Int.random(in: 0..<8, using: &generator) == 0 { step = max(0, step - 6) }
        if step < previous || Int.random(in: 0..<12, using: &generator) == 0, Bool.random(using: &generator) {
          try writer.addSessionLog(.start, step: step, wallTime: Double(time))
        }
        try writer.add(
          summary: SummaryEncoder.merged([
            SummaryEncoder.text(tag: "t", ["x"], shape: []), SummaryEncoder.scalar(tag: "s", 1),
          ]), step: step, wallTime: Double(time))
      }
      try writer.close()
      try catalog.refresh()
      for branches in BranchSelection.allCases {
        let values = try catalog.values(ValueSelection(run: run, tag: "t", branches: branches))
        let points = try catalog.scalars(run: run, tag: "s", branches: branches).points
        #expect(values.values.map(\.value.wallTime).sorted() == points.wallTimes.sorted(), "\(branches)")
        if branches == .all {
          let newest = try catalog.scalars(run: run, tag: "s").points.wallTimes
          #expect(zip(values.values, values.superseded).filter { !$1 }.map(\.0.value.wallTime) == newest)
        }
      }
    }
  }

  @Test func `an id that is gone is an error`() throws {
    try log([1])
    let blob = try #require(try catalog.values().first)
    #expect(try catalog.listedValue(id: blob.id) == blob)
    #expect(throws: CatalogError.unknownValue(id: 99)) { try catalog.listedValue(id: 99) }
  }
}

@Suite struct MediaTypeTests {
  @Test(
    arguments: [
      ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0], MediaType.png), ([0xFF, 0xD8, 0xFF, 0xE0], .jpeg),
      (Array("GIF89a..".utf8), .gif), (Array("BM".utf8) + [9, 0, 0, 0, 0, 0, 0, 0, 54], .bmp),
      (Array("RIFF\u{1}\u{1}\u{1}\u{1}WAVEfmt ".utf8), .wav),
    ] as [([UInt8], MediaType)])
  func `known marks are recognised`(bytes: [UInt8], type: MediaType) { #expect(MediaType(of: bytes) == type) }

  @Test(arguments: [
    "", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "<!doctype html>", "BMW is a car maker", "GIF88a",
    "RIFF....AVI ",
    "%PDF-1.7", "\u{89}PNG",
  ])
  func `everything else is no picture`(text: String) { #expect(MediaType(of: Array(text.utf8)) == nil) }
}
