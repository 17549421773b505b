import Records
import Tensors

// Event: 1 wall_time double, 2 step int64, one of {3 file_version, 4 graph_def bytes, 5 summary, 6 log_message,
//   7 session_log, 8 tagged_run_metadata, 9 meta_graph_def bytes}, 10 source_metadata {1 writer}.
// Summary: 1 value (repeated). Summary.Value: 1 tag, 7 node_name, 9 metadata, one of {2 simple_value float,
//   3 obsolete histogram bytes, 4 image, 5 histo, 6 audio, 8 tensor}.
// SummaryMetadata: 1 plugin_data {1 plugin_name, 2 content}, 2 display_name, 3 summary_description, 4 data_class.
// Sources: tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.

/// Takes events apart in place and gathers them into an `EventBatch`.
///
/// The hot path of loading, an island of unsafe pointers: a scalar event of 60 bytes costs about 10 ns here. No memory
/// is allocated for a scalar whose tag is known; tags are compared by their raw bytes, points go into columns. Values
/// of other kinds are located and classified, not decoded.
final class EventScanner {
  let table = TagTable()
  private var batch = EventBatch()
  /// The tags that have points in this batch, in the order of meeting.
  private var columnTags: [Int] = []
  /// The wall time of the last event that had a finite one.
  private(set) var wallTime: Double
  /// Takes scalars in place of the batch.
  private let sink: (any ScalarSink)?

  // The event being scanned.
  private var step: Int64 = 0
  private var payloadStart = UnsafeRawPointer(bitPattern: 1)!
  private var payloadOffset: UInt64 = 0
  private var payloadLength = 0
  /// Whether the batch has an event that parsed; `step` is then that of the last one.
  private var sawEvent = false
  /// What was wrong with it, where something was.
  private var complaint: String?

  init(knownTags: [EventTag], previousWallTime: Double, sink: (any ScalarSink)? = nil) {
    wallTime = previousWallTime
    self.sink = sink
    for tag in knownTags {
      let number = ByteText.bytes(tag.name).withUnsafeBytes { table.number(of: $0) }
      let id = table.tags[number].id
      table.tags[number] = tag
      table.tags[number].id = id
      // What is merely implied by a form gives way to metadata, also when that comes after a restart.
      table.slots[number].isSettled = tag.hasMetadata || tag.isSettled
    }
  }

  /// Gives what was gathered since the last call.
  func takeBatch() -> EventBatch {
    for number in columnTags {
      if let sink {
        flush(number, to: sink, isLast: true)
        table.slots[number].limit = 0
      } else {
        batch.scalars.append(takeColumn(number))
      }
    }
    for tag in batch.tags.indices {
      let id = batch.tags[tag].id
      table.slots[id].batchIndex = -1
      batch.tags[tag] = table.tags[id]
      batch.tags[tag].isSettled = table.slots[id].isSettled
    }
    columnTags.removeAll(keepingCapacity: true)
    let result = batch
    batch = EventBatch()
    return result
  }

  // MARK: events

  /// Takes one record apart.
  @inline(__always)
  func scan(_ record: Record) {
    if !scanPlainScalar(record.payload) { scanAny(record) }
  }

  /// A value's tensor field holding what TensorFlow 2 writes for a float of rank 0, up to the number itself:
  /// 42 0A (tensor, 10 bytes), 08 01 (float), 12 00 (no dimensions), 2A 04 (four bytes of packed float_val).
  private static let floatTensorHead: UInt64 = 0x042A_0012_0108_0A42

  /// The short way for the forms nearly all records of a log have: wall time, step, and a summary of one short-tagged
  /// `simple_value` or float tensor, in the order of their numbers, the tag known, the column with room. Halves the
  /// time of the walk. Returns false, having done nothing, where anything is different.
  @inline(__always)
  private func scanPlainScalar(_ payload: UnsafeRawBufferPointer) -> Bool {
    // 9 bytes of time, 2 or more of step, 2 + 2 + 2 of summary, value and tag, 5 of the number.
    guard payload.count >= 22, let base = payload.baseAddress else { return false }
    let end = base + payload.count
    guard base.load(as: UInt8.self) == 0x09, base.load(fromByteOffset: 9, as: UInt8.self) == 0x10 else { return false }
    let time = Double(bitPattern: UInt64(littleEndian: base.loadUnaligned(fromByteOffset: 1, as: UInt64.self)))
    var at = base + 10
    var stepBits: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = at.load(as: UInt8.self)
      at += 1
      stepBits |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { break }
      shift += 7
      if shift > 28 { return false }  // five bytes at most: what follows is still within the 22
    }
    let left = end - at
    guard left >= 11, left <= 0x81 else { return false }
    // 2A length 0A length 0A length: each length must say that its field ends where the record does.
    let head = at.loadUnaligned(as: UInt32.self).littleEndian
    guard head & 0x00FF_00FF == 0x000A_002A, Int(head >> 8 & 0xFF) == left - 2, Int(head >> 24) == left - 4,
      at.load(fromByteOffset: 4, as: UInt8.self) == 0x0A, time.isFinite
    else { return false }
    let tagLength = Int(at.load(fromByteOffset: 5, as: UInt8.self))
    let rest = left - 6 - tagLength
    guard tagLength > 0, rest >= 5 else { return false }
    let content = at + 6 + tagLength
    let number: UnsafeRawPointer
    if rest == 5, content.load(as: UInt8.self) == 0x15 {
      number = content + 1
    } else if rest >= 12, content.loadUnaligned(as: UInt64.self).littleEndian == Self.floatTensorHead,
      // Then the metadata, which is known, or nothing.
      rest == 12
        || rest >= 14 && content.load(fromByteOffset: 12, as: UInt8.self) == 0x4A
          && Int(content.load(fromByteOffset: 13, as: UInt8.self)) == rest - 14
    {
      number = content + 8
    } else {
      return false
    }
    let tag = table.guess(UnsafeRawBufferPointer(start: at + 6, count: tagLength))
    guard tag >= 0 else { return false }
    let slot = table.slots + tag
    guard slot.pointee.count < slot.pointee.limit, slot.pointee.dtypeNumber == DataType.float32.rawValue,
      slot.pointee.isSettled, sawEvent
    else { return false }
    step = Int64(bitPattern: stepBits)
    wallTime = time
    let bits = UInt64(UInt32(littleEndian: number.loadUnaligned(as: UInt32.self)))
    slot.pointee.points[slot.pointee.count] = ScalarPoint(step: step, wall_time: time, bits: bits)
    slot.pointee.count += 1
    batch.records += 1
    return true
  }

  @inline(__always)
  private func scanAny(_ record: Record) {
    payloadStart = record.payload.baseAddress ?? payloadStart
    payloadOffset = record.offset + UInt64(RecordFrame.headerLength)
    payloadLength = record.payload.count
    let stepBefore = step
    step = 0
    var time: Double = 0
    var summary = UnsafeRawBufferPointer(start: nil, count: 0)
    var hasOther = false
    var cursor = WireCursor(record.payload)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x09: time = Double(bitPattern: cursor.fixed64())
      case 0x10: step = Int64(bitPattern: cursor.varint())
      case 0x2A where summary.count == 0: summary = cursor.bytes()
      default:
        hasOther = true
        cursor.skip(key)
      }
    }
    batch.records += 1
    if cursor.failed {
      step = stepBefore
      skip(record, "its fields are cut off or of unknown form")
      return
    }
    if time.isFinite {
      wallTime = time
    } else {
      batch.nonFiniteWallTimes += 1
    }
    if batch.firstWallTime == nil {
      batch.firstWallTime = wallTime
      batch.beginsWithoutWallTime = !time.isFinite
    }
    if summary.count > 0 { scanSummary(summary) }
    if hasOther { scanOther(record) }
    if complaint != nil {
      skip(record, complaint ?? "")
      complaint = nil
    }
    sawEvent = true
  }

  /// Called after the last `scan` of a batch.
  func noteEnd() {
    guard sawEvent else { return }
    batch.lastWallTime = wallTime
    batch.lastStep = step
    sawEvent = false
  }

  private func skip(_ record: Record, _ what: String) {
    batch.skipped.append(
      SkippedRecord(
        offset: record.offset, length: UInt64(record.payload.count + RecordFrame.overhead), reason: .malformed(what)))
  }

  func note(_ skipped: SkippedRecord) { batch.skipped.append(skipped) }

  /// The fields of an event besides time, step and its first summary.
  @inline(never)
  private func scanOther(_ record: Record) {
    var cursor = WireCursor(record.payload)
    var sawSummary = false
    while cursor.hasMore {
      let key = cursor.varint()
      guard key & 7 == 2 else {
        cursor.skip(key)
        continue
      }
      let content = cursor.bytes()
      switch key >> 3 {
      case 3: batch.fileVersion = content.text
      case 4: locate(.graph, .message, content)
      case 5:
        if sawSummary { scanSummary(content) }
        sawSummary = sawSummary || content.count > 0
      case 6: scanLogMessage(content, record)
      case 7: scanSessionLog(content, record)
      case 8: scanRunMetadata(content)
      case 9: locate(.metaGraph, .message, content)
      case 10:
        var source = WireCursor(content)
        while source.hasMore {
          let inner = source.varint()
          if inner == 0x0A { batch.writer = source.bytes().text } else { source.skip(inner) }
        }
      default: break
      }
    }
  }

  private func scanLogMessage(_ content: UnsafeRawBufferPointer, _ record: Record) {
    var entry = LogMessageEntry(level: 0, message: "", step: step, wallTime: wallTime, offset: record.offset)
    var cursor = WireCursor(content)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x08: entry.level = Int(truncatingIfNeeded: cursor.varint())
      case 0x12: entry.message = cursor.bytes().text
      default: cursor.skip(key)
      }
    }
    if cursor.failed { complaint = "its log message is cut off" } else { batch.logMessages.append(entry) }
  }

  private func scanSessionLog(_ content: UnsafeRawBufferPointer, _ record: Record) {
    var entry = SessionLogEntry(
      status: .unspecified, step: step, wallTime: wallTime, checkpointPath: "", message: "", offset: record.offset)
    var cursor = WireCursor(content)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x08: entry.status = .init(rawValue: Int(truncatingIfNeeded: cursor.varint())) ?? .unspecified
      case 0x12: entry.checkpointPath = cursor.bytes().text
      case 0x1A: entry.message = cursor.bytes().text
      default: cursor.skip(key)
      }
    }
    if cursor.failed { complaint = "its session log is cut off" } else { batch.sessionLogs.append(entry) }
  }

  private func scanRunMetadata(_ content: UnsafeRawBufferPointer) {
    var name = ""
    var metadata = UnsafeRawBufferPointer(rebasing: content[..<0])
    var cursor = WireCursor(content)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x0A: name = cursor.bytes().text
      case 0x12: metadata = cursor.bytes()
      default: cursor.skip(key)
      }
    }
    if cursor.failed {
      complaint = "its run metadata is cut off"
    } else {
      locate(.runMetadata, .message, metadata, name: name)
    }
  }

  // MARK: summaries

  @inline(__always)
  private func scanSummary(_ summary: UnsafeRawBufferPointer) {
    var cursor = WireCursor(summary)
    while cursor.hasMore {
      let key = cursor.varint()
      if key == 0x0A { scanValue(cursor.bytes()) } else { cursor.skip(key) }
    }
    if cursor.failed { complaint = "its summary is cut off" }
  }

  @inline(__always)
  private func scanValue(_ value: UnsafeRawBufferPointer) {
    var tag = UnsafeRawBufferPointer(start: nil, count: 0)
    var nodeName = tag
    var metadata = tag
    var content = tag
    var simpleBits: UInt32 = 0
    var field: UInt8 = 0
    var cursor = WireCursor(value)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x0A: tag = cursor.bytes()
      case 0x15:
        simpleBits = cursor.fixed32()
        field = 2
      case 0x42:
        content = cursor.bytes()
        field = 8
      case 0x4A: metadata = cursor.bytes()
      case 0x3A: nodeName = cursor.bytes()
      case 0x1A, 0x22, 0x2A, 0x32:
        content = cursor.bytes()
        field = UInt8(truncatingIfNeeded: key >> 3)
      default: cursor.skip(key)
      }
    }
    if cursor.failed {
      complaint = "a value of its summary is cut off"
      return
    }
    if tag.count == 0, nodeName.count > 0 { tag = nodeName }
    let known = table.count
    let number = table.number(of: tag)
    if !table.slots[number].isSettled || number == known {
      settle(number, tag, metadata, field, isNew: number == known)
    }
    if field == 2 {
      append(number, .float32, DataType.float32.rawValue, UInt64(simpleBits))
    } else if field == 8 {
      scanTensor(number, content)
    } else {
      locateLegacy(number, ContentField(rawValue: field) ?? .none, content)
    }
  }

  /// Notes what the first values of a tag say about it.
  @inline(never)
  private func settle(
    _ number: Int, _ raw: UnsafeRawBufferPointer, _ metadata: UnsafeRawBufferPointer, _ field: UInt8, isNew: Bool
  ) {
    var tag = table.tags[number]
    if isNew, ByteText.isEscaped(tag.name) {
      batch.warnings.append(
        EventWarning(
          offset: payloadOffset - UInt64(RecordFrame.headerLength),
          message: "the tag “\(tag.name)” is not valid UTF-8; a bad byte is shown as \u{FFFD} and its value"))
    }
    let implied = LegacyForms.impliedPlugin(of: ContentField(rawValue: field) ?? .none)
    if metadata.count > 0 {
      var written = 0
      var cursor = WireCursor(metadata)
      tag.pluginName = implied
      while cursor.hasMore {
        let key = cursor.varint()
        switch key {
        case 0x0A:
          var plugin = WireCursor(cursor.bytes())
          while plugin.hasMore {
            let inner = plugin.varint()
            switch inner {
            case 0x0A:
              let name = plugin.bytes()
              if name.count > 0 { tag.pluginName = name.text }
            case 0x12: tag.pluginContent = Array(plugin.bytes())
            default: plugin.skip(inner)
            }
          }
          if plugin.failed { complaint = "the metadata of “\(tag.name)” is cut off" }
        case 0x12:
          let name = cursor.bytes()
          tag.displayName = name.count > 0 ? name.text : nil
        case 0x1A:
          let description = cursor.bytes()
          tag.description = description.count > 0 ? description.text : nil
        case 0x20: written = Int(truncatingIfNeeded: cursor.varint())
        default: cursor.skip(key)
        }
      }
      if cursor.failed { complaint = "the metadata of “\(tag.name)” is cut off" }
      tag.dataClass = LegacyForms.dataClass(plugin: tag.pluginName, written: written)
      tag.hasMetadata = true
      table.slots[number].isSettled = true
    } else if tag.pluginName == nil {
      tag.pluginName = implied
      tag.dataClass = LegacyForms.dataClass(plugin: implied, written: 0)
    }
    // A scalar without metadata is the commonest series there is: it needs no second look.
    if field == 2 { table.slots[number].isSettled = true }
    table.tags[number] = tag
  }

  // MARK: scalars

  @inline(__always)
  private func append(_ number: Int, _ storage: ScalarStorage, _ dtypeNumber: Int32, _ bits: UInt64) {
    let slot = table.slots + number
    var bits = bits
    if slot.pointee.count == slot.pointee.limit || slot.pointee.dtypeNumber != dtypeNumber {
      bits = prepareColumn(number, storage, dtypeNumber, bits)
    }
    slot.pointee.points[slot.pointee.count] = ScalarPoint(step: step, wall_time: wallTime, bits: bits)
    slot.pointee.count += 1
  }

  /// Makes room in a column for one more point of a type; returns the point's bits in the column's storage.
  @inline(never)
  private func prepareColumn(_ number: Int, _ storage: ScalarStorage, _ dtypeNumber: Int32, _ bits: UInt64) -> UInt64 {
    let slot = table.slots + number
    var bits = bits
    if slot.pointee.limit == 0 {
      columnTags.append(number)
      _ = batchIndex(number)
      slot.pointee.storage = storage
      slot.pointee.dtypeNumber = dtypeNumber
      slot.pointee.limit = slot.pointee.capacity
    } else if slot.pointee.dtypeNumber != dtypeNumber {
      // Kinds are mixed: all become float64.
      if slot.pointee.storage != .float64 {
        for index in 0..<slot.pointee.count {
          slot.pointee.points[index].bits = Self.asDouble(slot.pointee.points[index].bits, slot.pointee.storage)
        }
        slot.pointee.storage = .float64
        slot.pointee.dtypeNumber = DataType.float64.rawValue
      }
      bits = Self.asDouble(bits, storage)
    }
    if slot.pointee.count == slot.pointee.limit, slot.pointee.count >= ScalarStretch.length, let sink {
      flush(number, to: sink, isLast: false)
    } else if slot.pointee.count == slot.pointee.limit {
      let capacity = max(32, slot.pointee.capacity * 2)
      let larger = UnsafeMutablePointer<ScalarPoint>.allocate(capacity: capacity)
      larger.update(from: slot.pointee.points, count: slot.pointee.count)
      slot.pointee.points.deallocate()
      slot.pointee.points = larger
      slot.pointee.capacity = capacity
      slot.pointee.limit = capacity
    }
    return bits
  }

  /// Hands on what the column holds.
  private func flush(_ number: Int, to sink: any ScalarSink, isLast: Bool) {
    let slot = table.slots + number
    let stretch = ScalarStretch(
      tag: number, dtype: DataType(rawValue: slot.pointee.dtypeNumber) ?? .float32, storage: slot.pointee.storage,
      isLast: isLast)
    sink.take(stretch, UnsafeBufferPointer(start: slot.pointee.points, count: slot.pointee.count))
    slot.pointee.count = 0
  }

  private static func asDouble(_ bits: UInt64, _ storage: ScalarStorage) -> UInt64 {
    switch storage {
    case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))).bitPattern
    case .float64: bits
    case .int64: Double(Int64(bitPattern: bits)).bitPattern
    case .uint64: Double(bits).bitPattern
    }
  }

  private func takeColumn(_ number: Int) -> ScalarColumns {
    let slot = table.slots + number
    let count = slot.pointee.count
    let points = UnsafeBufferPointer(start: slot.pointee.points, count: count)
    func column<T>(_ value: (ScalarPoint) -> T) -> [T] {
      [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        for index in 0..<count { (buffer.baseAddress! + index).initialize(to: value(points[index])) }
        initialized = count
      }
    }
    let values: ScalarValues =
      switch slot.pointee.storage {
      case .float32: .float32(column { Float(bitPattern: UInt32(truncatingIfNeeded: $0.bits)) })
      case .float64: .float64(column { Double(bitPattern: $0.bits) })
      case .int64: .int64(column { Int64(bitPattern: $0.bits) })
      case .uint64: .uint64(column { $0.bits })
      }
    let result = ScalarColumns(
      tagIndex: batchIndex(number), dtype: DataType(rawValue: slot.pointee.dtypeNumber) ?? .float32,
      steps: column { $0.step }, wallTimes: column { $0.wall_time }, values: values)
    slot.pointee.count = 0
    slot.pointee.limit = 0
    return result
  }

  private func batchIndex(_ number: Int) -> Int {
    if table.slots[number].batchIndex < 0 {
      table.slots[number].batchIndex = Int32(batch.tags.count)
      batch.tags.append(table.tags[number])
    }
    return Int(table.slots[number].batchIndex)
  }

  // MARK: other values

  @inline(__always)
  private func scanTensor(_ number: Int, _ content: UnsafeRawBufferPointer) {
    guard let form = TensorForm(content) else {
      complaint = "the tensor of “\(table.tags[number].name)” is cut off or of unknown form"
      return
    }
    // The short way for the scalars TensorFlow 2 writes: the tag has had float scalars in this batch before.
    if form.elements == 1, form.dtypeNumber == DataType.float32.rawValue, table.slots[number].limit > 0,
      table.slots[number].dtypeNumber == DataType.float32.rawValue
    {
      if let bits = form.firstElement(as: .float32) {
        return append(number, .float32, DataType.float32.rawValue, bits)
      }
    }
    classifyTensor(number, form)
  }

  @inline(never)
  private func classifyTensor(_ number: Int, _ form: TensorForm) {
    let tag = table.tags[number]
    let dtype = form.dtype
    let kind = LegacyForms.kind(
      ofTensor: dtype, shape: form.shape, elements: form.elements, plugin: tag.pluginName)
    if kind == .scalar, let storage = LegacyForms.scalarStorage(of: dtype) {
      if let bits = form.firstElement(as: storage) {
        append(number, storage, form.dtypeNumber, bits)
      } else {
        complaint = "the scalar of “\(tag.name)” is cut off"
      }
      return
    }
    var value = located(kind, .tensorProto, form.bytes)
    value.tagIndex = batchIndex(number)
    value.dtype = dtype
    value.shape = form.shape
    value.count = max(0, form.elements)
    switch kind {
    case .histogram: value.count = value.shape.first ?? 0
    case .audio: value.count = value.shape.first ?? 0
    case .image:
      // Width and height as text, then the pictures.
      value.count = max(0, value.count - 2)
      var sizes: [Int?] = []
      _ = form.forEachString { string in
        sizes.append(string.count < 10 ? Int(string.text) : nil)
        return sizes.count < 2
      }
      value.width = sizes.first ?? nil
      value.height = sizes.count > 1 ? sizes[1] : nil
    default: break
    }
    batch.values.append(value)
  }

  @inline(never)
  private func locateLegacy(_ number: Int, _ field: ContentField, _ content: UnsafeRawBufferPointer) {
    switch field {
    case .histogram:
      var value = located(.histogram, .histogramProto, content)
      value.tagIndex = batchIndex(number)
      guard let count = HistogramProtoForm.bucketCount(content) else {
        complaint =
          "the histogram of “\(table.tags[number].name)” is cut off or has unequal numbers of limits and counts"
        return
      }
      value.count = count
      value.dtype = .float64
      value.shape = [count, 3]
      batch.values.append(value)
    case .image:
      guard let form = ImageProtoForm(content) else {
        complaint = "the image of “\(table.tags[number].name)” is cut off"
        return
      }
      var value = located(.image, .imageProto, content)
      value.tagIndex = batchIndex(number)
      value.count = 1
      value.width = form.width
      value.height = form.height
      batch.values.append(value)
    case .audio:
      guard let form = AudioProtoForm(content) else {
        complaint = "the sound of “\(table.tags[number].name)” is cut off"
        return
      }
      var value = located(.audio, .audioProto, content)
      value.tagIndex = batchIndex(number)
      value.count = 1
      value.sampleRate = form.sampleRate
      value.contentType = form.contentType
      batch.values.append(value)
    case .none, .obsoleteHistogram, .simpleValue, .tensor:
      // Metadata alone, or a form no reader knows: the tag is listed.
      var value = located(.metadata, .none, content)
      value.tagIndex = batchIndex(number)
      batch.values.append(value)
    }
  }

  private func located(_ kind: ValueKind, _ form: ValueForm, _ content: UnsafeRawBufferPointer) -> LocatedValue {
    let inPayload = content.baseAddress.map { $0 - payloadStart } ?? 0
    return LocatedValue(
      kind: kind, form: form, step: step, wallTime: wallTime, recordOffset: payloadOffset,
      recordLength: payloadLength, offset: payloadOffset + UInt64(inPayload), length: content.count)
  }

  private func locate(
    _ kind: ValueKind, _ form: ValueForm, _ content: UnsafeRawBufferPointer, name: String? = nil
  ) {
    var value = located(kind, form, content)
    value.name = name
    batch.values.append(value)
  }
}
