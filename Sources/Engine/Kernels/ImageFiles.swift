import CImages
import Foundation
import Tensors

/// Pixels of one image, row after row, with 1 to 4 channels of 8 or 16 bits.
struct Picture {
  var rows: Int
  var columns: Int
  var channels: Int
  var bits = 8
  var bytes: [UInt8]

  /// More pixels than any camera's are refused before memory is taken for them.
  private static let mostPixels: UInt64 = 1 << 28

  /// Decodes a PNG file (or, where `isJPEG`, a JPEG file).
  /// - Throws: InvalidArgument with the library's message.
  init(decoding file: [UInt8], isJPEG: Bool = false, channels: Int, bits: Int = 8, ratio: Int = 1) throws {
    var image = ck_image()
    let succeeded =
      isJPEG
      ? ck_jpeg_decode(file, file.count, UInt32(channels), UInt32(ratio), Self.mostPixels, &image)
      : ck_png_decode(file, file.count, UInt32(channels), UInt32(bits), Self.mostPixels, &image)
    guard succeeded == 1, let pixels = image.pixels else {
      throw EngineError.invalid(
        "Invalid \(isJPEG ? "JPEG" : "PNG") data, size \(file.count): \(Self.message(image))")
    }
    (rows, columns, self.channels) = (Int(image.rows), Int(image.columns), Int(image.channels))
    self.bits = bits
    let size = rows * columns * self.channels * bits / 8
    bytes = Array(UnsafeRawBufferPointer(start: pixels, count: size))
    ck_image_free(pixels)
  }

  init(rows: Int, columns: Int, channels: Int, bits: Int = 8, bytes: [UInt8]) {
    (self.rows, self.columns, self.channels, self.bits, self.bytes) = (rows, columns, channels, bits, bytes)
  }

  /// The image as a PNG file; `level` is zlib's, -1 its default.
  func png(level: Int = -1) throws -> [UInt8] {
    try encoded { image, size in ck_png_encode(&image, Int32(clamping: level), &size) }
  }

  /// The image as a JPEG file.
  func jpeg(quality: Int, progressive: Bool) throws -> [UInt8] {
    try encoded { image, size in
      ck_jpeg_encode(&image, Int32(clamping: quality), progressive ? 1 : 0, &size)
    }
  }

  private func encoded(
    _ encode: (inout ck_image, inout Int) -> UnsafeMutablePointer<UInt8>?
  ) throws -> [UInt8] {
    guard rows > 0, columns > 0, rows <= WindowAxis.largest, columns <= WindowAxis.largest, (1...4).contains(channels),
      bytes.count == rows * columns * channels * bits / 8
    else { throw EngineError.invalid("an image of \(rows) × \(columns) × \(channels) cannot be encoded") }
    var pixels = bytes
    return try pixels.withUnsafeMutableBytes { buffer in
      var image = ck_image()
      (image.rows, image.columns) = (UInt32(rows), UInt32(columns))
      (image.channels, image.bits) = (UInt32(channels), UInt32(bits))
      image.pixels = buffer.baseAddress
      var size = 0
      guard let file = encode(&image, &size) else {
        throw EngineError(.internal, "an image cannot be encoded: \(Self.message(image))")
      }
      defer { ck_image_free(file) }
      return Array(UnsafeBufferPointer(start: file, count: size))
    }
  }

  private static func message(_ image: ck_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// Sound as a WAV file: 16-bit samples, channels interleaved.
enum WaveFile {
  static func encode(_ samples: [Float], channels: Int, rate: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    func append<T: FixedWidthInteger>(_ value: T) {
      withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
    let size = samples.count * 2
    bytes += Array("RIFF".utf8)
    append(UInt32(truncatingIfNeeded: 36 + size))
    bytes += Array("WAVEfmt ".utf8)
    append(UInt32(16))
    append(UInt16(1))
    append(UInt16(truncatingIfNeeded: channels))
    append(UInt32(truncatingIfNeeded: rate))
    append(UInt32(truncatingIfNeeded: rate &* channels &* 2))
    append(UInt16(truncatingIfNeeded: channels * 2))
    append(UInt16(16))
    bytes += Array("data".utf8)
    append(UInt32(truncatingIfNeeded: size))
    for sample in samples {
      // As TensorFlow: scaled by 32768 and rounded, cut off at the ends; no number at all is silence.
      let scaled = sample.isNaN ? 0 : min(max((sample * 32768).rounded(), -32768), 32767)
      append(Int16(scaled))
    }
    return bytes
  }

  /// The samples of a 16-bit file, between -1 and 1.
  static func decode(_ file: [UInt8]) throws -> (samples: [Float], channels: Int, rate: Int) {
    func bad(_ text: String) -> EngineError { .invalid("Invalid WAV data: \(text)") }
    func number(_ at: Int, _ width: Int) -> Int { (0..<width).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
    guard file.count >= 12, Array(file[0..<4]) == Array("RIFF".utf8), Array(file[8..<12]) == Array("WAVE".utf8) else {
      throw bad("no RIFF WAVE header")
    }
    var (at, channels, rate) = (12, 0, 0)
    while at + 8 <= file.count {
      let (kind, size) = (Array(file[at..<(at + 4)]), number(at + 4, 4))
      at += 8
      guard size <= file.count - at else { throw bad("a chunk of \(size) bytes reaches beyond the end") }
      if kind == Array("fmt ".utf8) {
        guard size >= 16, number(at, 2) == 1, number(at + 14, 2) == 16 else { throw bad("only 16-bit PCM can be read") }
        (channels, rate) = (number(at + 2, 2), number(at + 4, 4))
      } else if kind == Array("data".utf8) {
        guard channels > 0 else { throw bad("samples without a format") }
        let samples = stride(from: at, to: at + size / 2 * 2, by: 2).map { position in
          Float(Int16(truncatingIfNeeded: number(position, 2))) / 32768
        }
        return (samples, channels, rate)
      }
      at += size + size % 2
    }
    throw bad("no samples")
  }
}
