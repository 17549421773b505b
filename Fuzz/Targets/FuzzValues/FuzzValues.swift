import Driver
import Events

private let kinds: [ValueKind] = [
  .scalar, .histogram, .image, .audio, .text, .tensor, .graph, .metaGraph, .runMetadata, .metadata,
]
private let forms: [ValueForm] = [.histogramProto, .imageProto, .audioProto, .tensorProto, .message, .none]

/// Any bytes as a value of any kind: the first byte says which, the others are the value. No crash, and what comes out
/// is no larger than what the message can stand for.
private func fuzzValues(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let data, count > 0 else { return 0 }
  let selector = Int(data[0])
  let bytes = UnsafeRawBufferPointer(start: data + 1, count: count - 1)
  let kind = kinds[selector % kinds.count]
  let form = forms[selector / kinds.count % forms.count]
  switch SummaryValue(kind: kind, form: form, bytes) {
  case .histogram(let rows, let proto):
    precondition(rows.count <= max(1 << 20, 64 * count))
    if let proto { precondition(proto.bucketLimits.count == proto.bucketCounts.count) }
  case .tensor(let tensor): precondition(tensor.byteCount <= max(1 << 20, 64 * count))
  case .text(let texts, let shape): precondition(texts.count == shape.reduce(1, *))
  case .image(let image): precondition(image.pictures.reduce(0) { $0 + $1.count } <= max(1 << 20, 64 * count))
  case .audio(let audio): precondition(audio.labels.isEmpty || audio.labels.count == audio.clips.count)
  case .message(_, let message): precondition(message.count <= count)
  case .scalar, .metadata, nil: break
  }
  return 0
}

@main
enum FuzzValues {
  static func main() { fuzz { fuzzValues($0, $1) } }
}
