import Driver
import Records

/// Any bytes as a record file: no crash, every byte accounted for once, and the sum of two parts is that of the whole.
private func fuzzRecords(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  let reader = RecordReader(MemorySource(bytes), bufferSize: 64, maximumLength: 1 << 16)
  var covered = 0
  var middle: (position: UInt64, fingerprint: UInt64)?
  while true {
    // Memory can always be read, and does not shrink.
    guard let step = try? reader.next() else { preconditionFailure("reading memory failed") }
    switch step {
    case .record(let record):
      covered += record.payload.count + RecordFrame.overhead
      if covered > count / 2, middle == nil { middle = (reader.position, reader.fingerprint) }
    case .skipped(let skipped): covered += Int(skipped.length)
    case .end(let tail):
      switch tail {
      case .clean: break
      case .truncated(let left, _), .damaged(let left): covered += left
      }
      // A compressed file has other offsets; see FuzzCompressed.
      if (try? reader.compression()) == .some(nil) {
        precondition(covered == count, "\(covered) of \(count) bytes are accounted for")
      }
      if let middle {
        let rest = RecordReader(MemorySource(bytes), from: middle.position, bufferSize: 64, maximumLength: 1 << 16)
        while let step = try? rest.next() { if case .end = step { break } }
        precondition(middle.fingerprint &+ rest.fingerprint == reader.fingerprint)
      }
      return 0
    }
  }
}

@main
enum FuzzRecords {
  static func main() { fuzz { fuzzRecords($0, $1) } }
}
