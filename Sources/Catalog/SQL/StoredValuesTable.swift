import Events
import Tensors

/// Values that stay in event files, one kind a table. The files are read only for the columns that need it, row by row.
final class StoredValuesTable: LazyTable {
  let name: String
  let columns: [LazyColumn]
  let estimatedRows = 1e5
  private let source: SQLSource
  private let kind: SeriesKind
  private let decode: (SummaryValue) -> [SQLValue]?

  private static let common: [LazyColumn] = [
    .text("run", LazyComparison.names, selectivity: 0.02), .text("tag", LazyComparison.names, selectivity: 0.02),
    .integer("step", LazyComparison.ordered), .real("wall_time", LazyComparison.ordered),
  ]

  /// - Parameters:
  ///   - columns: beyond run, tag, step and wall time.
  ///   - decode: their values; nil where the value is of another kind.
  private init(
    _ source: SQLSource, name: String, kind: SeriesKind, columns: [LazyColumn],
    decode: @escaping (SummaryValue) -> [SQLValue]?
  ) {
    self.source = source
    self.name = name
    self.kind = kind
    self.columns = Self.common + columns
    self.decode = decode
  }

  /// `histograms`: one row a histogram; `buckets` is JSON, `[[left, right, count], …]`.
  static func histograms(_ source: SQLSource) -> StoredValuesTable {
    StoredValuesTable(
      source, name: "histograms", kind: .histogram,
      columns: [.real("min"), .real("max"), .real("num"), .real("sum"), .real("sum_squares"), .text("buckets")]
    ) { value in
      guard case .histogram(let rows, let proto) = value else { return nil }
      let buckets = rows.map { row in
        "[" + [row.left, row.right, row.count].map(JSONText.number).joined(separator: ",") + "]"
      }
      return [
        SQLValue(proto?.min ?? rows.first?.left), SQLValue(proto?.max ?? rows.last?.right),
        SQLValue(proto?.num ?? rows.reduce(0) { $0 + $1.count }), SQLValue(proto?.sum), SQLValue(proto?.sumSquares),
        .text("[" + buckets.joined(separator: ",") + "]"),
      ]
    }
  }

  /// `texts`: one row a text; those of several logged together are joined by newlines, their number is `parts`.
  static func texts(_ source: SQLSource) -> StoredValuesTable {
    StoredValuesTable(
      source, name: "texts", kind: .text, columns: [.integer("parts"), .text("text")]
    ) { value in
      guard case .text(let texts, _) = value else { return nil }
      return [.integer(Int64(texts.count)), .text(texts.joined(separator: "\n"))]
    }
  }

  func rows(matching constraints: [LazyConstraint], used: Set<Int>) throws -> any LazyRows {
    Rows(
      self, try source.series(kinds: [kind], constraints, run: 0, tag: 1), steps: LazyRange(constraints, column: 2),
      wallTimes: LazyRange(constraints, column: 3))
  }

  private final class Rows: LazyRows {
    private let table: StoredValuesTable
    private var left: ArraySlice<SQLSource.Series>
    private let steps: LazyRange
    private let wallTimes: LazyRange
    private var series: SQLSource.Series?
    private var stored: ArraySlice<SQLSource.Stored> = []
    private var row: SQLSource.Stored?
    private var decoded: [SQLValue]?

    init(
      _ table: StoredValuesTable, _ series: [SQLSource.Series], steps: LazyRange, wallTimes: LazyRange
    ) {
      self.table = table
      left = series[...]
      self.steps = steps
      self.wallTimes = wallTimes
    }

    func next() throws -> Bool {
      decoded = nil
      while true {
        try table.source.watch.check()
        if let next = stored.popFirst() {
          guard steps.contains(Double(next.step)), wallTimes.contains(next.wallTime) else { continue }
          row = next
          return true
        }
        guard let next = left.popFirst() else { return false }
        series = next
        stored = try table.source.stored(next)[...]
      }
    }

    var rowID: Int64 { row?.id ?? 0 }

    func value(_ column: Int) throws -> SQLValue {
      guard let series, let row else { return .null }
      switch column {
      case 0: return .text(series.run)
      case 1: return .text(series.tag)
      case 2: return .integer(row.step)
      case 3: return SQLValue(row.wallTime)
      default:
        if decoded == nil { decoded = read(row) }
        let position = column - StoredValuesTable.common.count
        return decoded.flatMap { $0.indices.contains(position) ? $0[position] : nil } ?? .null
      }
    }

    /// The values of the row's own columns; none, and a note, where the file does not hold them any more.
    private func read(_ row: SQLSource.Stored) -> [SQLValue] {
      do {
        guard let blob = try table.source.catalog.blob(id: row.id) else { return [] }
        return table.decode(try table.source.catalog.value(at: blob)) ?? []
      } catch {
        table.source.watch.note("\(error)")
        return []
      }
    }
  }
}
