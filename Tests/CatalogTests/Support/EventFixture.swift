import Foundation
import Records

@testable import Catalog

/// A case of the event file fixtures, which lie with the tests of Events: files of real writers, and what they hold.
struct EventFixture {
  struct Point: Equatable {
    var step: Int64
    var wallTime: Double
    var value: Double
  }

  let name: String
  let folder: String
  let runs: [String: [String: Any]]
  /// What TensorBoard's data server keeps, by run: `scalars`, by tag.
  let dataServer: [String: [String: Any]]

  static let names = [
    "bad_data_crc", "bad_length_crc", "edge_steps", "empty_and_garbage", "many_tags", "multi_run", "old_file_version",
    "restart_no_marker", "restart_session_start", "tensorboardx", "tf1_nonfinite", "tf1_training", "tf2_summary",
    "truncated_header", "truncated_tail",
  ]

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("EventsTests/Fixtures/events").path

  init(_ name: String) throws {
    self.name = name
    folder = "\(Self.root)/\(name)"
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json"))
    let json = try JSONDecoder().decode(JSONValue.self, from: data).value as? [String: Any] ?? [:]
    runs = (json["runs"] as? [String: [String: Any]]) ?? [:]
    dataServer = (json["data_server"] as? [String: [String: Any]]) ?? [:]
  }

  /// The bytes of an event file of the case.
  func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)")))
  }

  /// A record around a payload.
  static func frame(_ payload: [UInt8]) -> [UInt8] {
    func bytes<I: FixedWidthInteger>(_ number: I) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    let length = bytes(UInt64(payload.count))
    return length + bytes(CRC32C.mask(CRC32C.checksum(length))) + payload + bytes(CRC32C.mask(CRC32C.checksum(payload)))
  }

  /// Copies the case below a folder, without what is expected of it.
  func copy(to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: folder, toPath: path)
    try FileManager.default.removeItem(atPath: path + "/expected.json")
  }

  /// Series of a run by kind (`scalar`, `tensor_scalar`, `histogram`, …).
  func series(_ run: String) -> [String: [String: Any]] { runs[run]?["series"] as? [String: [String: Any]] ?? [:] }

  /// The scalar points of a series in the order they are in the files; nil where it holds no scalars.
  func scalars(_ run: String, _ tag: String) -> [Point]? {
    guard let series = series(run)[tag], let kind = series["kind"] as? String,
      kind == "scalar" || kind == "tensor_scalar", let points = series["points"] as? [Any]
    else { return nil }
    return points.map { point in
      if let row = point as? [Any] {
        return Point(step: Self.integer(row[0]), wallTime: Self.number(row[1]), value: Self.number(row[2]))
      }
      let row = point as? [String: Any] ?? [:]
      return Point(
        step: Self.integer(row["step"]), wallTime: Self.number(row["wall_time"]),
        value: Self.number((row["data"] as? [Any])?.first ?? row["value"]))
    }
  }

  /// The steps TensorBoard's Python reader keeps of a series of scalars; nil where it knows none of the name.
  func accumulatorSteps(_ run: String, _ tag: String) -> [Int64]? {
    let kept = runs[run]?["event_accumulator_steps"] as? [String: [String: [Int64]]]
    // Scalars of TensorFlow 2 are tensors to it.
    return kept?["scalars"]?[tag] ?? kept?["tensors"]?[tag]
  }

  /// The points TensorBoard's data server keeps of a series of scalars, without wall times; nil where it has none.
  func dataServerPoints(_ run: String, _ tag: String) -> [(step: Int64, value: Double)]? {
    let series = (dataServer[run]?["scalars"] as? [String: [String: Any]])?[tag]
    return (series?["points"] as? [[Any]])?.map { (Self.integer($0[0]), Self.number($0[1])) }
  }

  static func integer(_ value: Any?) -> Int64 { value as? Int64 ?? .min }

  static func number(_ value: Any?) -> Double {
    switch value as? String {
    case "NaN": .nan
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    default: value as? Double ?? (value as? Int64).map(Double.init) ?? .nan
    }
  }
}

extension Catalog {
  /// Every point of a scalar series as a fixture has them.
  func allPoints(_ run: String, _ tag: String) throws -> [EventFixture.Point] {
    let points = try scalars(run: run, tag: tag, branches: .all).points
    return (0..<points.count).map {
      EventFixture.Point(step: points.steps[$0], wallTime: points.wallTimes[$0], value: points.values[$0])
    }
  }
}

/// Whether two lists of points are the same, NaN counting as equal to itself and float32 values compared as such.
func same(_ left: [EventFixture.Point], _ right: [EventFixture.Point]) -> Bool {
  left.count == right.count
    && zip(left, right).allSatisfy { left, right in
      left.step == right.step && left.wallTime == right.wallTime
        && (left.value == right.value || Float(left.value) == Float(right.value)
          || left.value.isNaN && right.value.isNaN)
    }
}

/// Any JSON, its numbers read exactly (`JSONSerialization` rounds some): Int64 where they are whole, else Double.
struct JSONValue: Decodable {
  let value: Any

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      value = ()
    } else if let whole = try? container.decode(Int64.self) {
      value = whole
    } else if let number = try? container.decode(Double.self) {
      value = number
    } else if let text = try? container.decode(String.self) {
      value = text
    } else if let flag = try? container.decode(Bool.self) {
      value = flag
    } else if let list = try? container.decode([JSONValue].self) {
      value = list.map(\.value)
    } else {
      value = try container.decode([String: JSONValue].self).mapValues(\.value)
    }
  }
}
