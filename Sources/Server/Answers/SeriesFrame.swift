import Catalog

/// The binary answer of `POST /series` (docs/http-api.md), little endian:
///
///     0   "TSS1"
///     4   length of the header, uint32, with padding
///     8   header: JSON, padded with spaces so that what follows is at a multiple of 8
///     …   arrays of float64, float32 and uint32, each at a multiple of 8 from the end of the header
///
/// The header says of each series at which offset each of its arrays begins.
enum SeriesFrame {
  static func encode(
    revision: Int64, series: [SeriesAnswer], showsUnmatched: Bool = false,
    groups: [(name: String?, answer: GroupAnswer)] = []
  ) -> [UInt8] {
    var arrays = BinaryArrays()
    var json = JSONWriter(capacity: 512 * series.count + 64)
    json.object {
      $0.member("revision", revision)
      $0.member("series") {
        $0.array(series) { json, series in write(series, showsUnmatched: showsUnmatched, to: &json, &arrays) }
      }
      if !groups.isEmpty {
        $0.member("groups") { $0.array(groups) { json, group in write(group.name, group.answer, to: &json, &arrays) } }
      }
    }
    return BinaryFrame.encode(header: json.bytes, arrays: arrays)
  }

  private static func write(
    _ series: SeriesAnswer, showsUnmatched: Bool, to json: inout JSONWriter, _ arrays: inout BinaryArrays
  ) {
    json.object {
      $0.member("run", series.run)
      $0.member("tag", series.tag)
      $0.member("branch", series.branch)
      $0.member("superseded", series.superseded)
      $0.member("count", series.count)
      $0.member("x_min", series.xMin)
      $0.member("x_max", series.xMax)
      $0.member("raw", series.raw)
      $0.member("n", series.x.count)
      $0.member("base", series.base)
      $0.member("x", arrays.append(series.x))
      write([series.first, series.min, series.max, series.last], raw: series.raw, prefix: "", to: &$0, &arrays)
      if let smoothed = series.smoothed {
        write(
          [smoothed.first, smoothed.min, smoothed.max, smoothed.last], raw: series.raw, prefix: "smooth_", to: &$0,
          &arrays)
      }
      $0.member("points", arrays.append(series.points))
      $0.member("non_finite") {
        $0.array(series.nonFinite) { json, place in
          json.object {
            $0.member("x", place.x)
            $0.member("nan", place.nan)
            $0.member("positive", place.positive)
            $0.member("negative", place.negative)
          }
        }
      }
      $0.member("non_finite_count", series.nonFiniteCount)
      if showsUnmatched { $0.member("unmatched", series.unmatched) }
    }
  }

  private static func write(
    _ name: String?, _ group: GroupAnswer, to json: inout JSONWriter, _ arrays: inout BinaryArrays
  ) {
    json.object {
      $0.member("name", name)
      $0.member("series") {
        $0.array(group.series) { json, series in
          json.object {
            $0.member("run", series.run)
            $0.member("tag", series.tag)
          }
        }
      }
      $0.member("count", group.count)
      $0.member("raw", group.raw)
      $0.member("n", group.x.count)
      $0.member("base", group.base)
      $0.member("x", arrays.append(group.x))
      $0.member("fewest", arrays.append(group.fewest))
      $0.member("most", arrays.append(group.most))
      $0.member("curves") {
        $0.array(group.curves) { json, curve in
          json.object {
            $0.member("statistic", curve.statistic.name)
            let rows = curve.rows
            write([rows.first, rows.min, rows.max, rows.last], raw: group.raw, prefix: "", to: &$0, &arrays)
          }
        }
      }
    }
  }

  /// Appends first, smallest, largest and last values, and says where they are.
  private static func write(
    _ columns: [[Float]], raw: Bool, prefix: String, to json: inout JSONWriter, _ arrays: inout BinaryArrays
  ) {
    var first: Int?
    for (name, column) in zip(["first", "min", "max", "last"], columns) {
      // The four are the same where every point is a row of its own: one array serves all.
      let offset = raw ? first ?? arrays.append(column) : arrays.append(column)
      first = offset
      json.member("\(prefix)\(name)", offset)
    }
  }
}

/// A JSON header followed by binary arrays: the form of all binary answers.
enum BinaryFrame {
  static let magic = Array("TSS1".utf8)

  static func encode(header: [UInt8], arrays: BinaryArrays) -> [UInt8] {
    let length = (header.count + 7) / 8 * 8
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + length + arrays.bytes.count)
    bytes.append(contentsOf: magic)
    withUnsafeBytes(of: UInt32(length).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: length - header.count))
    bytes.append(contentsOf: arrays.bytes)
    return bytes
  }
}

/// Arrays of numbers one after another, each at a multiple of 8 bytes, little endian.
struct BinaryArrays: Sendable {
  private(set) var bytes: [UInt8] = []

  /// Appends an array and returns its offset.
  mutating func append(_ numbers: [Double]) -> Int { appendBytes(of: numbers) }
  mutating func append(_ numbers: [Float]) -> Int { appendBytes(of: numbers) }
  mutating func append(_ numbers: [UInt32]) -> Int { appendBytes(of: numbers) }

  /// The numbers as they lie in memory, which is little endian on every processor this runs on.
  private mutating func appendBytes<Number: BitwiseCopyable>(of numbers: [Number]) -> Int {
    let offset = bytes.count
    numbers.withUnsafeBytes { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: repeatElement(0, count: (8 - bytes.count % 8) % 8))
    return offset
  }
}
