import Driver
import Events
import Records

/// Any bytes as the payload of an event: framed soundly, so that the scanner and not the checksum meets them. Read
/// twice in one file, since the second time its tags are known.
private func fuzzEvents(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let payload = UnsafeRawBufferPointer(start: data, count: count)
  var bytes: [UInt8] = []
  appendRecordFrame(payload, to: &bytes)
  appendRecordFrame(payload, to: &bytes)
  let reader = EventFileReader(source: MemorySource(bytes))
  guard let batch = try? reader.next() else { preconditionFailure("memory can always be read") }
  precondition(batch.records == 2 && batch.reachedEnd && batch.tail == .clean)
  for column in batch.scalars {
    precondition(column.steps.count == column.values.count && column.wallTimes.count == column.steps.count)
    precondition(column.wallTimes.allSatisfy(\.isFinite))
  }
  for value in batch.values {
    precondition(value.offset + UInt64(value.length) <= UInt64(bytes.count))
    let start = Int(value.offset)
    bytes[start..<start + value.length].withUnsafeBytes { _ = SummaryValue(kind: value.kind, form: value.form, $0) }
  }
  return 0
}

@main
enum FuzzEvents {
  static func main() { fuzz { fuzzEvents($0, $1) } }
}
