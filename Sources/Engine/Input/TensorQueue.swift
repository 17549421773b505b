import Foundation
import Tensors

/// A queue of tuples of tensors, shared by the runs of a session: what `FIFOQueueV2`, `RandomShuffleQueueV2` and
/// `PaddingFIFOQueueV2` stand for.
///
/// Whoever cannot go on waits: for room when putting in, for elements when taking out. Each side is served in the order
/// of arrival. A wait ends with an error when the session is closed, the run's time is up, or the queue is closed.
///
/// `@unchecked Sendable`: everything that changes is only touched while the lock is held.
final class TensorQueue: @unchecked Sendable {
  enum Kind: String, Sendable {
    case first = "FIFOQueue"
    case shuffled = "RandomShuffleQueue"
    case padding = "PaddingFIFOQueue"
  }

  let kind: Kind
  let name: String
  let types: [DataType]
  /// One for each component; empty where nothing is known of any.
  let shapes: [PartialShape]
  /// Most elements it holds; no limit where nil.
  let capacity: Int?
  /// A shuffled queue gives nothing while it holds no more than these, unless it is closed.
  let minimum: Int

  private let condition = NSCondition()
  private var elements: [[Tensor]] = []
  /// Elements before this index are gone.
  private var head = 0
  private var words: PhiloxWords
  private var isClosed = false
  /// How often pending enqueues were cancelled.
  private var cancellations = 0
  private var nextTicket = 0
  private var enqueuers: [Int] = []
  private var dequeuers: [Int] = []

  /// - Parameter seeds: of a shuffled queue; drawn at random where both are 0.
  init(
    kind: Kind, name: String, types: [DataType], shapes: [PartialShape], capacity: Int?, minimum: Int = 0,
    seeds: (Int64, Int64) = (0, 0)
  ) throws {
    guard shapes.isEmpty || shapes.count == types.count else {
      throw EngineError.invalid("Component and shape lists of a queue differ: \(types.count) and \(shapes.count)")
    }
    guard kind == .padding || shapes.allSatisfy(\.isFullyKnown) else {
      throw EngineError.invalid("All shapes in shapes must be fully defined for \(kind.rawValue)")
    }
    self.kind = kind
    self.name = name
    self.types = types
    self.shapes = shapes
    self.capacity = capacity
    self.minimum = minimum
    let seeds = seeds == (0, 0) ? (Int64.random(in: .min ... .max), Int64.random(in: .min ... .max)) : seeds
    words = PhiloxWords(
      Philox(seed: UInt64(bitPattern: seeds.0), seed2: UInt64(bitPattern: seeds.1)), from: 0)
  }

  private var title: String { "\(kind.rawValue) '\(name)'" }
  private var held: Int { elements.count - head }

  var count: Int { locked { held } }
  var isQueueClosed: Bool { locked { isClosed } }

  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    condition.lock()
    defer { condition.unlock() }
    return try body()
  }

  // MARK: Putting in

  /// Puts elements in, in order, waiting for room before each.
  /// - Throws: Cancelled where the queue is or gets closed with its pending enqueues; InvalidArgument where an element
  ///   does not fit the queue.
  func enqueue(_ tuples: [[Tensor]], _ control: RunControl?) throws {
    try waiting(control) {
      guard !isClosed else { throw closed }
      let ticket = takeTicket()
      enqueuers.append(ticket)
      defer { leave(&enqueuers, ticket) }
      let start = cancellations
      for tuple in tuples {
        while enqueuers.first != ticket || held >= capacity ?? .max {
          try wait(control, "Enqueue") { cancellations != start }
        }
        elements.append(tuple)
        condition.broadcast()
      }
    }
  }

  /// Refuses further elements, after those that wait for room already are in.
  /// - Parameter cancelsPending: whether those are refused too.
  func close(cancelsPending: Bool, _ control: RunControl?) throws {
    try waiting(control) {
      if cancelsPending {
        cancellations += 1
        isClosed = true
        condition.broadcast()
        return
      }
      let ticket = takeTicket()
      enqueuers.append(ticket)
      defer { leave(&enqueuers, ticket) }
      let start = cancellations
      while enqueuers.first != ticket { try wait(control, "Close") { cancellations != start } }
      guard !isClosed else { throw EngineError(.cancelled, "Queue '\(name)' is already closed.") }
      isClosed = true
      condition.broadcast()
    }
  }

  private var closed: EngineError { EngineError(.cancelled, "\(title) is closed.") }

  // MARK: Taking out

  /// Takes `count` elements out, waiting for each.
  /// - Parameter allowsFewer: whether a closed queue may give the fewer it has, if it has any.
  /// - Throws: OutOfRange where the queue is closed and has too few, which stay in it.
  func dequeue(_ count: Int, allowsFewer: Bool = false, _ control: RunControl?) throws -> [[Tensor]] {
    guard count > 0 else { return [] }
    return try waiting(control) {
      let ticket = takeTicket()
      dequeuers.append(ticket)
      defer { leave(&dequeuers, ticket) }
      var taken: [[Tensor]] = []
      taken.reserveCapacity(min(count, 1 << 16))
      do {
        while taken.count < count {
          while dequeuers.first != ticket || available <= 0 {
            if isClosed, dequeuers.first == ticket {
              if allowsFewer, !taken.isEmpty { return taken }
              throw EngineError(
                .outOfRange,
                "\(title) is closed and has insufficient elements (requested \(count), current size "
                  + "\(held + taken.count))")
            }
            try wait(control, "Dequeue") { false }
          }
          taken.append(removeNext())
          if taken.count < count { condition.broadcast() }
        }
      } catch {
        restore(taken)
        throw error
      }
      return taken
    }
  }

  private var available: Int { isClosed ? held : held - minimum }

  private func removeNext() -> [Tensor] {
    if kind == .shuffled {
      let index = Int(words.word()) % elements.count
      elements.swapAt(index, elements.count - 1)
      return elements.removeLast()
    }
    let element = elements[head]
    elements[head] = []
    head += 1
    if head > 64, head * 2 > elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }

  /// Puts back what a dequeue that failed had taken.
  private func restore(_ taken: [[Tensor]]) {
    if kind == .shuffled {
      elements += taken
    } else {
      elements.replaceSubrange(0..<head, with: taken)
      head = 0
    }
  }

  // MARK: Waiting

  /// Runs `body` under the lock; a session that is closed meanwhile wakes its waits.
  private func waiting<Result>(_ control: RunControl?, _ body: () throws -> Result) throws -> Result {
    let registration = control?.onCancellation { [weak self] in
      guard let self else { return }
      locked { condition.broadcast() }
    }
    defer { if let registration { control?.forget(registration) } }
    return try locked(body)
  }

  private func wait(_ control: RunControl?, _ verb: String, isCancelled: () -> Bool) throws {
    let cancelled = EngineError(.cancelled, "\(verb) operation was cancelled")
    if isCancelled() || control?.isCancelled == true { throw cancelled }
    if let deadline = control?.deadline {
      let left = deadline - ContinuousClock.now
      guard left > .zero else { throw RunControl.timedOut }
      _ = condition.wait(until: Date(timeIntervalSinceNow: left / .seconds(1)))
    } else {
      condition.wait()
    }
    if isCancelled() || control?.isCancelled == true { throw cancelled }
  }

  private func takeTicket() -> Int {
    nextTicket += 1
    return nextTicket
  }

  private func leave(_ line: inout [Int], _ ticket: Int) {
    line.removeAll { $0 == ticket }
    condition.broadcast()
  }

  // MARK: Tuples

  /// Refuses a tuple that does not fit. Of batches the first dimension counts the elements.
  func check(_ tuple: [Tensor], isBatch: Bool) throws {
    guard tuple.count == types.count else {
      throw EngineError.invalid(
        "Wrong number of components in tuple. Expected \(types.count), got \(tuple.count)")
    }
    for (index, value) in tuple.enumerated() {
      guard value.dtype == types[index] else {
        throw EngineError.invalid(
          "Type mismatch in tuple component \(index). Expected \(types[index].shortName), got "
            + "\(value.dtype.shortName)")
      }
      if isBatch, value.rank == 0 {
        throw EngineError.invalid(
          "All components of a batch must have a first dimension; component \(index) is a scalar")
      }
      if isBatch, value.shape[0] != tuple[0].shape[0] {
        throw EngineError.invalid(
          "All input tensors must have the same size in the 0th dimension. Component \(index) has \(value.shape[0]), "
            + "and should have \(tuple[0].shape[0])")
      }
      guard !shapes.isEmpty else { continue }
      let batch = isBatch ? PartialShape([value.shape[0]]) : .scalar
      let expected = batch.concatenated(with: shapes[index])
      guard expected.accepts(value.shape) else {
        throw EngineError.invalid(
          "Shape mismatch in tuple component \(index). Expected \(expected), got \(value.shape)")
      }
    }
  }
}
