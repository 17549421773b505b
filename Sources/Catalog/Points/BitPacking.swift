// Packed integer columns: frames of up to 256 lanes of 64 bits.
//
//   byte 0      bit 7: lanes are deltas to the lane before; bits 0-6: width w in bits, 0...64
//   byte 1      shift s: every lane is a multiple of 2^s
//   bytes 2-9   base, little endian
//   bytes 10-17 first lane; only with deltas
//   then        w bits a lane (a lane less with deltas), lowest bits first: (lane or delta - base) >> s
//
// Arithmetic wraps, so any 64-bit lanes are kept exactly. A frame takes the smaller of the two forms: deltas suit steps
// and times, the plain form suits values. Constant steps take no bits at all.

/// Packs and unpacks one frame. A small island of unsafe code: every read and write stays inside the buffers it is
/// given, which callers size with the constants below.
enum BitPacking {
  /// The most lanes a frame holds.
  static let frameLanes = 256
  /// The most bytes a frame takes: header, then 64 bits a lane, then the slack that lets words be written whole.
  static let maximumFrameBytes = 18 + 256 * 8 + 16
  /// Bytes that must be readable behind packed data, since lanes are read as whole words.
  static let readSlack = 16

  /// Packs `lanes` (1...256 of them) to `output`, which has room for `maximumFrameBytes`; gives the bytes taken.
  static func pack(_ lanes: UnsafeBufferPointer<UInt64>, into output: UnsafeMutablePointer<UInt8>) -> Int {
    let count = lanes.count
    let first = lanes[0]
    var low = first
    var high = first
    var varying: UInt64 = 0
    var lowDelta = Int64.max
    var highDelta = Int64.min
    let firstDelta = count > 1 ? lanes[1] &- first : 0
    var varyingDelta: UInt64 = 0
    var previous = first
    for index in 1..<max(count, 1) {
      let lane = lanes[index]
      low = min(low, lane)
      high = max(high, lane)
      varying |= lane ^ first
      let delta = lane &- previous
      lowDelta = min(lowDelta, Int64(bitPattern: delta))
      highDelta = max(highDelta, Int64(bitPattern: delta))
      varyingDelta |= delta ^ firstDelta
      previous = lane
    }
    let plain = shape(span: high &- low, varying: varying)
    let delta =
      count > 1 ? shape(span: UInt64(bitPattern: highDelta &- lowDelta), varying: varyingDelta) : plain
    let usesDeltas = count > 1 && delta.width * (count - 1) + 64 < plain.width * count

    let form = usesDeltas ? delta : plain
    let base = usesDeltas ? UInt64(bitPattern: lowDelta) : low
    output[0] = UInt8(form.width) | (usesDeltas ? 0x80 : 0)
    output[1] = UInt8(form.shift)
    store(base, at: output + 2)
    var position = 10
    if usesDeltas {
      store(first, at: output + 10)
      position = 18
    }
    guard form.width > 0 else { return position }

    let width = UInt64(form.width)
    let shift = UInt64(form.shift)
    var word: UInt64 = 0
    var filled: UInt64 = 0
    previous = first
    for index in (usesDeltas ? 1 : 0)..<count {
      let lane = lanes[index]
      let residual = ((usesDeltas ? lane &- previous : lane) &- base) >> shift
      previous = lane
      word |= residual << filled
      filled &+= width
      if filled >= 64 {
        store(word, at: output + position)
        position &+= 8
        filled &-= 64
        // The bits of this lane that did not fit; a smart shift by 64 gives 0 where all of them did.
        word = filled == 0 ? 0 : residual >> (width &- filled)
      }
    }
    store(word, at: output + position)
    return position + Int((filled + 7) / 8)
  }

  /// Unpacks a frame of `count` lanes that starts at `position` and must end at or before `end`; gives the position
  /// behind it, or nil where the bytes are not a frame. `readSlack` bytes behind `end` must be readable.
  static func unpack(
    _ input: UnsafeRawPointer, from position: Int, end: Int, count: Int, into lanes: UnsafeMutablePointer<UInt64>
  ) -> Int? {
    guard count >= 1, position + 10 <= end else { return nil }
    let head = input.load(fromByteOffset: position, as: UInt8.self)
    let shift = UInt64(input.load(fromByteOffset: position + 1, as: UInt8.self))
    let usesDeltas = head & 0x80 != 0
    let width = Int(head & 0x7f)
    guard width <= 64, shift < 64 else { return nil }
    let base = load(input, at: position + 2)
    let start = position + (usesDeltas ? 18 : 10)
    let packed = usesDeltas ? count - 1 : count
    let next = start + (packed * width + 7) / 8
    guard start <= end, next <= end else { return nil }

    var output = lanes
    var previous: UInt64 = 0
    if usesDeltas {
      previous = load(input, at: position + 10)
      output.pointee = previous
      output += 1
    }
    let mask: UInt64 = width == 64 ? .max : (1 << UInt64(width)) &- 1
    if width == 0 {
      for index in 0..<packed {
        previous = usesDeltas ? previous &+ base : base
        output[index] = previous
      }
    } else if width <= 57 {
      let source = input + start
      var bit = 0
      if usesDeltas {
        for index in 0..<packed {
          let residual = (load(source, at: bit >> 3) >> UInt64(bit & 7)) & mask
          previous = previous &+ base &+ (residual << shift)
          output[index] = previous
          bit &+= width
        }
      } else {
        for index in 0..<packed {
          let residual = (load(source, at: bit >> 3) >> UInt64(bit & 7)) & mask
          output[index] = base &+ (residual << shift)
          bit &+= width
        }
      }
    } else {
      // A lane may touch nine bytes.
      let source = input + start
      var bit = 0
      for index in 0..<packed {
        let offset = UInt64(bit & 7)
        var residual = load(source, at: bit >> 3) >> offset
        if offset > 0 { residual |= load(source, at: (bit >> 3) + 8) << (64 - offset) }
        let lane = base &+ ((residual & mask) << shift)
        previous = usesDeltas ? previous &+ lane : lane
        output[index] = previous
        bit &+= width
      }
    }
    return next
  }

  /// Bits a lane and common trailing zero bits, for lanes that spread over `span` and differ in the bits `varying`.
  private static func shape(span: UInt64, varying: UInt64) -> (width: Int, shift: Int) {
    guard span > 0 else { return (0, 0) }
    let shift = varying.trailingZeroBitCount
    return (64 - (span >> UInt64(shift)).leadingZeroBitCount, shift)
  }

  @inline(__always)
  private static func load(_ input: UnsafeRawPointer, at offset: Int) -> UInt64 {
    UInt64(littleEndian: input.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  private static func store(_ word: UInt64, at output: UnsafeMutablePointer<UInt8>) {
    UnsafeMutableRawPointer(output).storeBytes(of: word.littleEndian, as: UInt64.self)
  }
}
