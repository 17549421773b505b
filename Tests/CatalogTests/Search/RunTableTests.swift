import Events
import Foundation
import Testing

@testable import Catalog

/// Searches and columns over a catalogue.
@Suite struct RunTableTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path)
  }

  /// Logs values a second apart, at steps of ten from `step` on.
  private func log(
    _ values: [Float], run: String, tag: String = "loss", step: Int64 = 0, wallTime: Double = 1000,
    isRestart: Bool = false
  ) throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/\(run)", clock: { wallTime })
    if isRestart { try writer.addSessionLog(.start, step: step, wallTime: wallTime) }
    for (index, value) in values.enumerated() {
      try writer.addScalar(
        tag: tag, value: value, step: step + 10 * Int64(index), wallTime: wallTime + Double(index))
    }
    try writer.close()
    try catalog.refresh()
  }

  private func column(_ text: String, _ query: RunTableQuery = RunTableQuery()) throws -> [String: PlainValue] {
    var query = query
    query.columns = [try RunColumn(text)]
    return Dictionary(uniqueKeysWithValues: try catalog.runTable(query).map { ($0.summary.run, $0.values[0]) })
  }

  private func runs(where condition: String) throws -> [String] {
    try catalog.runTable(RunTableQuery(condition: try RunCondition(condition))).map(\.summary.run)
  }

  @Test func `columns show what searches find`() throws {
    try log([1, 0.5, 0.75, .nan, 0.25], run: "a")
    #expect(try column("loss") == ["a": .single(0.25)])
    #expect(try column("min(loss).step") == ["a": .integer(40)])
    #expect(try column("max(loss)") == ["a": .single(1)])
    #expect(try column("first(loss).wall_time") == ["a": .number(1000)])
    #expect(try column("count(loss)") == ["a": .integer(5)])
    #expect(try column("nonfinite(loss)") == ["a": .integer(1)])
    #expect(try column("nonfinite(loss).step") == ["a": .integer(30)])
    #expect(try column("step_where(loss <= 0.5)") == ["a": .integer(10)])
    #expect(try column("time_to(loss < 0.5)") == ["a": .number(4)])
    #expect(try column("steps_to(loss < 0.1)") == ["a": .null])
    #expect(try column("jump(loss)") == ["a": .number(-0.5)])
    #expect(try column("jump(loss).from") == ["a": .integer(0)])
    #expect(try column("rise(loss).step") == ["a": .integer(20)])
    #expect(try column("plateau(loss, 2 points, 0.1)") == ["a": .integer(10)])
    #expect(try column("plateau(loss, 2 points, 0.1).until") == ["a": .integer(40)])
    #expect(try column("plateau(loss, 2 points, 0.1).length") == ["a": .integer(20)])
    #expect(try column("accuracy") == ["a": .null])
    #expect(try column("hparam(lr)") == ["a": .null])
    #expect(try column("duration") == ["a": .number(4)])
  }

  @Test func `a restart hides what it made void`() throws {
    try log([9, 8, -7, 6], run: "a")
    try log([5, 4], run: "a", step: 20, wallTime: 2000)
    #expect(try column("min(loss)") == ["a": .single(4)])
    #expect(try column("count(loss)") == ["a": .integer(4)])
    #expect(try column("step_where(loss < 0)") == ["a": .null])
    let scope = SearchScope(branches: .all)
    let results = try catalog.search(.minimum, in: scope).results
    #expect(results.map(\.superseded) == [true, false] && results.map(\.point?.value) == [-7, 4])
  }

  @Test func `a session that starts at the last step makes its point void`() throws {
    try log([9, 8, -7], run: "a")
    try log([5, 4], run: "a", step: 20, wallTime: 2000, isRestart: true)
    #expect(try column("min(loss)") == ["a": .single(4)])
    #expect(try column("count(loss)") == ["a": .integer(4)])
  }

  @Test func `runs are sorted by a column, those without it last`() throws {
    try log([3], run: "a")
    try log([1], run: "b", wallTime: 1001)
    try log([2], run: "c", wallTime: 1002)
    try log([7], run: "d", tag: "other", wallTime: 1003)
    try log([.nan], run: "e", wallTime: 1004)
    func sorted(descending: Bool) throws -> [String] {
      try catalog.runTable(RunTableQuery(sort: try RunColumn("last(loss)"), descending: descending)).map(\.summary.run)
    }
    #expect(try sorted(descending: false) == ["b", "c", "a", "d", "e"])
    #expect(try sorted(descending: true) == ["a", "c", "b", "d", "e"])
    let byName = try catalog.runTable(RunTableQuery(sort: try RunColumn("run"), descending: true))
    #expect(byName.map(\.summary.run) == ["e", "d", "c", "b", "a"])
  }

  @Test func `conditions choose runs`() throws {
    try log([3, 0.1], run: "base/a")
    try log([1, 0.5], run: "base/b", wallTime: 1001)
    try log([.nan], run: "c", wallTime: 1002)
    #expect(try runs(where: "loss < 0.2") == ["base/a"])
    #expect(try runs(where: "loss == 0.1") == ["base/a"])
    #expect(try runs(where: "run ~ base/* and max(loss) < 2") == ["base/b"])
    #expect(try runs(where: "run !~ base/*") == ["c"])
    #expect(try runs(where: "run ~ \"base/*\" and max(loss) < 2") == ["base/b"])
    #expect(try runs(where: "not run ~ 'base/*'") == ["c"])
    #expect(try runs(where: "loss is missing") == ["c"])
    #expect(try runs(where: "nonfinite(loss) > 0") == ["c"])
    #expect(try runs(where: "first(loss) > last(loss)") == ["base/a", "base/b"])
    #expect(try runs(where: "not (loss < 0.2) and points == 2") == ["base/b"])
    #expect(try runs(where: "step_where(loss < 0.6) >= 10") == ["base/a", "base/b"])
    #expect(try runs(where: "run == c or run == base/a") == ["base/a", "c"])
    #expect(try runs(where: "loss != 5") == ["base/a", "base/b"])
    #expect(try runs(where: "loss is finite") == ["base/a", "base/b"])
  }

  @Test func `patterns choose runs`() throws {
    for (index, run) in ["x/1", "x/2", "y"].enumerated() { try log([1], run: run, wallTime: 1000 + Double(index)) }
    func names(_ patterns: [String]) throws -> [String] {
      try catalog.runTable(RunTableQuery(runs: patterns.map { NamePattern($0) })).map(\.summary.run)
    }
    #expect(try names(["x/*"]) == ["x/1", "x/2"] && names(["?"]) == ["y"] && names([]).count == 3)
    #expect(try names(["x/1", "y"]) == ["x/1", "y"] && names(["z"]).isEmpty)
  }

  @Test func `hyperparameters are columns`() throws {
    let fixtures = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/plugins")
    let log = try Data(contentsOf: fixtures.appendingPathComponent("events.out.tfevents.1700000000.host"))
    try folder.write(Array(log), to: "hp/events.out.tfevents.1700000000.host")
    try catalog.refresh()
    #expect(try column("hparam(lr)") == ["hp": .number(0.01)])
    #expect(try column("hparam(opt)") == ["hp": .text("adam")])
    #expect(try column("hparam(bn)") == ["hp": .flag(true)])
    #expect(try runs(where: "hparam(opt) == adam and hparam(lr) < 0.1 and hparam(bn) == 1") == ["hp"])
    #expect(try runs(where: "hparam(nothing) == 1").isEmpty)
  }

  @Test func `two columns of one name are refused`() throws {
    let columns = try ["min(loss)", "max(loss) as \"min(loss)\""].map { text in try RunColumn(text) }
    #expect(throws: ExpressionError.self) { try RunTableQuery(columns: columns).checkLabels() }
    #expect(throws: ExpressionError.self) { try RunTableQuery(columns: [RunColumn("points")]).checkLabels() }
    try RunTableQuery(columns: [RunColumn("duration"), RunColumn("loss")]).checkLabels()
  }

  @Test func `searches go over patterns of runs and tags`() throws {
    try log([3, 2, 1], run: "a", tag: "x/loss")
    try log([3, 1, 2], run: "a", tag: "y/loss", wallTime: 1100)
    try log([5], run: "b", tag: "x/loss", wallTime: 1200)
    let expression = try SearchExpression("*/loss < 2")
    let answer = try catalog.search(expression.search, in: SearchScope(tags: [expression.tag]))
    #expect(answer.total == 3)
    #expect(
      answer.results.map(\.run) == ["a", "a", "b"] && answer.results.map(\.tag) == ["x/loss", "y/loss", "x/loss"])
    #expect(answer.results.map(\.point?.step) == [20, 10, nil])
    #expect(answer.results.map(\.seconds) == [2, 101, nil] && answer.results.map(\.steps) == [20, 10, nil])
    #expect(try catalog.search(.last, in: SearchScope(runs: [NamePattern("b")]), limit: 0).total == 1)
    #expect(throws: CatalogError.unknownRun(run: "q", known: ["a", "b"])) {
      try catalog.search(.last, in: SearchScope(runs: [NamePattern("q")]))
    }
    #expect(throws: CatalogError.unknownTag(run: "b", tag: "q")) {
      try catalog.search(.last, in: SearchScope(runs: [NamePattern("b")], tags: [NamePattern("q")]))
    }
    #expect(try catalog.search(.last, in: SearchScope(runs: [NamePattern("q*")])).results.isEmpty)
  }

  @Test func `a search can be given up`() throws {
    try log([3, 2, 1], run: "a")
    #expect(throws: CancellationError.self) {
      try catalog.search(.minimum, in: SearchScope()) { throw CancellationError() }
    }
  }

  /// What segments say at once is what searches find.
  @Test func `columns agree however they are computed`() throws {
    var generator = SeededGenerator(seed: 11)
    for run in 0..<6 {
      let values = (0..<40).map { _ in
        [Float.nan, .infinity, Float.random(in: -9...9, using: &generator)].randomElement(using: &generator)!
      }
      try log(values, run: "r\(run)", wallTime: 1000)
      if run % 2 == 0 { try log(values.reversed(), run: "r\(run)", step: Int64(run) * 100, wallTime: 2000) }
    }
    for text in ["first", "last", "min", "max"] {
      for field in ["value", "step"] {
        let found = try column("\(text)(loss).\(field)")
        for (run, value) in found {
          let search: SeriesSearch =
            text == "first" ? .first : text == "last" ? .last : text == "min" ? .minimum : .maximum
          let result = try #require(try catalog.search(search, in: SearchScope(runs: [NamePattern(run)])).results.last)
          #expect(value == result.plain(field == "value" ? .value : .step), "\(text) \(field) \(run)")
        }
      }
    }
  }
}
