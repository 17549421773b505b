/// The median of a window: of an even number of values the mean of the two in the middle.
///
/// Two heaps, the lower half with its largest on top, the upper with its smallest. Values leave in the order they came;
/// one that has left stays in its heap until it comes to the top, or until most of the heap has left. A step takes time
/// by the logarithm of what is inside.
struct MedianWindow: WindowFilter {
  /// Points a window may hold, at 16 bytes each and as many that have left.
  static let mostPoints = 1 << 20

  let reach: Int64
  private var lower = MedianHeap(sign: -1)
  private var upper = MedianHeap(sign: 1)
  /// Numbers of the values that come and leave next.
  private var nextIn = 0
  private var nextOut = 0

  init(reach: Int64) { self.reach = reach }

  mutating func add(_ value: Double, step: Int64) throws(CatalogError) {
    guard nextIn - nextOut < Self.mostPoints else { throw .windowTooWide(limit: Self.mostPoints) }
    let entry = MedianHeap.Entry(value: value, number: nextIn)
    nextIn += 1
    // The lower half is never empty while the upper is not.
    if let top = lower.top, top < entry {
      upper.push(entry)
      upper.inside += 1
    } else {
      lower.push(entry)
      lower.inside += 1
    }
    balance()
  }

  mutating func remove(_ value: Double, step: Int64) {
    let entry = MedianHeap.Entry(value: value, number: nextOut)
    nextOut += 1
    if let top = lower.top, !(top < entry) { lower.inside -= 1 } else { upper.inside -= 1 }
    balance()
  }

  mutating func removeAll() { self = MedianWindow(reach: reach) }

  /// Entries held, those that have left included.
  var size: Int { lower.size + upper.size }

  func output(at step: Int64) -> Double {
    guard let low = lower.top?.value else { return .nan }
    guard lower.inside == upper.inside, let high = upper.top?.value else { return low }
    return low / 2 + high / 2
  }

  /// Makes the lower half as large as the upper, or one larger.
  private mutating func balance() {
    lower.clean(before: nextOut)
    upper.clean(before: nextOut)
    while lower.inside > upper.inside + 1 { Self.move(from: &lower, to: &upper, before: nextOut) }
    while lower.inside < upper.inside { Self.move(from: &upper, to: &lower, before: nextOut) }
  }

  private static func move(from source: inout MedianHeap, to target: inout MedianHeap, before number: Int) {
    guard let top = source.top else { return }
    source.pop()
    source.inside -= 1
    source.clean(before: number)
    target.push(top)
    target.inside += 1
  }
}

/// A binary heap of one half of a window's values.
private struct MedianHeap: Sendable {
  struct Entry: Sendable {
    var value: Double
    var number: Int

    @inline(__always)
    static func < (left: Entry, right: Entry) -> Bool {
      left.value < right.value || left.value == right.value && left.number < right.number
    }
  }

  private let isDescending: Bool
  private var entries: [Entry] = []
  /// Entries that have not left the window.
  var inside = 0

  init(sign: Int) { isDescending = sign < 0 }

  var top: Entry? { entries.first }
  var size: Int { entries.count }

  @inline(__always)
  private func precedes(_ left: Entry, _ right: Entry) -> Bool { isDescending ? right < left : left < right }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(entry, entries[parent]) else { break }
      entries[child] = entries[parent]
      child = parent
    }
    entries[child] = entry
  }

  mutating func pop() {
    guard let last = entries.popLast(), !entries.isEmpty else { return }
    sink(last, at: 0)
  }

  private mutating func sink(_ entry: Entry, at place: Int) {
    var parent = place
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, precedes(entries[child + 1], entries[child]) { child += 1 }
      guard precedes(entries[child], entry) else { break }
      entries[parent] = entries[child]
      parent = child
    }
    entries[parent] = entry
  }

  /// Takes entries off the top that have left, and all that have where they are most of the heap.
  mutating func clean(before number: Int) {
    while let top, top.number < number { pop() }
    guard entries.count > 2 * inside + 64 else { return }
    entries.removeAll { $0.number < number }
    for place in stride(from: entries.count / 2 - 1, through: 0, by: -1) { sink(entries[place], at: place) }
  }
}
