import Driver
import Records

/// Any bytes as a compressed file: no crash, bounded memory, and every stretch reads the same whether the way to it led
/// through the file or straight there.
private func fuzzCompressed(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  let source = DecompressedSource(MemorySource(bytes))
  // Small files can hold very much; a part of it is as good as the whole.
  var plain = [UInt8](repeating: 0, count: 3 << 20)
  var filled = 0
  while filled < plain.count {
    let got = plain.withUnsafeMutableBytes {
      // In pieces of odd sizes.
      try? source.read(
        into: UnsafeMutableRawBufferPointer(rebasing: $0[filled..<min($0.count, filled + 1 + filled % 70_001)]),
        at: UInt64(filled))
    }
    guard let got else { preconditionFailure("reading memory failed") }
    if got == 0 { break }
    filled += got
  }
  if filled < plain.count { precondition((try? source.size()) == UInt64(filled)) }
  for gap in source.gaps(in: 0..<(.max)) { precondition(gap.fileOffset <= UInt64(count)) }
  var buffer = [UInt8](repeating: 0, count: 1000)
  for source in [source, DecompressedSource(MemorySource(bytes))] {
    for step in 0..<12 {
      let start = filled * (step * 7 % 12) / 12
      let got = buffer.withUnsafeMutableBytes { (try? source.read(into: $0, at: UInt64(start))) ?? -1 }
      let most = min(buffer.count, plain.count - start)
      precondition(
        got >= min(most, filled - start) && buffer[..<min(got, most)] == plain[start..<start + min(got, most)])
    }
  }
  let reader = RecordReader(MemorySource(bytes), bufferSize: 64, maximumLength: 1 << 16)
  var records = 0
  while let step = try? reader.next(), records < 100_000 {
    if case .end = step { break }
    records += 1
  }
  return 0
}

@main
enum FuzzCompressed {
  static func main() { fuzz { fuzzCompressed($0, $1) } }
}
