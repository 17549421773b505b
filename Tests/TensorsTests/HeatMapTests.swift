import Testing

@testable import Tensors

struct HeatMapTests {
  private func map(_ rows: [[Double]], _ height: Int, _ width: Int) -> HeatMap {
    var map = HeatMap(rows: rows.count, columns: rows[0].count, maximumHeight: height, maximumWidth: width)
    for (index, row) in rows.enumerated() { map.add(row[...], row: index) }
    map.finish()
    return map
  }

  @Test func aMatrixThatFitsHasOneValueACell() {
    let map = map([[1, 2, 3], [4, 5, 6]], 10, 10)
    #expect(map.height == 2 && map.width == 3)
    #expect(map.mean == [1, 2, 3, 4, 5, 6] && map.min == map.mean && map.max == map.mean)
    #expect(map.transposed().mean == [1, 4, 2, 5, 3, 6])
  }

  @Test func cellsCoverEveryIndexEvenly() {
    for (count, cells) in [(10, 3), (7, 7), (100, 64), (1_000_003, 256)] {
      var sizes = [Int](repeating: 0, count: cells)
      var last = 0
      let edges = (0...cells).map { HeatMap.firstIndex(ofCell: $0, count: count, cells: cells) }
      #expect(edges.last == count)
      for index in 0..<count {
        let cell = HeatMap.cell(of: index, count: count, cells: cells)
        #expect(cell >= last)
        last = cell
        if index < edges[cell] || index >= edges[cell + 1] { Issue.record("index \(index) is not in cell \(cell)") }
        sizes[cell] += 1
      }
      #expect(sizes.max()! - sizes.min()! <= 1)
    }
  }

  @Test func oneOutlierIsSeenAtEverySize() {
    var rows = [[Double]](repeating: [Double](repeating: 0, count: 100), count: 100)
    rows[37][61] = 9
    for size in [1, 3, 10, 100] {
      let map = map(rows, size, size)
      #expect(map.max.max() == 9)
      #expect(map.range?.min == 0 && map.range?.max == 9)
    }
  }

  @Test func nonFiniteValuesStayVisible() {
    let map = map([[1, .nan, .infinity, 1], [1, 3, 1, -.infinity]], 1, 4)
    #expect(map.mean[0] == 1)
    #expect(map.mean[1].isNaN && map.min[1] == 3 && map.max[1] == 3)
    #expect(map.mean[2] == .infinity && map.max[2] == .infinity && map.min[2] == 1)
    #expect(map.mean[3] == -.infinity)
    #expect(map.range?.min == 1 && map.range?.max == 3)
  }

  @Test func rowsMayComeInPieces() {
    let row = (0..<100).map { Double($0 * $0) }
    let whole = map([row], 1, 7)
    for cut in [1, 3, 14, 15, 99] {
      var pieces = HeatMap(rows: 1, columns: 100, maximumHeight: 1, maximumWidth: 7)
      for start in stride(from: 0, to: 100, by: cut) {
        pieces.add(row[start..<min(start + cut, 100)], row: 0, column: start)
      }
      pieces.finish()
      #expect(pieces.mean == whole.mean && pieces.min == whole.min && pieces.max == whole.max)
    }
  }

  @Test func onlyNaNHasNoRange() {
    #expect(map([[.nan]], 4, 4).range == nil)
  }
}
