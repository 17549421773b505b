import Foundation
import Records
import Testing

@testable import Events

/// A folder of event files written by TensorFlow or tensorboardX, and what their own readers found in it.
struct FixtureCase {
  let folder: URL
  let expected: [String: Any]

  static let all = [
    "bad_data_crc", "bad_length_crc", "edge_steps", "empty_and_garbage", "many_tags", "multi_run", "old_file_version",
    "restart_no_marker", "restart_session_start", "tensorboardx", "tf1_nonfinite", "tf1_training", "tf2_summary",
    "truncated_header", "truncated_tail",
  ]

  init(_ name: String) throws {
    folder = Self.fixtures.appendingPathComponent("events/\(name)")
    let data = try Data(contentsOf: folder.appendingPathComponent("expected.json"))
    expected = try #require(JSONDecoder().decode(JSONValue.self, from: data).plain as? [String: Any])
  }

  static var fixtures: URL { Bundle.module.resourceURL!.appendingPathComponent("Fixtures") }

  var runs: [String: [String: Any]] { expected["runs"] as? [String: [String: Any]] ?? [:] }

  func path(_ run: String, _ file: String) -> String {
    folder.appendingPathComponent(run == "." ? file : "\(run)/\(file)").path
  }

  /// Names of the event files of a run, in the order they are read.
  func files(_ run: String) -> [[String: Any]] { runs[run]?["files"] as? [[String: Any]] ?? [] }
}

/// Everything a reader gives of a file, in one batch's form, with tags by name.
struct WholeFile {
  struct Point: Equatable {
    var step: Int64
    var wallTime: Double
    var value: Double
  }
  var tags: [String: EventTag] = [:]
  var points: [String: [Point]] = [:]
  var values: [String: [LocatedValue]] = [:]
  var untagged: [LocatedValue] = []
  var batches: [EventBatch] = []

  var skipped: [SkippedRecord] { batches.flatMap(\.skipped) }
  var records: Int { batches.reduce(0) { $0 + $1.records } }
  var tail: Tail { batches.last?.tail ?? .clean }
  var sessionLogs: [SessionLogEntry] { batches.flatMap(\.sessionLogs) }

  init(_ reader: EventFileReader, limit: Int = 8 << 20) throws {
    repeat {
      let batch = try reader.next(limit: limit)
      add(batch)
    } while batches.last?.reachedEnd == false
  }

  init(path: String, limit: Int = 8 << 20) throws { try self.init(EventFileReader(path: path), limit: limit) }

  init(_ bytes: [UInt8], limit: Int = 8 << 20) throws {
    try self.init(EventFileReader(source: MemorySource(bytes)), limit: limit)
  }

  mutating func add(_ batch: EventBatch) {
    batches.append(batch)
    for tag in batch.tags { tags[tag.name] = tag }
    for columns in batch.scalars {
      let doubles = columns.values.doubles
      for index in columns.steps.indices {
        points[batch.tags[columns.tagIndex].name, default: []].append(
          Point(step: columns.steps[index], wallTime: columns.wallTimes[index], value: doubles[index]))
      }
    }
    for value in batch.values {
      if let index = value.tagIndex {
        values[batch.tags[index].name, default: []].append(value)
      } else {
        untagged.append(value)
      }
    }
  }
}

/// A number of expected.json: NaN and infinities are strings there.
func number(_ value: Any?) -> Double {
  switch value as? String {
  case "NaN": .nan
  case "Infinity": .infinity
  case "-Infinity": -.infinity
  default: value as? Double ?? (value as? Int).map(Double.init) ?? .signalingNaN
  }
}

func same(_ a: Double, _ b: Double) -> Bool { a.isNaN && b.isNaN || a.bitPattern == b.bitPattern }

/// JSON with numbers kept exact: JSONSerialization rounds the last digit of some.
enum JSONValue: Decodable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self), value == 0, value.sign == .minus {
      self = .double(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// As plain Swift values, for casting.
  var plain: Any {
    switch self {
    case .null: Any?.none as Any
    case .bool(let value): value
    case .int(let value): value
    case .double(let value): value
    case .string(let value): value
    case .array(let values): values.map(\.plain)
    case .object(let values): values.mapValues(\.plain)
    }
  }
}
