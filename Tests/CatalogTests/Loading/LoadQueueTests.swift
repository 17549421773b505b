import Testing

@testable import Catalog

@Suite struct LoadQueueTests {
  @Test func `of a run the file with least to read is next`() {
    var queue = LoadQueue()
    for (file, remaining) in [(1, 500), (2, 20), (3, 900), (4, 100)] as [(Int64, Int64)] {
      queue.add(file: file, run: 7, remaining: remaining)
    }
    #expect([queue.take(), queue.take(), queue.take(), queue.take(), queue.take()] == [2, 4, 1, 3, nil])
    #expect(queue.isEmpty)
  }

  @Test func `the run that was given least is next`() {
    var queue = LoadQueue()
    queue.add(file: 1, run: 1, remaining: 100)
    queue.add(file: 2, run: 2, remaining: 1)
    queue.served(50, run: 2)
    #expect(queue.take() == 1)
    queue.served(60, run: 1)
    queue.add(file: 1, run: 1, remaining: 40)
    #expect(queue.take() == 2)
  }

  @Test func `two large runs take turns, and a new run has the first one at once`() {
    var queue = LoadQueue()
    queue.add(file: 1, run: 1, remaining: 1000)
    queue.add(file: 2, run: 2, remaining: 1000)
    var order: [Int64] = []
    for turn in 0..<12 {
      if turn == 6 { for file in 3...5 { queue.add(file: Int64(file), run: Int64(file), remaining: 5) } }
      guard let file = queue.take() else { break }
      order.append(file)
      queue.served(file > 2 ? 5 : 8, run: file)
      if file <= 2 { queue.add(file: file, run: file, remaining: 1000) }
    }
    #expect(order == [1, 2, 1, 2, 1, 2, 3, 4, 5, 1, 2, 1])
  }

  @Test func `among many runs the order is that of what they were given`() {
    var queue = LoadQueue()
    var generator = SeededGenerator(seed: 3)
    var served: [Int64: Int64] = [:]
    for run in Int64(0)..<200 { queue.add(file: run, run: run, remaining: 10) }
    for _ in 0..<5000 {
      guard let run = queue.take() else { break }
      #expect(served.values.allSatisfy { served[run, default: 0] <= $0 } || served.count < 200)
      let bytes = Int64.random(in: 1...100, using: &generator)
      served[run, default: 0] += bytes
      queue.served(bytes, run: run)
      queue.add(file: run, run: run, remaining: 10)
    }
    #expect(served.count == 200)
  }
}
