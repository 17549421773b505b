import ArgumentParser
import Catalog

/// `trainscope search ROOT QUERY [--run PATTERN]… [--from S] [--to S] [--branches WHICH]`
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Find where curves do something: reach a value, jump, stop to improve, are not finite.",
    discussion: """
      Queries, of one tag or of all that match a pattern (* stands for any characters, ? for one):
        'loss < 0.1'                    the first point below 0.1
        'accuracy >= 0.9 for 5'         the first of five points one after the other
        '*/loss is not finite'          the first NaN or infinity
        'min(loss)', 'max(*accuracy)'   the smallest, the largest value; first(…) and last(…) too
        'jump(loss)'                    the largest jump between two points; rise(…) up, drop(…) down
        'nonfinite(*)'                  the first value that is not finite, and how many there are
        'plateau(loss, 100 steps, 1%)'  the first 100 steps that improve by no more than 1 percent; also
                                        “20 points”, a tolerance such as 0.01, and “max” where large is good
      Seconds and steps count from the run's start.
      """)

  @OptionGroup var options: CatalogOptions

  @Argument(help: "What to find.")
  var query: String

  @Option(
    name: .customLong("run"), parsing: .singleValue,
    help: "Search this run, or runs that match a pattern. May be repeated; without it, all.")
  var runs: [String] = []

  @Option(help: "The first step.")
  var from: Int64?

  @Option(help: "The last step.")
  var to: Int64?

  @Option(help: "Where steps go back: newest, all, tensorboard or data-server.")
  var branches = BranchSelection.newest

  @Flag(help: "Leave out series in which nothing was found.")
  var found = false

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func validate() throws {
    _ = try expression()
    if let from, let to, from > to { throw ValidationError("--from \(from) is behind --to \(to).") }
  }

  private func expression() throws -> SearchExpression {
    do { return try SearchExpression(query) } catch { throw ValidationError(error.description) }
  }

  func run() throws {
    let expression = try expression()
    let catalog = try options.refreshed()
    let scope = SearchScope(
      runs: runs.map { NamePattern($0) }, tags: [expression.tag], from: from, to: to, branches: branches)
    let answer = try catalog.search(expression.search, in: scope)
    let fields = expression.search.fields
    var listing = Listing(columns: ["run", "tag", "branch", "superseded"] + fields.map(\.rawValue))
    listing.hiddenInTable = branches == .newest ? ["branch", "superseded"] : []
    listing.rows = answer.results.filter { !found || $0.point != nil }.map { result in
      [.text(result.run), .text(result.tag), .count(result.branch), .flag(result.superseded)]
        + fields.map { ListingValue(result.plain($0), isTime: $0 == .wallTime) }
    }
    listing.print(as: format)
    if answer.total == 0 { Diagnostics.note("no scalar tag is as asked for") }
  }
}

extension ListingValue {
  /// A value of a computed column.
  init(_ value: PlainValue, isTime: Bool = false) {
    switch value {
    case .null: self = isTime ? .time(nil) : .number(nil)
    case .flag(let flag): self = .flag(flag)
    case .integer(let number): self = .integer(number)
    case .number(let number): self = isTime ? .time(number) : .number(number)
    case .single(let number): self = .single(number)
    case .text(let text): self = .text(text)
    case .list, .fields: self = .text(value.json)
    }
  }
}
