import ArgumentParser
import Catalog
import Events
import Graphs
import Terminal

/// `trainscope export ROOT --out DIR`
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write scalars, histograms and texts as CSV or JSON, and images, audio, tensors and graphs as files.",
    discussion: """
      Every point is written, and reads back exactly. DIR/manifest.json says which file holds what. Names of runs and tags \
      are patterns with * and ?. Exits with 1 where a value could not be read; everything else is written.

      trainscope export logs --out exported --run 'mlp*' --tag loss --tag accuracy
      """)

  /// What can be exported.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case scalars, histograms, images, audio, text, tensors, graphs
    case runMetadata = "run-metadata"
    case all

    var kinds: Set<SeriesKind> {
      switch self {
      case .scalars: [.scalar]
      case .histograms: [.histogram]
      case .images: [.image]
      case .audio: [.audio]
      case .text: [.text]
      case .tensors: [.tensor]
      case .graphs: [.graph]
      case .runMetadata: [.runMetadata]
      case .all: Set(SeriesKind.allCases)
      }
    }
  }

  enum GraphFormat: String, ExpressibleByArgument, CaseIterable { case pb, pbtxt }

  private static let problemsShown = 20

  @OptionGroup var options: CatalogOptions

  @Option(help: ArgumentHelp("The folder to write to; made where there is none.", valueName: "dir"))
  var out: String

  @Option(help: "How scalars, histograms and texts are written: csv or json.")
  var format = ExportOptions.Format.csv

  @Option(name: .customLong("run"), help: "A run to export, or a pattern; may be repeated. Without it, all.")
  var runs: [String] = []

  @Option(name: .customLong("tag"), help: "A tag to export, or a pattern; may be repeated. Without it, all.")
  var tags: [String] = []

  @Option(
    name: .customLong("kind"),
    help: """
      What to export: scalars, histograms, images, audio, text, tensors, graphs, run-metadata or all; may be repeated. \
      Without it, the first five.
      """)
  var kinds: [Kind] = []

  @Option(help: "Which points where training was restarted: newest, all, tensorboard or data-server.")
  var branches = BranchSelection.newest

  @Option(help: "How graphs are written: pb or pbtxt.")
  var graphFormat = GraphFormat.pb

  @Flag(help: "Replace files that are in the folder already.")
  var force = false

  func run() throws {
    let catalog = try options.refreshed()
    let wanted = kinds.isEmpty ? ExportOptions.usualKinds : kinds.reduce(into: []) { $0.formUnion($1.kinds) }
    var export = ExportOptions(
      format: format, kinds: wanted, runs: runs, tags: tags, branches: branches, replacesFiles: force,
      program: "trainscope \(Version.number)")
    if graphFormat == .pbtxt {
      export.graphText = { bytes, kind in
        let model = try GraphModel.read(
          bytes, source: "the graph", kind: kind == .metaGraph ? .metaGraph : .graphDef)
        return try GraphStructure(model).export(.pbtxt)
      }
    }
    let line = ProgressLine()
    let report = try catalog.export(to: out, export) { progress in
      line.update(done: progress.seriesDone, of: progress.series) {
        "\(progress.seriesDone) of \(progress.series) series, \(UnitText.bytes(progress.bytesWritten)) written"
      }
    }
    line.finish()
    for problem in report.problems.prefix(Self.problemsShown) { Diagnostics.note(problem) }
    if report.problemCount > Self.problemsShown {
      Diagnostics.note("… \(report.problemCount - Self.problemsShown) more problems; \(out)/manifest.json lists them.")
    }
    Diagnostics.note(
      "\(report.series) series (\(report.points) points) were written to \(out): \(report.files) files, "
        + "\(UnitText.bytes(report.bytes)).")
    if report.series == 0 {
      Diagnostics.note("Nothing matches; `trainscope tags` lists what there is.")
      throw ExitCode(1)
    }
    if report.problemCount > 0 { throw ExitCode(1) }
  }
}
