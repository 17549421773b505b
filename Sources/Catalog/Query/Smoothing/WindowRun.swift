/// A window on its way along the pieces of a branch. It holds three unpacked pieces at a time: where points enter, where
/// they leave, and where values are wanted.
struct WindowRun<Filter: WindowFilter>: Sendable {
  /// Gives the steps of a piece and its values, as many.
  typealias Reading = (_ piece: Int) throws -> (steps: [Int64], values: [Double])

  /// A place between two points.
  private struct Place {
    var piece = 0
    var position = 0
    /// Of the piece; empty until it is read.
    var steps: [Int64] = []
    var values: [Double] = []

    var isRead: Bool { !steps.isEmpty }

    mutating func move(to piece: Int) {
      self = Place()
      self.piece = piece
    }
  }

  private let pieces: [Piece]
  private var filter: Filter
  private var entry = Place()
  private var exit = Place()
  /// The last step whose window was at hand; what has left for it does not come back.
  private var reached = Int64.min

  init(_ filter: Filter, along pieces: [Piece]) {
    self.filter = filter
    self.pieces = pieces
  }

  /// What is drawn for each point of a piece: the window's value, or where a point is not finite its own. Pieces may come
  /// in any order; one after the other is cheapest.
  mutating func averages(of number: Int, read: Reading) throws -> [Double] {
    let first = firstPiece(from: pieces[number].firstStep)
    if entry.piece < first || pieces[number].firstStep < reached {
      filter.removeAll()
      entry.move(to: first)
      exit.move(to: first)
    }
    let (steps, values) = try read(number)
    var averages = values
    for position in steps.indices where values[position].isFinite {
      let step = steps[position]
      // Left first, so that no more is ever inside than belongs to one window.
      let start = filter.start(of: step)
      try leave(before: start, read)
      try skip(before: start, read)
      try enter(upTo: filter.end(of: step), read)
      if filter.isWornOut { try renew(read) }
      averages[position] = filter.output(at: step)
    }
    reached = pieces[number].lastStep
    return averages
  }

  /// The pieces whose points are in the window of a point of a piece, or near.
  func neighbourhood(of number: Int) -> ClosedRange<Int> {
    let (end, overflow) = filter.end(of: pieces[number].lastStep)
    var last = number
    while last + 1 < pieces.count, overflow || pieces[last + 1].firstStep <= end { last += 1 }
    return firstPiece(from: pieces[number].firstStep)...last
  }

  /// The first piece that has points at or after `step` less the reach.
  private func firstPiece(from step: Int64) -> Int {
    let (start, overflow) = filter.start(of: step)
    if overflow { return 0 }
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].lastStep < start { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func enter(upTo end: (partialValue: Int64, overflow: Bool), _ read: Reading) throws {
    while entry.piece < pieces.count {
      if !entry.isRead {
        guard end.overflow || pieces[entry.piece].firstStep <= end.partialValue else { return }
        (entry.steps, entry.values) = try read(entry.piece)
      }
      while entry.position < entry.steps.count, end.overflow || entry.steps[entry.position] <= end.partialValue {
        let value = entry.values[entry.position]
        if value.isFinite { try filter.add(value, step: entry.steps[entry.position]) }
        entry.position += 1
      }
      guard entry.position == entry.steps.count else { return }
      entry.move(to: entry.piece + 1)
    }
  }

  private mutating func leave(before start: (partialValue: Int64, overflow: Bool), _ read: Reading) throws {
    guard !start.overflow else { return }
    while exit.piece < entry.piece || exit.piece == entry.piece && exit.position < entry.position {
      if !exit.isRead {
        guard pieces[exit.piece].firstStep < start.partialValue else { return }
        (exit.steps, exit.values) = try read(exit.piece)
      }
      let end = exit.piece == entry.piece ? entry.position : exit.steps.count
      while exit.position < end, exit.steps[exit.position] < start.partialValue {
        let value = exit.values[exit.position]
        if value.isFinite { filter.remove(value, step: exit.steps[exit.position]) }
        exit.position += 1
      }
      guard exit.position == exit.steps.count else { return }
      exit.move(to: exit.piece + 1)
    }
  }

  /// Passes over points that leave before they entered. Where there are any, all that entered have left.
  private mutating func skip(before start: (partialValue: Int64, overflow: Bool), _ read: Reading) throws {
    guard !start.overflow else { return }
    var skipsAny = false
    while entry.piece < pieces.count, pieces[entry.piece].firstStep < start.partialValue {
      if pieces[entry.piece].lastStep >= start.partialValue {
        if !entry.isRead { (entry.steps, entry.values) = try read(entry.piece) }
        while entry.position < entry.steps.count, entry.steps[entry.position] < start.partialValue {
          entry.position += 1
          skipsAny = true
        }
        guard entry.position == entry.steps.count else { break }
      }
      entry.move(to: entry.piece + 1)
      skipsAny = true
    }
    if skipsAny { exit = entry }
  }

  /// Adds all anew that is inside.
  private mutating func renew(_ read: Reading) throws {
    filter.removeAll()
    var place = exit
    while place.piece < entry.piece || place.piece == entry.piece && place.position < entry.position {
      if !place.isRead { (place.steps, place.values) = try read(place.piece) }
      let end = place.piece == entry.piece ? entry.position : place.steps.count
      for position in place.position..<end where place.values[position].isFinite {
        try filter.add(place.values[position], step: place.steps[position])
      }
      guard place.piece < entry.piece else { break }
      place.move(to: place.piece + 1)
    }
  }
}
