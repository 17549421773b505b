/// A table that SQL can read and whose rows are made when they are asked for: nothing of it is stored.
///
/// A table is told which comparisons a query makes with its columns, as far as ``LazyColumn/comparisons`` names them,
/// and leaves out rows it can tell are not wanted. It may give more rows than wanted: SQLite checks each again.
protocol LazyTable {
  /// What the table is called.
  var name: String { get }
  var columns: [LazyColumn] { get }
  /// About how many rows there are where nothing is compared; any number, for choosing the order of joins.
  var estimatedRows: Double { get }
  /// Columns by which rows ascend, with as many of them compared for equality as `fixed` says; empty where rows come in no
  /// certain order. Columns that are fixed are left out.
  func order(fixed: Set<Int>) -> [Int]

  /// Starts a reading. `used` are the columns whose values will be asked for.
  func rows(matching constraints: [LazyConstraint], used: Set<Int>) throws -> any LazyRows
}

extension LazyTable {
  func order(fixed: Set<Int>) -> [Int] { [] }
}

/// A reading of a ``LazyTable``.
protocol LazyRows: AnyObject {
  /// Goes to the next row, at first to the first one; gives false after the last.
  func next() throws -> Bool
  /// A number that no other row of the table has, the same in every reading: SQLite joins the answers of several readings
  /// (of `a OR b`) by it.
  var rowID: Int64 { get }
  /// A value of the row at hand.
  func value(_ column: Int) throws -> SQLValue
}

struct LazyColumn {
  enum Affinity: String {
    case text = "TEXT"
    case integer = "INTEGER"
    case real = "REAL"
  }

  var name: String
  var affinity: Affinity
  /// Comparisons that save work.
  var comparisons: Set<LazyComparison> = []
  /// About which part of the rows is left where the column is compared for equality.
  var selectivity = 0.1

  static func text(_ name: String, _ comparisons: Set<LazyComparison> = [], selectivity: Double = 0.1) -> LazyColumn {
    LazyColumn(name: name, affinity: .text, comparisons: comparisons, selectivity: selectivity)
  }

  static func integer(
    _ name: String, _ comparisons: Set<LazyComparison> = [], selectivity: Double = 0.01
  ) -> LazyColumn {
    LazyColumn(name: name, affinity: .integer, comparisons: comparisons, selectivity: selectivity)
  }

  static func real(_ name: String, _ comparisons: Set<LazyComparison> = []) -> LazyColumn {
    LazyColumn(name: name, affinity: .real, comparisons: comparisons, selectivity: 0.01)
  }
}

/// A comparison of a column with a value. The numbers are SQLite's (`SQLITE_INDEX_CONSTRAINT_…`).
enum LazyComparison: UInt8 {
  case equal = 2
  case greater = 4
  case atMost = 8
  case less = 16
  case atLeast = 32
  case like = 65
  case glob = 66
  /// `IS NULL`; its value is ``SQLValue/null``.
  case isNull = 71

  static let ordered: Set<LazyComparison> = [.equal, .greater, .atMost, .less, .atLeast]
  static let names: Set<LazyComparison> = [.equal, .like, .glob]
}

struct LazyConstraint {
  var column: Int
  var comparison: LazyComparison
  var value: SQLValue
}

/// What a number has to lie in, put together from comparisons; ends are inclusive, which lets through a little more than
/// `<` and `>` ask for.
struct LazyRange {
  var low = -Double.infinity
  var high = Double.infinity

  /// Comparisons with anything but numbers leave the range open.
  init(_ constraints: [LazyConstraint], column: Int) {
    for constraint in constraints where constraint.column == column {
      let value: Double
      switch constraint.value {
      // Rounded outwards: an integer beyond 2^53 has no Double of its own.
      case .integer(let integer): value = Double(integer)
      case .real(let real): value = real
      case .null, .text, .blob: continue
      }
      switch constraint.comparison {
      case .equal: (low, high) = (max(low, value.nextDown), min(high, value.nextUp))
      case .greater, .atLeast: low = max(low, value.nextDown)
      case .less, .atMost: high = min(high, value.nextUp)
      case .like, .glob, .isNull: break
      }
    }
  }

  /// Whether values between two ends may lie inside.
  func meets(_ first: Double, _ last: Double) -> Bool { last >= low && first <= high }
  func contains(_ value: Double) -> Bool { value >= low && value <= high }
}
