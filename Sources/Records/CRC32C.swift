import CKernels

/// CRC-32C (Castagnoli) and the masked form in which TFRecord files and table files store it.
///
/// Runs on the processor's own instructions where it has them (68 GB/s in cache with AVX-512, 25-32 GB/s with SSE4.2)
/// and on tables elsewhere.
public enum CRC32C {
  /// The checksum of `bytes`; `"123456789"` gives `0xE3069283`.
  @inlinable
  public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 { extend(0, bytes) }

  /// The checksum of `bytes`.
  @inlinable
  public static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { extend(0, $0) } }

  /// The checksum of a message in parts: `crc` is that of everything before `bytes`, 0 at the start.
  public static func extend(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard let base = bytes.baseAddress else { return crc }
    return ck_crc32c_extend(crc, base, bytes.count)
  }

  /// The form stored in files: rotated and moved, so that checksums of data that holds checksums stay strong.
  @inlinable
  public static func mask(_ crc: UInt32) -> UInt32 { ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8 }

  /// The checksum whose masked form is `masked`.
  @inlinable
  public static func unmask(_ masked: UInt32) -> UInt32 {
    let rotated = masked &- 0xA282_EAD8
    return (rotated >> 17) | (rotated << 15)
  }
}
