import Tensors

/// One tensor looked at as a whole.
public struct TensorSummary: Equatable, Sendable {
  public var entry: CheckpointEntry
  /// Of the raw little-endian row-major bytes; of a string tensor, of its elements back to back.
  public var sha256: String
  public var statistics: TensorStatistics
}

extension CheckpointReader {
  /// Digest, statistics and histogram of a tensor, its checksum verified. Memory does not grow with the tensor.
  public func summary(of name: String) throws -> TensorSummary {
    let entry = try entry(named: name)
    var hash = SHA256()
    let statistics = try statistics(of: entry) { hash.update($0) }
    return TensorSummary(entry: entry, sha256: hash.hexDigest, statistics: statistics)
  }

  /// Statistics and histogram of a tensor, its checksum verified. Memory does not grow with the tensor.
  public func statistics(of name: String) throws -> TensorStatistics {
    try statistics(of: entry(named: name)) { _ in }
  }

  private func statistics(
    of entry: CheckpointEntry, observing: (UnsafeRawBufferPointer) -> Void
  ) throws -> TensorStatistics {
    guard TensorStatisticsAccumulator.hasStatistics(entry.dtype) else {
      var statistics = TensorStatistics()
      statistics.count = entry.shape.elementCount
      try forEachChunk(of: entry, observing)
      return statistics
    }
    var accumulator = TensorStatisticsAccumulator(dtype: entry.dtype)
    // The bins need the extremes, so the tensor is read twice; the second time it comes from the system's cache.
    try forEachChunk(of: entry) {
      observing($0)
      accumulator.add($0)
    }
    accumulator.startHistogram()
    try forEachChunk(of: entry) { accumulator.addToHistogram($0) }
    return accumulator.finish()
  }

  /// A picture of two axes of a tensor, shrunk to at most `maximumHeight × maximumWidth` cells.
  ///
  /// - Parameters:
  ///   - row: the axis that runs down; nil for a picture of one row. Must be nil for a vector or scalar.
  ///   - column: the axis that runs to the right; nil for a scalar.
  ///   - indices: the place on each axis; those of `row` and `column` are not looked at. Missing ones are 0.
  public func heatMap(
    of name: String, row: Int?, column: Int?, at indices: [Int] = [], maximumHeight: Int, maximumWidth: Int
  ) throws -> HeatMap {
    let entry = try entry(named: name)
    guard let width = entry.dtype.byteWidth else {
      throw CheckpointError.undecodable(name: name, dtype: entry.dtype.name)
    }
    if let row, let column, row > column {
      // Read in the order of the file, then turned.
      return try heatMap(
        of: name, row: column, column: row, at: indices, maximumHeight: maximumWidth, maximumWidth: maximumHeight
      ).transposed()
    }
    let sizes = entry.shape.dimensions
    let axes = sizes.indices.filter { $0 != row && $0 != column }.map { axis in
      (axis: axis, index: axis < indices.count ? indices[axis] : 0)
    }
    let bad = axes.first { !(0..<sizes[$0.axis]).contains($0.index) }
    guard row.map(sizes.indices.contains) ?? true, column.map(sizes.indices.contains) ?? true,
      row != column || row == nil,
      bad == nil || sizes.contains(0)
    else {
      throw CheckpointError.invalidSlice(
        name: name,
        reason: "no picture with row axis \(row.map(String.init) ?? "-"), column axis "
          + "\(column.map(String.init) ?? "-") at \(indices) in shape \(entry.shape)")
    }
    let rows = row.map { sizes[$0] } ?? 1
    let columns = column.map { sizes[$0] } ?? 1
    var map = HeatMap(rows: rows, columns: columns, maximumHeight: maximumHeight, maximumWidth: maximumWidth)
    if sizes.contains(0) {
      // Nothing to show; rows without columns still count.
      for _ in 0..<rows { map.addRow([Double](repeating: .nan, count: columns)) }
      map.finish()
      return map
    }
    var slice = ResolvedSlice(entry.shape)
    for (axis, index) in axes { slice.axes[axis] = ResolvedSlice.Axis(start: index, count: 1, isDropped: true) }
    let step = max(1, Self.chunkSize / max(1, columns * width))
    for start in stride(from: 0, to: rows, by: step) {
      let count = min(step, rows - start)
      if let row { slice.axes[row] = ResolvedSlice.Axis(start: start, count: count) }
      let block = try Tensor(
        dtype: entry.dtype, shape: [count, columns], bytes: bytes(of: entry, slice: slice))
      let values = block.doubles ?? []
      for index in 0..<count { map.addRow(values[index * columns..<(index + 1) * columns]) }
    }
    map.finish()
    return map
  }
}
