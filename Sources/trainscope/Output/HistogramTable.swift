import Catalog
import Events
import Foundation
import Terminal

/// Histograms in a terminal: of one, a bar for every bin; of several, a line each.
struct HistogramTable {
  let catalog: Catalog
  let query: HistogramQuery
  let bins: HistogramBins?

  /// Characters of the longest bar.
  private static let barWidth = 40

  func print() throws -> HistogramSummary {
    var rows: [(entry: HistogramEntry, counts: HistogramBinning.Counts)] = []
    let (binning, summary) = try catalog.binnedHistograms(
      query, into: bins ?? .count(HistogramBinning.usualCount)
    ) { _, entry, counts in
      // Bars are drawn from the bins; those as they were logged may be many.
      var entry = entry
      entry.rows = []
      rows.append((entry, counts))
    }
    guard let binning else {
      StandardOutput.write("no values\n")
      return summary
    }
    if rows.count == 1 { printBars(rows[0].entry, rows[0].counts, binning) } else { printLines(rows, binning) }
    return summary
  }

  private func printBars(_ entry: HistogramEntry, _ counts: HistogramBinning.Counts, _ binning: HistogramBinning) {
    let high = counts.bins.max() ?? 0
    var rows = counts.bins.enumerated().map { index, count in
      [
        Self.short(binning.edges[index]), Self.short(binning.edges[index + 1]), Self.short(count),
        BarText.bar(high > 0 ? count / high : 0, width: Self.barWidth),
      ]
    }
    if counts.below > 0 {
      rows.insert(["", Self.short(binning.edges[0]), Self.short(counts.below), "left of all"], at: 0)
    }
    if counts.above > 0 {
      rows.append([Self.short(binning.edges[binning.edges.count - 1]), "", Self.short(counts.above), "right of all"])
    }
    var figures = "step \(entry.step)  \(ListingValue.time(entry.wallTime).cell)  \(Self.short(entry.num)) values"
    if let proto = entry.proto, proto.num > 0 {
      let mean = proto.sum / proto.num
      let variance = max(0, proto.sumSquares / proto.num - mean * mean)
      figures += "  min \(Self.short(proto.min))  max \(Self.short(proto.max))"
      figures += "  mean \(Self.short(mean))  std \(Self.short(variance.squareRoot()))"
    }
    StandardOutput.write(
      figures + "\n" + TextTable.text(header: ["from", "to", "count", ""], rows: rows, rightAligned: [0, 1, 2]) + "\n")
  }

  private func printLines(
    _ rows: [(entry: HistogramEntry, counts: HistogramBinning.Counts)], _ binning: HistogramBinning
  ) {
    let range = "\(Self.short(binning.edges[0])) … \(Self.short(binning.edges[binning.edges.count - 1]))"
    let cells = rows.map { entry, counts in
      [
        "\(entry.step)", ListingValue.time(entry.wallTime).cell, Self.short(entry.num),
        entry.proto.map { Self.short($0.min) } ?? "-", entry.proto.map { Self.short($0.max) } ?? "-",
        "│" + BarText.columns(counts.bins) + "│",
      ]
    }
    StandardOutput.write(
      TextTable.text(
        header: ["step", "wall time", "values", "min", "max", range], rows: cells, rightAligned: [0, 2, 3, 4]) + "\n")
  }

  /// Six digits are enough to look at.
  static func short(_ number: Double) -> String {
    number.isFinite ? String(format: "%.6g", number) : ListingValue.number(number).csv
  }
}
