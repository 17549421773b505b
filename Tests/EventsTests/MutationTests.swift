import Foundation
import Records
import Testing

@testable import Events

/// Seeded damage: readers neither crash nor lose what was not hit.
@Suite struct MutationTests {
  static let sources = [
    ("tf1_training", "events.out.tfevents.1700000100.host"),
    ("tf2_summary", "events.out.tfevents.1700000100.host.4242.0.v2"),
    ("tensorboardx", "events.out.tfevents.1700000100.host"),
    ("edge_steps", "events.out.tfevents.1700000100.host"),
  ]

  static func bytes(_ source: (String, String)) throws -> [UInt8] {
    let path = try FixtureCase(source.0).path(".", source.1)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static func payloads(_ bytes: [UInt8]) throws -> [(offset: Int, payload: [UInt8])] {
    let reader = RecordReader(MemorySource(bytes))
    var result: [(Int, [UInt8])] = []
    while case .record(let record) = try reader.next() { result.append((Int(record.offset), Array(record.payload))) }
    return result
  }

  @Test(arguments: 0..<4)
  func recordsThatWereNotHitAreAllFound(source: Int) throws {
    let bytes = try Self.bytes(Self.sources[source])
    let records = try Self.payloads(bytes)
    var random = SplitMix(state: UInt64(source) + 21)
    for _ in 0..<25 {
      var mutated = bytes
      var hit = Set<Int>()
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        mutated[at] ^= UInt8.random(in: 1...255, using: &random)
        hit.insert(records.lastIndex { $0.offset <= at }!)
      }
      let reader = RecordReader(MemorySource(mutated))
      var found = Set<UInt64>()
      loop: while true {
        switch try reader.next() {
        case .record(let record): found.insert(record.offset)
        case .skipped: continue
        case .end: break loop
        }
      }
      for index in records.indices where !hit.contains(index) {
        #expect(found.contains(UInt64(records[index].offset)))
      }
      _ = try WholeFile(mutated)
    }
  }

  /// Payloads are damaged and framed anew, so that the scanner sees the damage and not the checksum.
  @Test(arguments: 0..<4)
  func theScannerSurvivesAnyPayload(source: Int) throws {
    let records = try Self.payloads(Self.bytes(Self.sources[source]))
    var random = SplitMix(state: UInt64(source) + 31)
    for round in 0..<16 {
      var events = records.map(\.payload)
      for index in events.indices where !events[index].isEmpty {
        // Long payloads are graphs, which are not looked into.
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let at = Int.random(in: 0..<min(events[index].count, 400), using: &random)
          events[index][at] = UInt8.random(in: 0...255, using: &random)
        }
        if round % 4 == 0 { events[index].removeLast(Int.random(in: 0..<events[index].count, using: &random)) }
      }
      let bytes = file(events)
      let whole = try WholeFile(bytes)
      #expect(whole.records == events.count)
      // And every value found is decoded, or refused, without harm.
      for value in whole.values.values.joined() {
        let start = Int(value.offset)
        bytes[start..<start + value.length].withUnsafeBytes { _ = SummaryValue(kind: value.kind, form: value.form, $0) }
      }
    }
  }

  /// Scalars of a known tag are read a short way; whatever bytes a record has, it gives what the long way gives.
  @Test func theShortWayForScalarsReadsNothingElse() throws {
    let simple = summaryEvent(SummaryEncoder.scalar(tag: "loss/train", 0.5), step: 300, wallTime: 1_700_000_000.5)
    var tensor = ProtoBuffer()
    tensor.integer(1, 1)
    tensor.message(2, [])
    tensor.message(5, [0, 0, 0, 0x3F])
    let modern = summaryEvent(scalarTensor(tensor.bytes, tag: "loss/train"), step: 300, wallTime: 1_700_000_000.5)
    var random = SplitMix(state: 41)
    for event in [simple, modern] {
      // Metadata at the end stays: the first to come decides what a tag is.
      let changeable = event.count - (event == modern ? 15 : 0)
      for at in 0..<changeable {
        for _ in 0..<8 {
          var mutated = event
          mutated[at] = UInt8.random(in: 0...255, using: &random)
          let first = try WholeFile(file([mutated]))
          let second = try WholeFile(file([event, mutated]))
          let firstPoint = first.points["loss/train"]?.last
          let secondPoints = try #require(second.points["loss/train"])
          if let firstPoint, firstPoint.wallTime != 0 || second.batches[0].nonFiniteWallTimes == 0 {
            #expect(secondPoints.count == 2, "byte \(at) \(mutated[at])")
            let secondPoint = secondPoints[1]
            #expect(secondPoint.step == firstPoint.step && same(secondPoint.value, firstPoint.value))
            #expect(same(secondPoint.wallTime, firstPoint.wallTime))
          } else if firstPoint == nil {
            #expect(secondPoints.count == 1, "byte \(at) \(mutated[at])")
          }
          #expect(first.skipped.count == second.skipped.count)
        }
      }
    }
  }
}
