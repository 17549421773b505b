import Events
import Foundation
import Records

@testable import Catalog

/// A log root of scalars that is damaged by the tests beside this file.
struct DamageLog {
  let folder: TemporaryFolder
  let file = "run/events.out.tfevents.1700000100.host"

  init() throws { folder = try TemporaryFolder() }

  /// The record of a scalar `loss`; the value is half the step.
  static func record(_ step: Int64, wallTime: Double? = nil, value: Float? = nil, tag: String = "loss") -> [UInt8] {
    func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(content.count)] + content }
    func bytes<T>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    var varint: [UInt8] = []
    var rest = UInt64(bitPattern: step)
    while rest >= 0x80 {
      varint.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    varint.append(UInt8(rest))
    let value = field(1, Array(tag.utf8)) + [0x15] + bytes((value ?? Float(step) / 2).bitPattern.littleEndian)
    let event =
      [0x09] + bytes((wallTime ?? 1.7e9 + Double(step)).bitPattern.littleEndian) + [0x10] + varint
      + field(5, field(1, value))
    return framed(event)
  }

  static func framed(_ payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    appendRecordFrame(payload, to: &bytes)
    return bytes
  }

  static func records(_ steps: Range<Int64>) -> [UInt8] { steps.flatMap { record($0) } }

  /// A log where every step's wall time and the order of steps agree.
  func write(_ steps: Range<Int64>, to file: String? = nil) throws {
    try folder.write(Self.records(steps), to: file ?? self.file)
  }

  func append(_ steps: Range<Int64>, to file: String? = nil) throws {
    try folder.append(Self.records(steps), to: file ?? self.file)
  }

  func open(now: Double = 4e9) throws -> Catalog { try Catalog.open(root: folder.path, now: { now }) }

  func path(_ name: String) -> String { "\(folder.path)/\(name)" }
}

extension Catalog {
  /// The steps of `loss` in a run, in the order they are kept.
  func steps(_ run: String = "run") throws -> [Int64] { try allPoints(run, "loss").map(\.step) }

  /// How often the catalogue found another content under a file's name.
  func generation(_ file: String) throws -> Int64? {
    try store.read { try FileRecord.find($0, path: file)?.generation }
  }
}
