import CKernels
import Testing

@testable import Records

/// A small generator, so that tests see the same bytes every time.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

@Suite struct CRC32CTests {
  /// Bit by bit, straight from the definition: what every other form is held against.
  static func byDefinition(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~crc
  }

  @Test func knownAnswers() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([]) == 0)
    // RFC 3720, B.4.
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
  }

  @Test func maskingIsUndone() {
    #expect(CRC32C.mask(0) == 0xA282_EAD8)
    for crc: UInt32 in [0, 1, 0xE306_9283, .max] { #expect(CRC32C.unmask(CRC32C.mask(crc)) == crc) }
  }

  @Test(arguments: [CK_CRC32C_PLAIN, CK_CRC32C_SSE42, CK_CRC32C_AVX512, CK_CRC32C_ARM].map(\.rawValue))
  func everyFormAgreesWithTheDefinition(form: UInt32) {
    let form = ck_crc32c_form(form)
    guard ck_crc32c_has(form) != 0 else { return }
    var random = SplitMix(state: 1)
    let bytes = random.bytes(20_000)
    var sizes = Array(0...700)
    for around in [768, 1024, 2048, 3072, 4096, 6144, 9216, 16384, 19_900] { sizes += around - 3...around + 3 }
    for size in sizes {
      let start = size % 13
      let part = bytes[start..<start + size]
      let expected = Self.byDefinition(part)
      let got = Array(part).withUnsafeBytes { ck_crc32c_extend_with(form, 0, $0.baseAddress, size) }
      #expect(got == expected, "\(size) bytes")
    }
  }

  @Test(arguments: [CK_CRC32C_PLAIN, CK_CRC32C_SSE42, CK_CRC32C_AVX512, CK_CRC32C_ARM].map(\.rawValue))
  func aMessageInPartsHasTheChecksumOfTheWhole(form: UInt32) {
    let form = ck_crc32c_form(form)
    guard ck_crc32c_has(form) != 0 else { return }
    var random = SplitMix(state: 2)
    let bytes = random.bytes(9_000)
    let whole = Self.byDefinition(bytes)
    bytes.withUnsafeBytes { buffer in
      for cut in stride(from: 0, through: bytes.count, by: 37) {
        let first = ck_crc32c_extend_with(form, 0, buffer.baseAddress, cut)
        let both = ck_crc32c_extend_with(form, first, buffer.baseAddress! + cut, bytes.count - cut)
        #expect(both == whole)
      }
    }
  }

  @Test func theBestFormIsUsed() {
    var random = SplitMix(state: 3)
    let bytes = random.bytes(5_000)
    #expect(CRC32C.checksum(bytes) == Self.byDefinition(bytes))
  }
}
