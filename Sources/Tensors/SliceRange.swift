/// One part of a slice such as `0:10,:,3`, in Python's notation.
public enum SliceRange: Hashable, Sendable {
  /// One index, negative from the end; the axis disappears from the result.
  case index(Int)
  /// `start:stop:step`; missing ends mean the whole axis, and ends beyond it are cut back, as in Python.
  case range(start: Int?, stop: Int?, step: Int)
  /// `...`: all axes not otherwise named.
  case ellipsis

  /// The whole axis.
  public static let all = SliceRange.range(start: nil, stop: nil, step: 1)

  /// Parses `0:10,:,3`, optionally in brackets. An empty text means everything.
  public static func parse(_ text: String) throws -> [SliceRange] {
    var body = Substring(text).trimmed
    if body.first == "[" {
      guard body.last == "]", body.count >= 2 else {
        throw SliceError.syntax(part: text, reason: "the bracket is not closed")
      }
      body = body.dropFirst().dropLast().trimmed
    }
    if body.isEmpty { return [] }
    let parts = body.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
    let ranges = try parts.map(parsePart)
    guard ranges.filter({ $0 == .ellipsis }).count <= 1 else {
      throw SliceError.syntax(part: text, reason: "\"...\" may stand only once")
    }
    return ranges
  }

  private static func parsePart(_ part: Substring) throws -> SliceRange {
    if part == "..." { return .ellipsis }
    func number(_ text: Substring) throws -> Int? {
      let text = text.trimmed
      if text.isEmpty { return nil }
      guard let value = Int(text) else {
        throw SliceError.syntax(part: String(part), reason: "\"\(text)\" is not a number")
      }
      return value
    }
    let ends = part.split(separator: ":", omittingEmptySubsequences: false)
    switch ends.count {
    case 1:
      guard let index = try number(part) else {
        throw SliceError.syntax(part: String(part), reason: "an axis is left empty; write \":\" for all of it")
      }
      return .index(index)
    case 2, 3:
      let step = ends.count == 3 ? try number(ends[2]) ?? 1 : 1
      guard step != 0 else { throw SliceError.syntax(part: String(part), reason: "the step cannot be 0") }
      return .range(start: try number(ends[0]), stop: try number(ends[1]), step: step)
    default: throw SliceError.syntax(part: String(part), reason: "more than two colons")
    }
  }
}

extension SliceRange: CustomStringConvertible {
  public var description: String {
    switch self {
    case .index(let index): "\(index)"
    case .ellipsis: "..."
    case .range(let start, let stop, let step):
      "\(start.map(String.init) ?? ""):\(stop.map(String.init) ?? "")" + (step == 1 ? "" : ":\(step)")
    }
  }
}

/// Why a slice cannot be taken. Correct the slice; the message says where.
public enum SliceError: Error, Equatable, Sendable, CustomStringConvertible {
  case syntax(part: String, reason: String)
  case tooManyAxes(given: Int, rank: Int)
  case indexOutOfRange(axis: Int, index: Int, size: Int)

  public var description: String {
    switch self {
    case .syntax(let part, let reason): "\"\(part)\" is not a slice: \(reason)"
    case .tooManyAxes(let given, let rank): "the slice names \(given) axes, but the tensor has \(rank)"
    case .indexOutOfRange(let axis, let index, let size):
      "index \(index) is outside of axis \(axis), which has size \(size)"
    }
  }
}

/// A slice fitted to a shape: for each axis of the tensor, the indices `start + step × i` for `i` in `0..<count`.
public struct ResolvedSlice: Equatable, Sendable {
  public struct Axis: Equatable, Sendable {
    public var start: Int
    public var count: Int
    public var step: Int
    /// Whether the axis was given by one index and so is not part of the result's shape.
    public var isDropped: Bool

    public init(start: Int, count: Int, step: Int = 1, isDropped: Bool = false) {
      self.start = start
      self.count = count
      self.step = step
      self.isDropped = isDropped
    }
  }

  /// As many as the tensor has axes.
  public var axes: [Axis]

  public init(axes: [Axis]) { self.axes = axes }

  /// Everything.
  public init(_ shape: Shape) { axes = shape.dimensions.map { Axis(start: 0, count: $0) } }

  /// Fits ranges to a shape; axes not named at the end are taken whole.
  public init(_ ranges: [SliceRange], of shape: Shape) throws {
    let named = ranges.filter { $0 != .ellipsis }.count
    guard named <= shape.rank else { throw SliceError.tooManyAxes(given: named, rank: shape.rank) }
    let fill = [SliceRange](repeating: .all, count: shape.rank - named)
    var full: [SliceRange] = []
    for range in ranges { if range == .ellipsis { full += fill } else { full.append(range) } }
    if !ranges.contains(.ellipsis) { full += fill }
    axes = try zip(full, shape.dimensions).enumerated().map { number, pair in
      try Self.axis(pair.0, number: number, size: pair.1)
    }
  }

  /// The result's shape.
  public var shape: Shape { Shape(axes.filter { !$0.isDropped }.map(\.count)) }

  private static func axis(_ range: SliceRange, number: Int, size: Int) throws -> Axis {
    switch range {
    case .ellipsis: return Axis(start: 0, count: size)
    case .index(let index):
      let position = index < 0 ? index &+ size : index
      guard (0..<size).contains(position) else {
        throw SliceError.indexOutOfRange(axis: number, index: index, size: size)
      }
      return Axis(start: position, count: 1, step: 1, isDropped: true)
    case .range(let start, let stop, let step):
      // Python's rules: negative ends count from the end, then both are cut back to the axis.
      func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
        min(max(value < 0 ? value &+ size : value, low), high)
      }
      if step > 0 {
        let first = start.map { clamp($0, 0, size) } ?? 0
        let end = stop.map { clamp($0, 0, size) } ?? size
        return Axis(start: first, count: end > first ? (end - first - 1) / step + 1 : 0, step: step)
      }
      let first = start.map { clamp($0, -1, size - 1) } ?? size - 1
      let end = stop.map { clamp($0, -1, size - 1) } ?? -1
      // `step.magnitude`, since -Int.min does not exist.
      let count = first > end ? Int(UInt(first - end - 1) / step.magnitude) + 1 : 0
      return Axis(start: max(first, 0), count: count, step: count <= 1 ? 1 : step)
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var result = self
    while result.first?.isWhitespace == true { result.removeFirst() }
    while result.last?.isWhitespace == true { result.removeLast() }
    return result
  }
}

extension Tensor {
  /// The part of the tensor a slice names.
  public func sliced(_ slice: ResolvedSlice) -> Tensor {
    let indices = slice.flatIndices(in: shape)
    guard let width = dtype.byteWidth else {
      return Tensor(strings: indices.map { strings[$0] }, shape: slice.shape)
    }
    var result = Tensor(zeros: dtype, shape: slice.shape)
    withUnsafeBytes { source in
      result.withUnsafeMutableBytes { target in
        for (position, index) in indices.enumerated() {
          target.baseAddress!.advanced(by: position * width)
            .copyMemory(from: source.baseAddress!.advanced(by: index * width), byteCount: width)
        }
      }
    }
    return result
  }
}

extension ResolvedSlice {
  /// Row-major positions of the slice's elements in a tensor of this shape, in the result's order.
  public func flatIndices(in shape: Shape) -> [Int] {
    var indices = [0]
    for (axis, stride) in zip(axes, shape.strides) {
      indices = indices.flatMap { base in (0..<axis.count).map { base + (axis.start + $0 * axis.step) * stride } }
    }
    return indices
  }
}
