/// What is asked of a value: a comparison with a number, or which class of numbers it belongs to.
///
/// NaN satisfies no comparison, not even `!=`; infinities compare as numbers do. Against values logged as float32 the
/// number is rounded to float32 first, so that an accuracy logged as 0.9 is at least 0.9.
public enum PointCondition: Sendable, Hashable {
  public enum Comparison: String, Sendable, CaseIterable {
    case less = "<"
    case atMost = "<="
    case greater = ">"
    case atLeast = ">="
    case equal = "=="
    case different = "!="
  }

  /// Classes of values; `is not finite` is the two others.
  public struct Classes: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let finite = Classes(rawValue: 1)
    public static let nan = Classes(rawValue: 2)
    public static let positiveInfinity = Classes(rawValue: 4)
    public static let negativeInfinity = Classes(rawValue: 8)
    public static let infinite: Classes = [.positiveInfinity, .negativeInfinity]
    public static let all: Classes = [.finite, .nan, .positiveInfinity, .negativeInfinity]
  }

  case compares(Comparison, Double)
  case isOf(Classes)
}

extension PointCondition.Comparison {
  /// Whether a number (not NaN) stands to another as asked.
  @inline(__always)
  func holds(_ value: Double, _ number: Double) -> Bool {
    switch self {
    case .less: value < number
    case .atMost: value <= number
    case .greater: value > number
    case .atLeast: value >= number
    case .equal: value == number
    case .different: value != number && !value.isNaN
    }
  }
}

extension PointCondition.Classes {
  /// The class of a value.
  init(of value: Double) {
    self = value.isFinite ? .finite : value.isNaN ? .nan : value > 0 ? .positiveInfinity : .negativeInfinity
  }

  /// Those that a block has values of.
  fileprivate init(in block: BlockSummary) {
    self = []
    if block.finite > 0 { insert(.finite) }
    if block.nan > 0 { insert(.nan) }
    if block.positiveInfinity > 0 { insert(.positiveInfinity) }
    if block.negativeInfinity > 0 { insert(.negativeInfinity) }
  }
}

extension PointCondition {
  /// The same, for values of one precision.
  func rounded(to values: SeriesValues) -> PointCondition {
    guard case .float32 = values, case .compares(let comparison, let number) = self else { return self }
    return .compares(comparison, Self.single(number))
  }

  /// A number as float32, unless that would make it 0 or infinite.
  private static func single(_ number: Double) -> Double {
    let single = Float(number)
    return single.isNormal || number == 0 ? Double(single) : number
  }

  /// Whether a value satisfies the condition. Give values of the precision it was ``rounded(to:)``.
  @inline(__always)
  func holds(_ value: Double) -> Bool {
    switch self {
    case .compares(let comparison, let number): comparison.holds(value, number)
    case .isOf(let classes): classes.contains(Classes(of: value))
    }
  }

  /// Whether any point of a block can satisfy the condition. Where this is false, the block need not be read; it stays
  /// true of any part of the block that it cannot.
  func mayHold(in block: BlockSummary) -> Bool {
    switch self {
    case .isOf(let classes): return !classes.isDisjoint(with: Classes(in: block))
    case .compares(let comparison, let exact):
      // The block may be of either precision.
      return [exact, Self.single(exact)].contains { number in
        if Self.extremes(block).contains(where: { comparison.holds($0, number) }) { return true }
        guard comparison == .equal, let low = block.min, let high = block.max else { return false }
        return low < number && number < high
      }
    }
  }

  /// Whether every point of a block, and so of any part of it, satisfies the condition.
  func holdsThroughout(_ block: BlockSummary) -> Bool {
    switch self {
    case .isOf(let classes): return classes.isSuperset(of: Classes(in: block))
    case .compares(let comparison, let exact):
      guard block.nan == 0 else { return false }
      return [exact, Self.single(exact)].allSatisfy { number in
        guard Self.extremes(block).allSatisfy({ comparison.holds($0, number) }) else { return false }
        guard comparison == .different, let low = block.min, let high = block.max else { return true }
        return number < low || number > high
      }
    }
  }

  /// The smallest and the largest number of a block, finite and not.
  private static func extremes(_ block: BlockSummary) -> [Double] {
    var extremes: [Double] = []
    if let low = block.min, let high = block.max { extremes = [low, high] }
    if block.positiveInfinity > 0 { extremes.append(.infinity) }
    if block.negativeInfinity > 0 { extremes.append(-.infinity) }
    return extremes
  }
}
