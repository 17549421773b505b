import Records

/// Serializes `Event` messages, equal to those of TensorFlow's FileWriter.
enum EventEncoder {
  /// What an event carries besides time and step, by its field number.
  enum Field: UInt64 {
    case fileVersion = 3
    case graphDef = 4
    case summary = 5
    case sessionLog = 7
    case taggedRunMetadata = 8
    case metaGraphDef = 9
  }

  static let fileVersion = "brain.Event:2"

  static func event(wallTime: Double, step: Int64, _ field: Field, _ content: [UInt8]) -> [UInt8] {
    var event = ProtoBuffer()
    event.bytes.reserveCapacity(content.count + 32)
    event.double(1, wallTime)
    event.integer(2, step)
    event.message(field.rawValue, content)
    return event.bytes
  }

  static func sessionLog(_ status: SessionLogEntry.Status, checkpointPath: String, message: String) -> [UInt8] {
    var log = ProtoBuffer()
    log.integer(1, Int64(status.rawValue))
    log.string(2, checkpointPath)
    log.string(3, message)
    return log.bytes
  }

  static func taggedRunMetadata(tag: String, _ metadata: [UInt8]) -> [UInt8] {
    var tagged = ProtoBuffer()
    tagged.string(1, tag)
    if !metadata.isEmpty { tagged.message(2, metadata) }
    return tagged.bytes
  }

  /// Appends the framed record of an event with one scalar: the form written a million times, so all lengths are
  /// computed first and nothing is built in between.
  static func appendScalarFrame(tag: String, value: Float, step: Int64, wallTime: Double, to bytes: inout [UInt8]) {
    var tag = tag
    tag.withUTF8 { tag in
      let size = ProtoBuffer.size
      let tagSize = tag.isEmpty ? 0 : 1 + size(UInt64(tag.count)) + tag.count
      let valueSize = tagSize + 5
      let summarySize = 1 + size(UInt64(valueSize)) + valueSize
      let stepBits = UInt64(bitPattern: step)
      let timeSize = wallTime != 0 ? 9 : 0
      let stepSize = step != 0 ? 1 + size(stepBits) : 0
      let payloadSize = timeSize + stepSize + 1 + size(UInt64(summarySize)) + summarySize

      withUnsafeTemporaryAllocation(byteCount: payloadSize + RecordFrame.overhead, alignment: 8) { frame in
        var at = RecordFrame.headerLength
        func byte(_ value: UInt8) {
          frame[at] = value
          at += 1
        }
        func varint(_ value: UInt64) {
          var rest = value
          while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
          }
          byte(UInt8(truncatingIfNeeded: rest))
        }
        if timeSize > 0 {
          byte(0x09)
          frame.storeBytes(of: wallTime.bitPattern.littleEndian, toByteOffset: at, as: UInt64.self)
          at += 8
        }
        if stepSize > 0 {
          byte(0x10)
          varint(stepBits)
        }
        byte(0x2A)
        varint(UInt64(summarySize))
        byte(0x0A)
        varint(UInt64(valueSize))
        if !tag.isEmpty {
          byte(0x0A)
          varint(UInt64(tag.count))
          UnsafeMutableRawBufferPointer(rebasing: frame[at..<at + tag.count]).copyMemory(
            from: UnsafeRawBufferPointer(tag))
          at += tag.count
        }
        byte(0x15)
        frame.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: at, as: UInt32.self)
        RecordFrame.seal(frame)
        bytes.append(contentsOf: frame)
      }
    }
  }
}
