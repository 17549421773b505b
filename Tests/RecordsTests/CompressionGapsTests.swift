import Testing

@testable import Records

@Suite struct CompressionGapsTests {
  private func gap(_ number: Int) -> CompressionGap {
    CompressionGap(
      offset: UInt64(number) * 10, fileOffset: UInt64(number) * 100, fileBytes: 7, reason: "damage \(number)")
  }

  @Test func `each place is listed once and in order, however often it is met`() {
    var gaps = CompressionGaps()
    for number in [0, 1, 4, 2, 3, 1, 0, 4, 5, 5] { gaps.add(gap(number)) }
    #expect(gaps.all == (0...5).map(gap))
    #expect(gaps.within(10..<40) == (1...3).map(gap))
    #expect(gaps.within(11..<11).isEmpty)
    #expect(gaps.within(50..<UInt64.max) == [gap(5)])
    #expect(gaps.within(51..<UInt64.max).isEmpty)
  }

  @Test func `stretches with nothing between them are one`() {
    var gaps = CompressionGaps()
    for _ in 0..<2 {
      for part in 0..<3 {
        gaps.add(CompressionGap(offset: 5, fileOffset: 100 + UInt64(part) * 10, fileBytes: 10, reason: "damage"))
      }
    }
    #expect(gaps.all == [CompressionGap(offset: 5, fileOffset: 100, fileBytes: 30, reason: "damage")])
  }

  @Test func `what is beyond the limit is counted with the last place, which says so`() throws {
    var gaps = CompressionGaps()
    let count = 3 * CompressionGaps.limit
    // The second round meets again what the first found.
    for _ in 0..<2 {
      for number in 0..<count { gaps.add(gap(number)) }
      #expect(gaps.all.count == CompressionGaps.limit)
      let last = try #require(gaps.all.last)
      #expect(last.offset == gap(CompressionGaps.limit - 1).offset)
      #expect(last.reason == "damage \(CompressionGaps.limit - 1)" + CompressionGaps.joined)
      #expect(gaps.all.reduce(0) { $0 + $1.fileBytes } == UInt64(count) * 7)
    }
    #expect(gaps.all[CompressionGaps.limit - 2] == gap(CompressionGaps.limit - 2))
  }
}
