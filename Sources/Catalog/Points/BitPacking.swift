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

/// Unpacks one frame; `ck_block_pack` (CKernels) packs them. A small island of unsafe code: every read and write stays
/// inside the buffers it is given, which callers size with the constants below.
enum BitPacking {
  /// The most lanes a frame holds.
  static let frameLanes = 256
  /// Bytes that must be readable behind packed data, since lanes are read as whole words.
  static let readSlack = 16

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

  @inline(__always)
  private static func load(_ input: UnsafeRawPointer, at offset: Int) -> UInt64 {
    UInt64(littleEndian: input.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
