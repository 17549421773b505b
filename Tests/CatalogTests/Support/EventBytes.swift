import Foundation

/// Events put together byte by byte, so that tests decide on every one of them.
enum EventBytes {
  static func varint(_ number: UInt64) -> [UInt8] {
    var number = number
    var bytes: [UInt8] = []
    while number >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: number) | 0x80)
      number >>= 7
    }
    return bytes + [UInt8(number)]
  }

  static func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
    varint(UInt64(number << 3 | 2)) + varint(UInt64(content.count)) + content
  }

  static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  private static func little<I: FixedWidthInteger>(_ number: I) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  /// The payload of an event with one more field.
  static func event(step: Int64, wallTime: Double, _ rest: [UInt8]) -> [UInt8] {
    [0x09] + little(wallTime.bitPattern) + [0x10] + varint(UInt64(bitPattern: step)) + rest
  }

  static func scalar(_ tag: String, _ value: Float) -> [UInt8] {
    field(5, field(1, field(1, tag) + [0x15] + little(value.bitPattern)))
  }

  /// A float tensor of some shape, with the plugin's name or without.
  static func tensor(_ tag: String, _ values: [Float], shape: [Int] = [], plugin: String? = nil) -> [UInt8] {
    let dimensions = shape.flatMap { field(2, [0x08] + varint(UInt64($0))) }
    let content = values.flatMap { little($0.bitPattern) }
    let tensor = [0x08, 1] + field(2, dimensions) + field(4, content)
    let metadata = plugin.map { field(9, field(1, field(1, $0))) } ?? []
    return field(5, field(1, field(1, tag) + field(8, tensor) + metadata))
  }

  static func graph(_ bytes: [UInt8]) -> [UInt8] { field(4, bytes) }

  static let version = EventFixture.frame(event(step: 0, wallTime: 1, field(3, "brain.Event:2")))

  /// A log of some scalars of a run, `count` steps of one tag.
  static func log(_ count: Int, tag: String = "loss", from first: Int64 = 0) -> [UInt8] {
    version
      + (0..<count).flatMap {
        EventFixture.frame(event(step: first + Int64($0), wallTime: 10 + Double($0), scalar(tag, Float($0))))
      }
  }
}
