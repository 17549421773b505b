import Catalog
import Foundation
import Terminal

/// `tail` where standard output is no terminal: each new point on a line of its own, as soon as it is read.
struct TailLines {
  let catalog: Catalog
  let model: TailModel
  let format: OutputFormat
  let last: Int

  func run() async throws {
    let watcher = CatalogWatcher(catalog)
    let (events, sources) = TailEvent.stream(watcher)
    // Before looking, so that nothing falls between.
    try watcher.start()
    var follower = PointFollower(catalog)
    if format == .csv { StandardOutput.write("run,tag,step,wall_time,value\n") }
    for (run, tag) in try model.series(of: catalog) {
      print(try follower.skip(run: run, tag: tag, keeping: last), run: run, tag: tag)
    }
    for await event in events {
      switch event {
      case .end: watcher.stop()
      case .change(let change):
        for series in change.series {
          for tag in series.tags where model.wants(run: series.run, tag: tag) {
            print(try follower.newPoints(run: series.run, tag: tag), run: series.run, tag: tag)
          }
        }
      case .tick: endIfReaderIsGone()
      case .loading, .resized: break
      }
      if case .end = event { break }
    }
    for source in sources { source.cancel() }
    watcher.stop()
  }

  private func print(_ columns: [PointColumns], run: String, tag: String) {
    var output = OutputStream()
    for columns in columns {
      for position in 0..<columns.count {
        let row: [ListingValue] = [
          .text(run), .text(tag), .integer(columns.steps[position]), .number(columns.wallTimes[position]),
          .scalar(columns.values, position),
        ]
        switch format {
        case .csv: output.write(row.map(\.csv).joined(separator: ",") + "\n")
        case .json:
          output.write(Listing.object(["run", "tag", "step", "wall_time", "value"], row).dropFirst(2) + "\n")
        case .table:
          let time = ListingValue.time(columns.wallTimes[position]).cell
          output.write("\(time)  \(row[0].cell)  \(row[1].cell)  step \(row[2].cell)  \(row[4].cell)\n")
        }
      }
    }
    output.flush()
  }

  /// Nothing may be printed for long; a pipe without a reader is noticed all the same.
  private func endIfReaderIsGone() {
    var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    if poll(&output, 1, 0) > 0, output.revents & Int16(POLLERR | POLLHUP) != 0 { StandardOutput.end() }
  }
}
