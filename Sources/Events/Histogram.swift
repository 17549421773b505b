/// One bar: `count` values between `left` and `right`.
public struct HistogramRow: Sendable, Hashable, Codable {
  public var left: Double
  public var right: Double
  public var count: Double

  public init(left: Double, right: Double, count: Double) {
    self.left = left
    self.right = right
    self.count = count
  }
}

/// A HistogramProto: 1 min, 2 max, 3 num, 4 sum, 5 sum_squares (doubles), 6 bucket_limit, 7 bucket (packed doubles).
///
/// Bucket `i` counts values from `bucketLimits[i - 1]` (inclusive) to `bucketLimits[i]`; the first one starts at `min`.
public struct Histogram: Sendable, Hashable {
  public var min: Double
  public var max: Double
  /// How many values.
  public var num: Double
  public var sum: Double
  public var sumSquares: Double
  /// Upper edges.
  public var bucketLimits: [Double]
  public var bucketCounts: [Double]

  public init(
    min: Double, max: Double, num: Double, sum: Double, sumSquares: Double, bucketLimits: [Double],
    bucketCounts: [Double]
  ) {
    self.min = min
    self.max = max
    self.num = num
    self.sum = sum
    self.sumSquares = sumSquares
    self.bucketLimits = bucketLimits
    self.bucketCounts = bucketCounts
  }

  /// The bars to draw. By default empty buckets at both ends go, and the outer edges are the least and the greatest
  /// value, as TensorBoard's Python reader has it; with `false` all buckets stay, as its data server has it.
  public func rows(droppingEmptyEnds: Bool = true) -> [HistogramRow] {
    LegacyForms.rows(
      min: min, max: max, limits: bucketLimits, counts: bucketCounts, dropsEmptyEnds: droppingEmptyEnds)
  }

  /// Parses a HistogramProto; nil when the bytes do not parse or limits and counts differ in number.
  init?(protobuf bytes: UnsafeRawBufferPointer) {
    self.init(min: 0, max: 0, num: 0, sum: 0, sumSquares: 0, bucketLimits: [], bucketCounts: [])
    var cursor = WireCursor(bytes)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x09: min = Double(bitPattern: cursor.fixed64())
      case 0x11: max = Double(bitPattern: cursor.fixed64())
      case 0x19: num = Double(bitPattern: cursor.fixed64())
      case 0x21: sum = Double(bitPattern: cursor.fixed64())
      case 0x29: sumSquares = Double(bitPattern: cursor.fixed64())
      case 0x31: bucketLimits.append(Double(bitPattern: cursor.fixed64()))
      case 0x39: bucketCounts.append(Double(bitPattern: cursor.fixed64()))
      case 0x32, 0x3A:
        var packed = WireCursor(cursor.bytes())
        while packed.hasMore {
          let value = Double(bitPattern: packed.fixed64())
          if packed.failed { return nil }
          if key == 0x32 { bucketLimits.append(value) } else { bucketCounts.append(value) }
        }
      default: cursor.skip(key)
      }
    }
    if cursor.failed || bucketLimits.count != bucketCounts.count { return nil }
  }
}

/// Looks a HistogramProto over without building it.
enum HistogramProtoForm {
  /// How many buckets it has; nil when it does not parse or limits and counts differ in number.
  static func bucketCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var limits = 0
    var counts = 0
    var cursor = WireCursor(bytes)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x32, 0x3A:
        let packed = cursor.bytes().count
        guard packed % 8 == 0 else { return nil }
        if key == 0x32 { limits += packed / 8 } else { counts += packed / 8 }
      case 0x31:
        _ = cursor.fixed64()
        limits += 1
      case 0x39:
        _ = cursor.fixed64()
        counts += 1
      default: cursor.skip(key)
      }
    }
    return cursor.failed || limits != counts ? nil : counts
  }
}
