import Catalog
import Foundation
import Terminal

/// What `tail` shows of a catalogue.
struct TailModel {
  let root: String
  /// Empty means all.
  let runs: [NamePattern]
  let tags: [NamePattern]
  let smoothing: Smoothing?
  let axis: SeriesAxis

  /// Whether curves have colours of their own.
  let hasColor: Bool

  /// Runs drawn at a time; more could not be told apart.
  private var mostRuns: Int { hasColor || !runs.isEmpty ? 8 : 4 }

  func wants(run: String, tag: String) -> Bool {
    (runs.isEmpty || runs.contains { $0.matches(run) }) && (tags.isEmpty || tags.contains { $0.matches(tag) })
  }

  /// Scalar series that are wanted, by run.
  func series(of catalog: Catalog) throws -> [(run: String, tag: String)] {
    try catalog.tags().filter { $0.kind == .scalar && wants(run: $0.run, tag: $0.tag) }.map { ($0.run, $0.tag) }
  }

  /// The picture for a terminal of this size.
  func view(of catalog: Catalog, columns: Int, rows: Int, status: String) throws -> TailView {
    let summaries = try catalog.runs().filter { run in runs.isEmpty || runs.contains { $0.matches(run.run) } }
    // The newest first; of equal ones in the order of listings.
    let order = summaries.enumerated().sorted { left, right in
      let times = (left.element.lastWallTime ?? -.infinity, right.element.lastWallTime ?? -.infinity)
      return times.0 != times.1 ? times.0 > times.1 : left.offset < right.offset
    }.map(\.element.run)
    var scalars: [(run: String, tags: [String])] = []
    for run in order where scalars.count < mostRuns {
      let found = try tagNames(run, in: catalog)
      if !found.isEmpty { scalars.append((run, found)) }
    }
    let names = scalars.map(\.run)
    let wanted = ranked(scalars.map(\.tags))
    let capacity = TailView.capacity(columns: columns, rows: rows, runs: names.count, warnings: 3)
    let shown = Array(wanted.prefix(capacity))

    var view = TailView(title: "trainscope tail \(root)", status: status)
    view.hiddenRuns = max(0, order.count - names.count)
    view.hiddenTags = wanted.count - shown.count
    view.runs = names.map { TailView.Run(name: $0, step: nil, rate: nil, values: []) }
    for tag in shown {
      view.charts.append(CurveChart(title: title(tag), curves: try curves(tag, names, catalog, columns: columns)))
      for (number, run) in names.enumerated() {
        let pulse = try catalog.pulse(run: run, tag: tag)
        view.runs[number].values.append(pulse?.last.value)
        guard let pulse else { continue }
        view.runs[number].step = max(view.runs[number].step ?? .min, pulse.last.step)
        view.runs[number].rate = view.runs[number].rate ?? pulse.stepsPerSecond
        if let first = pulse.firstNonFinite {
          let subject = pulse.nonFinite == 1 ? "1 value is" : "\(pulse.nonFinite) values are"
          view.warnings.append(
            "\(run), \(tag): \(subject) not finite; the first (\(NumberText.short(first.value))) at step \(first.step)")
        }
      }
    }
    if names.isEmpty {
      view.warnings = [
        summaries.isEmpty ? "no run that was asked for has events yet" : "no scalar that was asked for was logged yet"
      ]
    }
    return view
  }

  private func title(_ tag: String) -> String {
    guard case .exponential(let weight) = smoothing else { return tag }
    return "\(tag)  (smoothed, \(NumberText.short(weight)))"
  }

  private func tagNames(_ run: String, in catalog: Catalog) throws -> [String] {
    try catalog.tags(run: run).filter { tag in
      tag.kind == .scalar && (tags.isEmpty || tags.contains { $0.matches(tag.tag) })
    }.map(\.tag)
  }

  /// Tags in the order to show them: as the patterns stand; without patterns what most runs have, losses and accuracies
  /// before the rest.
  private func ranked(_ tagsOfRuns: [[String]]) -> [String] {
    var counts: [String: Int] = [:]
    for tags in tagsOfRuns { for tag in tags { counts[tag, default: 0] += 1 } }
    func rank(_ tag: String) -> Int {
      guard tags.isEmpty else { return tags.firstIndex { $0.matches(tag) } ?? tags.count }
      let name = tag.lowercased()
      return name.contains("loss") ? 0 : name.contains("acc") ? 1 : 2
    }
    return counts.sorted { left, right in
      let ranks = (rank(left.key), rank(right.key))
      if ranks.0 != ranks.1 { return ranks.0 < ranks.1 }
      return left.value != right.value ? left.value > right.value : left.key < right.key
    }.map(\.key)
  }

  private func curves(
    _ tag: String, _ runs: [String], _ catalog: Catalog, columns: Int
  ) throws -> [CurveChart.Curve] {
    let query = SeriesQuery(
      [SeriesQuery.Selection(tag: tag, runs: runs)], axis: axis, width: 2 * columns, smoothing: smoothing)
    return try catalog.series(query).compactMap { answer in
      guard let number = runs.firstIndex(of: answer.run) else { return nil }
      func values(_ rows: [Float]) -> [Double] { rows.map { Double($0) + answer.base } }
      let smoothed = answer.smoothed
      return CurveChart.Curve(
        number: number, x: answer.x, first: values(smoothed?.first ?? answer.first),
        low: values(smoothed?.min ?? answer.min), high: values(smoothed?.max ?? answer.max),
        last: values(smoothed?.last ?? answer.last), breaks: answer.nonFinite.map(\.x))
    }
  }
}
