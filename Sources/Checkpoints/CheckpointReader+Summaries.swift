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
  ///
  /// - Parameter isWanted: asked at every megabyte; once it says no, `CancellationError` is thrown.
  public func summary(of name: String, whileTrue isWanted: () -> Bool = { true }) throws -> TensorSummary {
    let entry = try entry(named: name)
    var hash = SHA256()
    let statistics = try statistics(of: entry) {
      hash.update($0)
      if !isWanted() { throw CancellationError() }
    }
    return TensorSummary(entry: entry, sha256: hash.hexDigest, statistics: statistics)
  }

  /// Statistics and histogram of a tensor, its checksum verified. Memory does not grow with the tensor.
  public func statistics(of name: String) throws -> TensorStatistics {
    try statistics(of: entry(named: name)) { _ in }
  }

  private func statistics(
    of entry: CheckpointEntry, observing: (UnsafeRawBufferPointer) throws -> Void
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
      try observing($0)
      accumulator.add($0)
    }
    accumulator.startHistogram()
    try forEachChunk(of: entry) { accumulator.addToHistogram($0) }
    return accumulator.finish()
  }

  /// Which part of a tensor a picture shows.
  public struct HeatMapView: Sendable {
    /// The axis that runs down; nil for a picture of one row. Must be nil for a vector or scalar.
    public var row: Int?
    /// The axis that runs to the right; nil for a scalar.
    public var column: Int?
    /// The place on each axis; those of `row` and `column` are not looked at. Missing ones are 0.
    public var indices: [Int]
    /// The part of each axis shown; nil for all of it.
    public var rows: Range<Int>?
    public var columns: Range<Int>?

    public init(
      row: Int?, column: Int?, at indices: [Int] = [], rows: Range<Int>? = nil, columns: Range<Int>? = nil
    ) {
      self.row = row
      self.column = column
      self.indices = indices
      self.rows = rows
      self.columns = columns
    }
  }

  /// A picture of two axes of a tensor, shrunk to at most `maximumHeight × maximumWidth` cells. Memory does not grow with
  /// the tensor; the part of the file that holds the picture is read once.
  ///
  /// - Parameter isWanted: asked at every megabyte; once it says no, `CancellationError` is thrown.
  public func heatMap(
    of name: String, _ view: HeatMapView, maximumHeight: Int, maximumWidth: Int,
    whileTrue isWanted: () -> Bool = { true }
  ) throws -> HeatMap {
    let entry = try entry(named: name)
    guard let width = entry.dtype.byteWidth else {
      throw CheckpointError.undecodable(name: name, dtype: entry.dtype.name)
    }
    if let row = view.row, let column = view.column, row > column {
      // Read in the order of the file, then turned.
      let turned = HeatMapView(
        row: column, column: row, at: view.indices, rows: view.columns, columns: view.rows)
      return try heatMap(
        of: name, turned, maximumHeight: maximumWidth, maximumWidth: maximumHeight, whileTrue: isWanted
      ).transposed()
    }
    let sizes = entry.shape.dimensions
    var slice = try place(view, in: entry)
    if sizes.contains(0) {
      var empty = HeatMap(rows: 0, columns: 0, maximumHeight: maximumHeight, maximumWidth: maximumWidth)
      empty.finish()
      return empty
    }
    let rows = view.row.map { view.rows ?? 0..<sizes[$0] } ?? 0..<1
    let columns = view.column.map { view.columns ?? 0..<sizes[$0] } ?? 0..<1
    var map = HeatMap(
      rows: rows.count, columns: columns.count, maximumHeight: maximumHeight, maximumWidth: maximumWidth)
    // Blocks of whole rows; of parts of a row where one alone is larger than a chunk.
    let columnStep = min(columns.count, Self.chunkSize / width)
    let rowStep = max(1, Self.chunkSize / (columnStep * width))
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: rowStep) {
      let height = min(rowStep, rows.upperBound - row)
      if let axis = view.row { slice.axes[axis] = ResolvedSlice.Axis(start: row, count: height) }
      for column in stride(from: columns.lowerBound, to: columns.upperBound, by: columnStep) {
        if !isWanted() { throw CancellationError() }
        let part = min(columnStep, columns.upperBound - column)
        if let axis = view.column { slice.axes[axis] = ResolvedSlice.Axis(start: column, count: part) }
        let block = try Tensor(dtype: entry.dtype, shape: [height, part], bytes: bytes(of: entry, slice: slice))
        let values = block.doubles ?? []
        for index in 0..<height {
          map.add(
            values[index * part..<(index + 1) * part], row: row - rows.lowerBound + index,
            column: column - columns.lowerBound)
        }
      }
    }
    map.finish()
    return map
  }

  /// The slice of one place on all axes but those of the picture; throws where the view does not fit the tensor.
  private func place(_ view: HeatMapView, in entry: CheckpointEntry) throws -> ResolvedSlice {
    let sizes = entry.shape.dimensions
    func wrong(_ reason: String) -> CheckpointError {
      .invalidSlice(name: entry.name, reason: "no picture of shape \(entry.shape): \(reason)")
    }
    for axis in [view.row, view.column].compactMap(\.self) where !sizes.indices.contains(axis) {
      throw wrong("there is no axis \(axis)")
    }
    if let row = view.row, row == view.column { throw wrong("axis \(row) cannot be both rows and columns") }
    var slice = ResolvedSlice(entry.shape)
    for axis in sizes.indices where axis != view.row && axis != view.column {
      let index = axis < view.indices.count ? view.indices[axis] : 0
      guard (0..<max(1, sizes[axis])).contains(index) else { throw wrong("there is no index \(index) on axis \(axis)") }
      slice.axes[axis] = ResolvedSlice.Axis(start: index, count: 1, isDropped: true)
    }
    for (axis, range) in [(view.row, view.rows), (view.column, view.columns)] {
      guard let range, let axis, sizes[axis] > 0 else { continue }
      guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= sizes[axis] else {
        throw wrong("axis \(axis) has no part \(range.lowerBound):\(range.upperBound)")
      }
    }
    return slice
  }
}
