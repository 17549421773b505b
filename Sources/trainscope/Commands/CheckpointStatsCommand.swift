import ArgumentParser
import Catalog
import Checkpoints
import Tensors

/// `trainscope checkpoint stats PREFIX [NAME…]`: statistics of every tensor.
struct CheckpointStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "List statistics of the tensors of a checkpoint: range, mean, deviation, norm, NaN, infinities, zeros.",
    discussion: """
      Statistics are of the finite values. Names are patterns with * and ?. Exits with 1 where a tensor cannot be read; the \
      rest is listed.
      """)

  @Argument(help: "A checkpoint's prefix, one of its files, or its folder.")
  var path: String

  @Argument(help: "Tensors, or patterns of their names; without any, all.")
  var names: [String] = []

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func run() throws {
    let reader = try CheckpointReader(path: path)
    let patterns = names.map { NamePattern($0) }
    let entries = reader.entries.filter { entry in patterns.isEmpty || patterns.contains { $0.matches(entry.name) } }
    guard !entries.isEmpty else {
      throw ValidationError(
        "\(path) has no tensor named \(names.joined(separator: ", ")); `trainscope checkpoint list` lists what it has.")
    }
    let line = ProgressLine()
    var listing = Listing(columns: [
      "name", "dtype", "shape", "min", "max", "mean", "std", "l2", "nan", "inf", "zeros",
    ])
    var isComplete = true
    for (number, entry) in entries.enumerated() {
      line.update(done: number, of: entries.count) { entry.name }
      do {
        let statistics = try reader.statistics(of: entry.name)
        listing.rows.append(
          [.text(entry.name), .text(entry.dtype.name), .text("\(entry.shape)")]
            + [statistics.minValue, statistics.maxValue].map(Self.value)
            + [statistics.mean, statistics.std, statistics.l2].map { .number($0) }
            + [statistics.nan, statistics.inf, statistics.zeros].map { .count($0) })
      } catch {
        isComplete = false
        line.finish()
        Diagnostics.note("\(error)")
      }
    }
    line.finish()
    listing.print(as: format)
    if !isComplete { throw ExitCode(1) }
  }

  /// With as many digits as the tensor's type has.
  private static func value(_ value: ScalarValue?) -> ListingValue {
    switch value {
    case .integer(let integer): .integer(integer)
    case .float(let single): .single(single)
    default: .number(value?.doubleValue)
    }
  }
}
