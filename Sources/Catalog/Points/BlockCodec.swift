import CKernels

// A block: up to 4,096 points of one series, packed.
//
//   byte 0       format, 2
//   byte 1       precision of the values, as TensorFlow's DataType: 1 float32, 2 float64, 9 int64
//   bytes 2-3    0
//   bytes 4-7    points
//   bytes 8-19   bytes of the step, wall time and value column
//   then         an entry for every frame of 256 points (BlockFrames.swift)
//   then         the columns, each in frames (BitPacking.swift)
//   then         16 bytes of zero, so that lanes can be read as whole words
//
// Numbers are little endian. Lanes are: the step; the bits of the wall time; the bits of a floating-point value rotated
// left by one, so that the sign does not spread small values over the whole range; the integer value.
//
// Blocks are packed by `ck_block_pack` (CKernels/block.c), which also sums them up.

/// Why a stored block cannot be read. The catalogue is damaged and has to be rebuilt from the event files.
enum BlockError: Error, Equatable {
  case notABlock
  case columnOutOfBounds
  /// The bytes are not those that were stored. `file` is the id of the event file they were read from, which has them.
  case damaged(file: Int64)
}

/// Unpacks blocks, without loss: NaN payloads, signed zeros and any step survive. Any bytes are safe to give; what is not a
/// block is refused.
enum BlockCodec {
  /// Points a full block holds.
  static let pointsPerBlock = 4096

  /// Unpacks all points, without their wall times where they are not needed.
  static func decode(_ bytes: UnsafeRawBufferPointer, wallTimes: Bool = true) throws(BlockError) -> PointColumns {
    let layout = try BlockLayout(bytes)
    return try decode(bytes, layout, frames: 0..<layout.frames, wallTimes: wallTimes)
  }

  /// Unpacks the points of some frames.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, _ layout: BlockLayout, frames: Range<Int>, wallTimes: Bool
  ) throws(BlockError) -> PointColumns {
    let first = frames.lowerBound * BitPacking.frameLanes
    let count = min(frames.upperBound * BitPacking.frameLanes, layout.points) - first
    guard frames.lowerBound >= 0, count >= 1, let input = bytes.baseAddress else { throw .notABlock }
    var failed = false
    func column<T>(_ number: Int, _ convert: (UInt64) -> T) -> [T] {
      let (start, end) = layout.column(number, from: frames.lowerBound, bytes)
      return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = unpackColumn(input, from: start, end: end, count: count, into: buffer, convert)
        if initialized < count { failed = true }
      }
    }
    let steps = column(0) { Int64(bitPattern: $0) }
    let times = wallTimes ? column(1) { Double(bitPattern: $0) } : []
    let values: SeriesValues =
      switch layout.precision {
      case .float32:
        .float32(
          column(2) {
            let bits = UInt32(truncatingIfNeeded: $0)
            return Float(bitPattern: bits >> 1 | bits << 31)
          })
      case .float64: .float64(column(2) { Double(bitPattern: $0 >> 1 | $0 << 63) })
      case .int64: .int64(column(2) { Int64(bitPattern: $0) })
      }
    guard !failed else { throw .columnOutOfBounds }
    return wallTimes
      ? PointColumns(steps: steps, wallTimes: times, values: values) : PointColumns(steps: steps, values: values)
  }

  /// Gives how many elements were unpacked: fewer than `count` where the bytes are no column.
  @inline(__always)
  private static func unpackColumn<T>(
    _ input: UnsafeRawPointer, from start: Int, end: Int, count: Int, into output: UnsafeMutableBufferPointer<T>,
    _ convert: (UInt64) -> T
  ) -> Int {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: BitPacking.frameLanes) { lanes in
      var position = start
      var done = 0
      while done < count {
        let frame = min(BitPacking.frameLanes, count - done)
        guard
          let next = BitPacking.unpack(
            input, from: position, end: end, count: frame, into: lanes.baseAddress!)
        else { return done }
        for index in 0..<frame {
          output.initializeElement(at: done + index, to: convert(lanes[index]))
        }
        position = next
        done += frame
      }
      return done
    }
  }
}
