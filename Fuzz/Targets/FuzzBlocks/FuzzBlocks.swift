import Driver
import Foundation

@testable import Points

/// Any bytes as a block of points: refused, or unpacked to as many points as it says, as a whole and frame by frame. (In
/// damaged blocks, whose checksum the catalogue compares first, the two may differ.) And any bytes as points: they come
/// back bit for bit.
private func fuzzBlocks(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = UnsafeRawBufferPointer(start: data, count: count)
  if let points = try? BlockCodec.decode(bytes), let layout = try? BlockLayout(bytes) {
    precondition(points.count == layout.points && points.values.count == points.count)
  }
  if let layout = try? BlockLayout(bytes) {
    for frame in 0..<layout.frames {
      _ = try? BlockCodec.decode(bytes, layout, frames: frame..<frame + 1, wallTimes: frame % 2 == 0)
    }
  }
  roundTrip(bytes)
  return 0
}

private func roundTrip(_ bytes: UnsafeRawBufferPointer) {
  let count = bytes.count / 24
  guard count > 0 else { return }
  func word(_ index: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
  let values: SeriesValues =
    switch bytes[0] % 3 {
    case 0: .float32((0..<count).map { Float(bitPattern: UInt32(truncatingIfNeeded: word($0 * 3 + 2))) })
    case 1: .float64((0..<count).map { Double(bitPattern: word($0 * 3 + 2)) })
    default: .int64((0..<count).map { Int64(bitPattern: word($0 * 3 + 2)) })
    }
  let columns = PointColumns(
    steps: (0..<count).map { Int64(bitPattern: word($0 * 3)) },
    wallTimes: (0..<count).map { Double(bitPattern: word($0 * 3 + 1)) }, values: values)
  var steps: [Int64] = []
  var times: [UInt64] = []
  for block in PackedBlock.pack(columns) {
    let points = block.data.withUnsafeBytes { try? BlockCodec.decode($0) }
    guard let points else { preconditionFailure("a block that was packed does not unpack") }
    block.data.withUnsafeBytes { data in
      guard let layout = try? BlockLayout(data) else { preconditionFailure("a block that was packed has no layout") }
      for frame in 0..<layout.frames {
        let part = try? BlockCodec.decode(data, layout, frames: frame..<frame + 1, wallTimes: false)
        let start = frame * BitPacking.frameLanes
        precondition(part.map { $0.steps.elementsEqual(points.steps[start..<start + $0.count]) } == true)
      }
    }
    steps += points.steps
    times += points.wallTimes.map(\.bitPattern)
  }
  precondition(steps == columns.steps && times == columns.wallTimes.map(\.bitPattern))
}

/// Writes blocks of several kinds into a folder, to begin from.
private func writeSeeds(to folder: String) throws {
  for (number, count) in [1, 3, 256, 257, 1000, 4096].enumerated() {
    for kind in 0..<3 {
      let values: SeriesValues =
        switch kind {
        case 0: .float32((0..<count).map { Float($0) / 7 })
        case 1: .float64((0..<count).map { Double($0 * $0) / 11 })
        default: .int64((0..<count).map { Int64($0) * (number % 2 == 0 ? 1 : -1_000_000_007) })
        }
      let columns = PointColumns(
        steps: (0..<count).map { Int64($0 * 10) }, wallTimes: (0..<count).map { 1.7e9 + Double($0) / 3 }, values: values
      )
      for block in PackedBlock.pack(columns) {
        try block.data.write(to: URL(fileURLWithPath: "\(folder)/block-\(count)-\(kind)"))
      }
    }
  }
}

@main
enum FuzzBlocks {
  static func main() throws {
    if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--seeds" {
      return try writeSeeds(to: CommandLine.arguments[2])
    }
    fuzz { fuzzBlocks($0, $1) }
  }
}
