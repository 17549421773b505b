import CKernels

/// SHA-256 (FIPS 180-4) over bytes that come in pieces.
///
/// Own code because the library that has it builds several minutes of C for this one function; the processor's SHA
/// instructions are used where it has them.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// Bytes that do not yet fill a block of 64.
  private var rest: [UInt8] = []
  private var count: UInt64 = 0

  public init() {}

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var position = 0
    if !rest.isEmpty {
      position = min(64 - rest.count, bytes.count)
      rest.append(contentsOf: bytes[..<position])
      guard rest.count == 64 else { return }
      rest.withUnsafeBytes { ck_sha256_blocks(&state, $0.baseAddress!, 1) }
      rest.removeAll(keepingCapacity: true)
    }
    let blocks = (bytes.count - position) / 64
    if blocks > 0 { ck_sha256_blocks(&state, bytes.baseAddress! + position, blocks) }
    rest.append(contentsOf: bytes[(position + 64 * blocks)...])
  }

  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The 64 hexadecimal digits of the digest of all bytes so far.
  public var hexDigest: String {
    var copy = self
    let padding = [0x80] + [UInt8](repeating: 0, count: (119 - rest.count) % 64)
    let bits = count * 8
    copy.update(padding + (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) })
    return copy.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  public static func hexDigest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest
  }
}
