import Foundation

/// SHA-256 (FIPS 180-4), for comparing blobs with the fixtures' expectations; plain and slow.
func sha256(_ message: [UInt8]) -> String {
  var primes: [Int] = []
  var candidate = 2
  while primes.count < 64 {
    if !primes.contains(where: { candidate % $0 == 0 }) { primes.append(candidate) }
    candidate += 1
  }
  func fraction(_ x: Double) -> UInt32 { UInt32(truncatingIfNeeded: Int64((x - x.rounded(.down)) * 4_294_967_296)) }
  let constants: [UInt32] = primes.map { fraction(cbrt(Double($0))) }
  var state: [UInt32] = primes[..<8].map { fraction(Double($0).squareRoot()) }

  var bytes = message + [0x80]
  while bytes.count % 64 != 56 { bytes.append(0) }
  let bits = UInt64(message.count) * 8
  for shift in stride(from: UInt64(56), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }

  func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { (x >> n) | (x << (32 - n)) }
  for block in stride(from: 0, to: bytes.count, by: 64) {
    var words: [UInt32] = []
    for word in 0..<16 {
      var value: UInt32 = 0
      for byte in 0..<4 { value = value << 8 | UInt32(bytes[block + word * 4 + byte]) }
      words.append(value)
    }
    for index in 16..<64 {
      let a = words[index - 15]
      let b = words[index - 2]
      let s0: UInt32 = rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)
      let s1: UInt32 = rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10)
      words.append(words[index - 16] &+ s0 &+ words[index - 7] &+ s1)
    }
    var v = state
    for index in 0..<64 {
      let s1: UInt32 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)
      let choice: UInt32 = (v[4] & v[5]) ^ (~v[4] & v[6])
      let t1: UInt32 = v[7] &+ s1 &+ choice &+ constants[index] &+ words[index]
      let s0: UInt32 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)
      let majority: UInt32 = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
      v = [t1 &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
    }
    for index in 0..<8 { state[index] = state[index] &+ v[index] }
  }
  return state.map { String(format: "%08x", $0) }.joined()
}
