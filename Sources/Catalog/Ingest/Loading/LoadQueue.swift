/// Which of many files is read next. Pure bookkeeping: no clock, no thread, no file.
///
/// Files are read in turns of a few megabytes. The run that was given least so far is next, and of its files the one
/// with least to read: a new run, which was given nothing, has its first turn at once, however much others still have
/// to load, and of two large runs neither waits for the other.
struct LoadQueue: Sendable {
  private struct Entry: Sendable {
    var file: Int64
    var remaining: Int64
  }

  private struct Run: Sendable {
    /// Bytes given to its files.
    var served: Int64 = 0
    /// Files that wait for a turn, the one with least to read last.
    var waiting: [Entry] = []
    /// Its place in the heap; nil while nothing waits.
    var place: Int?
  }

  private var runs: [Int64: Run] = [:]
  /// A binary heap of the runs in which something waits, by bytes served, then id.
  private var heap: [Int64] = []

  var isEmpty: Bool { heap.isEmpty }

  /// Lets a file wait for a turn.
  mutating func add(file: Int64, run: Int64, remaining: Int64) {
    var entry = runs.removeValue(forKey: run) ?? Run()
    var low = 0
    var high = entry.waiting.count
    while low < high {
      let middle = (low + high) / 2
      if entry.waiting[middle].remaining > remaining { low = middle + 1 } else { high = middle }
    }
    entry.waiting.insert(Entry(file: file, remaining: remaining), at: low)
    runs[run] = entry
    if entry.place == nil {
      heap.append(run)
      runs[run]?.place = heap.count - 1
      rise(heap.count - 1)
    }
  }

  /// The file whose turn it is; it waits no longer.
  mutating func take() -> Int64? {
    guard let run = heap.first, let entry = runs[run]?.waiting.popLast() else { return nil }
    if runs[run]?.waiting.isEmpty == true { remove(0) }
    return entry.file
  }

  /// Notes that a run was given `bytes`.
  mutating func served(_ bytes: Int64, run: Int64) {
    guard bytes > 0 else { return }
    runs[run, default: Run()].served += bytes
    if let place = runs[run]?.place { sink(place) }
  }

  /// Forgets all files; what runs were given counts no longer.
  mutating func removeAll() { self = LoadQueue() }

  // MARK: - The heap

  private func isBefore(_ left: Int64, _ right: Int64) -> Bool {
    let (a, b) = (runs[left]?.served ?? 0, runs[right]?.served ?? 0)
    return a < b || a == b && left < right
  }

  private mutating func swap(_ left: Int, _ right: Int) {
    heap.swapAt(left, right)
    runs[heap[left]]?.place = left
    runs[heap[right]]?.place = right
  }

  private mutating func rise(_ place: Int) {
    var place = place
    while place > 0, isBefore(heap[place], heap[(place - 1) / 2]) {
      swap(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink(_ place: Int) {
    var place = place
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && isBefore(heap[child], heap[least]) {
        least = child
      }
      guard least != place else { return }
      swap(place, least)
      place = least
    }
  }

  private mutating func remove(_ place: Int) {
    let run = heap[place]
    swap(place, heap.count - 1)
    heap.removeLast()
    runs[run]?.place = nil
    if place < heap.count {
      sink(place)
      rise(place)
    }
  }
}
