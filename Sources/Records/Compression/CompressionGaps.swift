/// The stretches of damage in a compressed source, in order of their offsets; one an offset.
///
/// Bounded, whatever a file is made of: what is damaged after ``limit`` stretches is counted with the last of them.
struct CompressionGaps: Sendable {
  /// How many stretches are told apart.
  static let limit = 10_000
  /// What the last stretch's reason ends with where others were joined into it.
  static let joined = " (and further damage after it: no more than \(limit) places are listed one by one)"

  private(set) var all: [CompressionGap] = []
  /// Where in the file the damage ends that was joined into the last stretch.
  private var joinedEnd: UInt64?

  /// Notes a stretch. One that was noted before, as when the source is read again, changes nothing.
  mutating func add(_ gap: CompressionGap) {
    // Nearly always: a source is first read through in order.
    guard let last = all.last, gap.offset <= last.offset else {
      append(gap)
      return
    }
    let index = index(from: gap.offset)
    if all[index].offset != gap.offset {
      all.insert(gap, at: index)
      if all.count > Self.limit { join(all.removeLast()) }
    } else if gap.fileOffset > all[index].fileOffset {
      // Nothing came between two stretches of damage: they are one.
      let bytes = gap.fileOffset + gap.fileBytes - all[index].fileOffset
      all[index].fileBytes = max(all[index].fileBytes, bytes)
    }
  }

  /// Those whose offsets are in `range`.
  func within(_ range: Range<UInt64>) -> [CompressionGap] {
    Array(all[index(from: range.lowerBound)..<index(from: range.upperBound)])
  }

  private mutating func append(_ gap: CompressionGap) {
    if all.count < Self.limit {
      all.append(gap)
    } else if gap.fileOffset >= joinedEnd ?? 0 {
      join(gap)
    }
  }

  private mutating func join(_ gap: CompressionGap) {
    let last = all.count - 1
    if joinedEnd == nil { all[last].reason += Self.joined }
    all[last].fileBytes += gap.fileBytes
    joinedEnd = max(joinedEnd ?? 0, gap.fileOffset + gap.fileBytes)
  }

  /// The first index whose offset is at least `offset`.
  private func index(from offset: UInt64) -> Int {
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
