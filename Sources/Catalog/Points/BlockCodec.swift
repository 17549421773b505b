// A block: up to 4,096 points of one series, packed.
//
//   byte 0       format, 1
//   byte 1       precision of the values, as TensorFlow's DataType: 1 float32, 2 float64, 9 int64
//   bytes 2-3    0
//   bytes 4-7    points
//   bytes 8-19   bytes of the step, wall time and value column
//   then         the columns, each in frames (BitPacking.swift)
//   then         16 bytes of zero, so that lanes can be read as whole words
//
// Numbers are little endian. Lanes are: the step; the bits of the wall time; the bits of a floating-point value rotated
// left by one, so that the sign does not spread small values over the whole range; the integer value.

/// Why a stored block cannot be read. The catalogue is damaged and has to be rebuilt from the event files.
enum BlockError: Error, Equatable {
  case notABlock
  case columnOutOfBounds
  /// The bytes are not those that were stored. `file` is the id of the event file they were read from, which has them.
  case damaged(file: Int64)
}

/// Turns columns into a block's bytes and back, without loss: NaN payloads, signed zeros and any step survive.
enum BlockCodec {
  /// Points a full block holds.
  static let pointsPerBlock = 4096
  private static let headerBytes = 20

  /// Packs a range of `columns` (at least one point).
  static func encode(_ columns: PointColumns, _ range: Range<Int>) -> [UInt8] {
    let count = range.count
    let frames = (count + BitPacking.frameLanes - 1) / BitPacking.frameLanes
    let capacity = headerBytes + 3 * frames * BitPacking.maximumFrameBytes + BitPacking.readSlack
    return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
      let output = buffer.baseAddress!
      let start = range.lowerBound
      let stepBytes = columns.steps.withUnsafeBufferPointer { steps in
        packColumn(count, into: output + headerBytes) { UInt64(bitPattern: steps[start + $0]) }
      }
      let wallBytes = columns.wallTimes.withUnsafeBufferPointer { times in
        packColumn(count, into: output + headerBytes + stepBytes) { times[start + $0].bitPattern }
      }
      let valueStart = output + headerBytes + stepBytes + wallBytes
      let precision: UInt8
      let valueBytes: Int
      switch columns.values {
      case .float32(let values):
        precision = 1
        valueBytes = values.withUnsafeBufferPointer { values in
          packColumn(count, into: valueStart) {
            let bits = values[start + $0].bitPattern
            return UInt64(bits << 1 | bits >> 31)
          }
        }
      case .float64(let values):
        precision = 2
        valueBytes = values.withUnsafeBufferPointer { values in
          packColumn(count, into: valueStart) {
            let bits = values[start + $0].bitPattern
            return bits << 1 | bits >> 63
          }
        }
      case .int64(let values):
        precision = 9
        valueBytes = values.withUnsafeBufferPointer { values in
          packColumn(count, into: valueStart) { UInt64(bitPattern: values[start + $0]) }
        }
      }
      output[0] = 1
      output[1] = precision
      output[2] = 0
      output[3] = 0
      for (index, number) in [count, stepBytes, wallBytes, valueBytes].enumerated() {
        UnsafeMutableRawPointer(output + 4 + 4 * index)
          .storeBytes(of: UInt32(number).littleEndian, as: UInt32.self)
      }
      let end = headerBytes + stepBytes + wallBytes + valueBytes
      for index in 0..<BitPacking.readSlack { output[end + index] = 0 }
      initialized = end + BitPacking.readSlack
    }
  }

  /// Unpacks a block, without its wall times where they are not needed. Any bytes are safe to give; what is not a block
  /// is refused.
  static func decode(_ bytes: UnsafeRawBufferPointer, wallTimes: Bool = true) throws(BlockError) -> PointColumns {
    guard bytes.count >= headerBytes + BitPacking.readSlack, bytes[0] == 1 else { throw .notABlock }
    func number(_ index: Int) -> Int {
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 + 4 * index, as: UInt32.self)))
    }
    let count = number(0)
    let payload = bytes.count - headerBytes - BitPacking.readSlack
    // A frame takes ten bytes at the least, so the count of points is bounded by the bytes present.
    guard count >= 1, (count - 1) / BitPacking.frameLanes < payload / 10, number(1) + number(2) + number(3) == payload
    else { throw .notABlock }
    let input = bytes.baseAddress!
    let wallStart = headerBytes + number(1)
    let valueStart = wallStart + number(2)
    let end = valueStart + number(3)

    var failed = false
    func column<T>(_ start: Int, _ end: Int, _ convert: (UInt64) -> T) -> [T] {
      [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = unpackColumn(input, from: start, end: end, count: count, into: buffer, convert)
        if initialized < count { failed = true }
      }
    }
    let steps = column(headerBytes, wallStart) { Int64(bitPattern: $0) }
    let times = wallTimes ? column(wallStart, valueStart) { Double(bitPattern: $0) } : []
    let values: SeriesValues
    switch bytes[1] {
    case 1:
      values = .float32(
        column(valueStart, end) {
          let bits = UInt32(truncatingIfNeeded: $0)
          return Float(bitPattern: bits >> 1 | bits << 31)
        })
    case 2: values = .float64(column(valueStart, end) { Double(bitPattern: $0 >> 1 | $0 << 63) })
    case 9: values = .int64(column(valueStart, end) { Int64(bitPattern: $0) })
    default: throw .notABlock
    }
    guard !failed else { throw .columnOutOfBounds }
    return wallTimes
      ? PointColumns(steps: steps, wallTimes: times, values: values) : PointColumns(steps: steps, values: values)
  }

  @inline(__always)
  private static func packColumn(
    _ count: Int, into output: UnsafeMutablePointer<UInt8>, lane: (Int) -> UInt64
  ) -> Int {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: BitPacking.frameLanes) { lanes in
      var written = 0
      var done = 0
      while done < count {
        let frame = min(BitPacking.frameLanes, count - done)
        for index in 0..<frame { lanes[index] = lane(done + index) }
        written += BitPacking.pack(UnsafeBufferPointer(rebasing: lanes[0..<frame]), into: output + written)
        done += frame
      }
      return written
    }
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
