import Events
import Tensors

/// Packs the scalars of a batch into blocks as they are read.
final class ScalarCollector: ScalarSink {
  /// What one tag has in the batch.
  struct Collected {
    var dtype: DataType
    var blocks: [PackedBlock] = []
    /// The points of the last block where it is the only one and small: it may be merged with what the catalogue has.
    var mergeable: PointColumns?
    var segment = SegmentSummary()
  }

  private let packer = BlockPacker()
  private var collected: [Int: Collected] = [:]
  private var order: [Int] = []
  private var converted: [ScalarPoint] = []

  /// What was gathered since the last call, by the number of the tag, in the order in which tags were met.
  func takeAll() -> [(tag: Int, scalars: Collected)] {
    defer {
      collected.removeAll(keepingCapacity: true)
      order.removeAll(keepingCapacity: true)
    }
    return order.compactMap { tag in collected[tag].map { (tag, $0) } }
  }

  func take(_ stretch: ScalarStretch, _ points: UnsafeBufferPointer<ScalarPoint>) {
    if stretch.isLast { order.append(stretch.tag) }
    guard !points.isEmpty else { return }
    var scalars = collected.removeValue(forKey: stretch.tag) ?? Collected(dtype: stretch.dtype)
    switch stretch.storage {
    case .float32: add(points, .float32, to: &scalars)
    case .float64: add(points, .float64, to: &scalars)
    case .int64: add(points, .int64, to: &scalars)
    case .uint64:
      // Beyond the range of int64 nothing is exact but the type itself; the float64 nearest is what a chart shows.
      let isSigned = points.allSatisfy { $0.bits <= UInt64(Int64.max) }
      converted.removeAll(keepingCapacity: true)
      converted += points.map {
        ScalarPoint(step: $0.step, wall_time: $0.wall_time, bits: isSigned ? $0.bits : Double($0.bits).bitPattern)
      }
      converted.withUnsafeBufferPointer { add($0, isSigned ? .int64 : .float64, to: &scalars) }
    }
    collected[stretch.tag] = scalars
  }

  private func add(
    _ points: UnsafeBufferPointer<ScalarPoint>, _ precision: BlockPrecision, to scalars: inout Collected
  ) {
    let block = packer.pack(points, precision)
    scalars.segment.append(block.segment)
    scalars.mergeable =
      scalars.blocks.isEmpty && points.count < BlockCodec.pointsPerBlock / 2 ? PointColumns(points, precision) : nil
    scalars.blocks.append(block)
  }
}

extension PointColumns {
  fileprivate init(_ points: UnsafeBufferPointer<ScalarPoint>, _ precision: BlockPrecision) {
    let values: SeriesValues =
      switch precision {
      case .float32: .float32(points.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0.bits)) })
      case .float64: .float64(points.map { Double(bitPattern: $0.bits) })
      case .int64: .int64(points.map { Int64(bitPattern: $0.bits) })
      }
    self.init(steps: points.map(\.step), wallTimes: points.map(\.wall_time), values: values)
  }
}
