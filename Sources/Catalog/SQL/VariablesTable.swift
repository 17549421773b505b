import Checkpoints

/// `variables`: the tensors of checkpoints, from the checkpoints' indices; no values are read.
final class VariablesTable: LazyTable {
  let name = "variables"
  let columns: [LazyColumn] = [
    .text("run", [.equal], selectivity: 0.05), .text("checkpoint", [.equal], selectivity: 0.02),
    .integer("step", LazyComparison.ordered), .text("name"), .text("full_name"), .text("dtype"), .text("shape"),
    .integer("elements"), .integer("bytes"), .integer("shard"), .integer("offset"),
  ]
  let estimatedRows = 1e5
  private let source: SQLSource
  /// Indices read by this query, most of which a join asks for again.
  private var readers: [String: CheckpointReader] = [:]

  init(_ source: SQLSource) { self.source = source }

  func rows(matching constraints: [LazyConstraint], used: Set<Int>) throws -> any LazyRows {
    func equal(_ column: Int) -> String? {
      for case .text(let text) in constraints.filter({ $0.column == column && $0.comparison == .equal }).map(\.value) {
        return text
      }
      return nil
    }
    let steps = LazyRange(constraints, column: 2)
    let comparesStep = constraints.contains { $0.column == 2 && $0.value != .null }
    let prefix = equal(1)
    let checkpoints = try source.catalog.checkpoints(run: equal(0)).filter { checkpoint in
      (prefix == nil || checkpoint.prefix == prefix)
        && (checkpoint.step.map { steps.contains(Double($0)) } ?? !comparesStep)
    }
    return Rows(self, checkpoints, needsFullNames: used.contains(4))
  }

  /// The index of a checkpoint; nil, and a note, where it cannot be read.
  private func reader(_ prefix: String) -> CheckpointReader? {
    if let known = readers[prefix] { return known }
    do {
      let reader = try CheckpointReader(
        prefix: source.catalog.absolute(prefix), confinedTo: source.catalog.root)
      for problem in reader.problems { source.watch.note("\(prefix): \(problem)") }
      if readers.count >= 64 { readers.removeAll() }
      readers[prefix] = reader
      return reader
    } catch {
      source.watch.note("\(error)")
      return nil
    }
  }

  private final class Rows: LazyRows {
    private let table: VariablesTable
    private var left: ArraySlice<CheckpointSummary>
    private let needsFullNames: Bool
    private var checkpoint: CheckpointSummary?
    private var entries: [CheckpointEntry] = []
    private var fullNames: [String: String] = [:]
    private var position = 0

    init(_ table: VariablesTable, _ checkpoints: [CheckpointSummary], needsFullNames: Bool) {
      self.table = table
      left = checkpoints[...]
      self.needsFullNames = needsFullNames
    }

    func next() throws -> Bool {
      position += 1
      while position >= entries.count {
        try table.source.watch.check()
        guard let next = left.popFirst() else { return false }
        let reader = table.reader(next.prefix)
        (checkpoint, entries, position) = (next, reader?.entries ?? [], 0)
        fullNames = needsFullNames ? (try? reader?.fullNames) ?? [:] : [:]
      }
      return true
    }

    var rowID: Int64 { (checkpoint?.id ?? 0) << 32 | Int64(position) }

    func value(_ column: Int) throws -> SQLValue {
      guard let checkpoint, entries.indices.contains(position) else { return .null }
      let entry = entries[position]
      switch column {
      case 0: return .text(checkpoint.run)
      case 1: return .text(checkpoint.prefix)
      case 2: return SQLValue(checkpoint.step)
      case 3: return .text(entry.name)
      case 4: return SQLValue(fullNames[entry.name])
      case 5: return .text(entry.dtype.name)
      case 6: return .text("[" + entry.shape.dimensions.map { "\($0)" }.joined(separator: ",") + "]")
      case 7: return .integer(Int64(entry.shape.elementCount))
      case 8: return .integer(Int64(clamping: entry.byteCount))
      case 9: return .integer(Int64(entry.shard))
      default: return SQLValue(entry.offset.map { Int64(clamping: $0) })
      }
    }
  }
}
