import Driver
import Records

/// Any bytes as a record file: no crash, every byte accounted for once.
private func fuzzRecords(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  let reader = RecordReader(MemorySource(bytes), bufferSize: 64, maximumLength: 1 << 16)
  var covered = 0
  while true {
    guard let step = try? reader.next() else { return 0 }  // a file compressed as a whole
    switch step {
    case .record(let record): covered += record.payload.count + RecordFrame.overhead
    case .skipped(let skipped): covered += Int(skipped.length)
    case .end(let tail):
      switch tail {
      case .clean: break
      case .truncated(let left, _), .damaged(let left): covered += left
      }
      precondition(covered == count, "\(covered) of \(count) bytes are accounted for")
      return 0
    }
  }
}

@main
enum FuzzRecords {
  static func main() { fuzz { fuzzRecords($0, $1) } }
}
