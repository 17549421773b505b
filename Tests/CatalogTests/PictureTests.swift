import Events
import Foundation
import Testing

@testable import Catalog

/// Charts as they are seen: pixels, and one point among millions.
@Suite struct PictureTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(EventBytes.log(1, tag: "other"), to: "run/events.out.tfevents.1.host")
    catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
  }

  /// Puts points into the catalogue as if they had come from the event file.
  private func store(_ tag: String, _ blocks: [PackedBlock]) throws {
    let record = try #require(try catalog.store.read { try FileRecord.all($0) }.first)
    let status = try #require(FileStatus(path: catalog.absolute(record.path)))
    var batch = FileBatch(
      fileID: record.id, runID: record.runID, generation: record.generation, start: record.offset, end: record.offset,
      status: status, identity: record.identity)
    var segment = SegmentSummary()
    for block in blocks { segment.append(block.segment) }
    batch.series = [
      SeriesBatch(
        key: .init(tag: tag, kind: .scalar), dtype: "float32", tag: EventTag(name: tag), blocks: blocks,
        segment: segment)
    ]
    #expect(try BatchWriter(store: catalog.store).commit([batch]).isEmpty)
  }

  /// The pixels that a line through points covers, one column a pixel: of each column the rows from the lowest to the
  /// highest place the line has in it.
  private func picture(
    _ points: [(x: Double, y: Double)], from: Double, to: Double, width: Int, height: Int
  ) -> [ClosedRange<Int>?] {
    let columns = PixelColumns(from: from, to: to, width: width)
    func row(_ y: Double) -> Int { Int(((y + 3) / 6 * Double(height)).rounded(.down)) }
    var picture = [ClosedRange<Int>?](repeating: nil, count: width)
    func cover(_ column: Int, _ low: Int, _ high: Int) {
      let old = picture[column] ?? low...low
      picture[column] = min(old.lowerBound, low)...max(old.upperBound, high)
    }
    for (index, point) in points.enumerated() {
      let column = columns.column(point.x)
      cover(column, row(point.y), row(point.y))
      guard index > 0 else { continue }
      // The line from the point before: between two columns it is straight from the middle of one to that of the other.
      let (before, start) = (points[index - 1], columns.column(points[index - 1].x))
      guard start < column else {
        cover(column, min(row(before.y), row(point.y)), max(row(before.y), row(point.y)))
        continue
      }
      for between in start...column {
        let low = max(0, (Double(between - start) - 0.5) / Double(column - start))
        let high = min(1, (Double(between - start) + 0.5) / Double(column - start))
        let ends = [before.y + (point.y - before.y) * low, before.y + (point.y - before.y) * high].map(row)
        cover(between, ends.min()!, ends.max()!)
      }
    }
    return picture
  }

  @Test func `the pixels of an answer are the pixels of all points`() throws {
    var generator = SeededGenerator(seed: 41)
    var columns = PointColumns()
    var value: Float = 0
    var step: Int64 = 0
    for index in 0..<40_000 {
      step += Int64.random(in: 0...3, using: &generator)
      value = max(-2, min(2, value * 0.999 + Float.random(in: -0.1...0.1, using: &generator)))
      let spike = index % 7001 == 99 ? Float([-2.9, 2.9].randomElement(using: &generator)!) : value
      columns.append(PointColumns(steps: [step], wallTimes: [Double(index)], values: .float32([spike])))
    }
    try store("walk", PackedBlock.pack(columns))
    for width in [1, 3, 37, 200, 333, 600, 1201, 2400] {
      for part in 0..<3 {
        var query = SeriesQuery([.init(tag: "walk", runs: ["run"])], width: width)
        if part > 0 {
          let ends = (0..<2).map { _ in Double(columns.steps.randomElement(using: &generator)!) }.sorted()
          (query.from, query.to) = (ends[0], ends[1] + 1)
        }
        let answer = try catalog.series(query)[0]
        let (from, to) = (query.from ?? Double(columns.steps[0]), query.to ?? Double(columns.steps.last!))
        let all = (0..<columns.count).map { (x: Double(columns.steps[$0]), y: columns.values[$0]) }
          .filter { $0.x >= from && $0.x <= to }
        // A row is drawn as its first, smallest, largest and last value.
        let rows = answer.x.indices.flatMap { row in
          [answer.first[row], answer.min[row], answer.max[row], answer.last[row]].map {
            (x: answer.x[row], y: Double($0))
          }
        }
        #expect(answer.count == all.count)
        #expect(
          picture(rows, from: from, to: to, width: width, height: 400)
            == picture(all, from: from, to: to, width: width, height: 400), "width \(width), part \(part)")
      }
    }
  }

  @Test func `one spike among ten million points shows at every zoom`() throws {
    let (blocks, length) = (2442, BlockCodec.pointsPerBlock)
    let spike = 7_654_321
    let packer = BlockPacker()
    let points = UnsafeMutableBufferPointer<ScalarPoint>.allocate(capacity: length)
    defer { points.deallocate() }
    for index in 0..<length { points[index] = ScalarPoint(step: 0, wall_time: 0, bits: 0x3F00_0000) }
    let packed = (0..<blocks).map { block in
      for index in 0..<length {
        points[index].step = Int64(block * length + index)
        points[index].wall_time = Double(block * length + index)
      }
      if block == spike / length { points[spike % length].bits = UInt64(Float(1000).bitPattern) }
      defer { if block == spike / length { points[spike % length].bits = 0x3F00_0000 } }
      return packer.pack(UnsafeBufferPointer(points), .float32)
    }
    try store("long", packed)
    var query = SeriesQuery([.init(tag: "long", runs: ["run"])])
    var (low, high) = (0.0, Double(blocks * length - 1))
    var generator = SeededGenerator(seed: 1)
    while high - low > 20 {
      for width in [1, 300, 1000, 4096] {
        query.width = width
        (query.from, query.to) = (low, high)
        let answer = try catalog.series(query)[0]
        #expect(answer.max.contains(1000), "\(low) to \(high), width \(width)")
        #expect(answer.min.allSatisfy { $0 >= 0.5 })
      }
      let part = Double.random(in: 0.2...0.9, using: &generator)
      let left = Double.random(in: 0...1, using: &generator)
      let span = (high - low) * part
      low = max(low, min(Double(spike) - span * left, high - span)).rounded(.down)
      high = max(Double(spike), low + span).rounded(.up)
    }
  }
}
