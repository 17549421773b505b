import GRDB

extension Catalog {
  /// Writes what the catalogue knows into files: scalars, histograms and texts as CSV or JSON, one file a series; pictures
  /// and sounds as their own bytes; tensors as NumPy arrays; graphs as protocol buffers. `manifest.json` says which file
  /// holds what. All is of one state of the catalogue, and memory is bounded by a block of points or one value.
  ///
  ///     DIR/manifest.json
  ///     DIR/RUN/scalars/TAG.csv      step,wall_time,value
  ///     DIR/RUN/histograms/TAG.csv   step,wall_time,left,right,count
  ///     DIR/RUN/text/TAG.csv         step,wall_time,index,text
  ///     DIR/RUN/images/TAG/step_00000100.png
  ///
  /// - Parameters:
  ///   - path: the folder; made where there is none.
  ///   - progress: called after each series.
  /// - Throws: ``ExportError`` where a file cannot be written, ``CatalogError``. What cannot be read of a value is a
  ///   problem in the report and stops nothing.
  public func export(
    to path: String, _ options: ExportOptions = ExportOptions(), progress: ((ExportProgress) -> Void)? = nil
  ) throws -> ExportReport {
    if let target = FileStatus(path: path, followingLinks: true),
      let own = FileStatus(path: root, followingLinks: true),
      target.device == own.device, target.inode == own.inode
    {
      throw ExportError.isLogRoot(path: path)
    }
    let folder = try ExportFolder(path: path, replacesFiles: options.replacesFiles)
    let snapshot = try store.snapshot()
    let wanted = try store.read(snapshot) { try Self.series($0) }.filter {
      options.kinds.contains($0.kind) && options.wants(run: $0.run, tag: $0.tag)
    }
    let manifest = try ExportManifest(folder, root: root, options: options)
    let scalars = ScalarExporter(options: options, cache: cache)
    let values = ValueExporter(catalog: self, options: options, folder: folder, manifest: manifest)
    var report = ExportReport()
    for (number, series) in wanted.enumerated() {
      progress?(ExportProgress(series: wanted.count, seriesDone: number, bytesWritten: report.bytes))
      do {
        if series.kind == .scalar {
          try store.read(snapshot) { database in
            try write(series, with: scalars, to: folder, manifest, &report, database)
          }
        } else {
          let ids = try store.read(snapshot) { database in
            try places(
              ValueSelection(run: series.run, tag: series.tag, kind: series.kind, branches: options.branches), database
            ).map(\.id)
          }
          try values.write(series, ids: ids, report: &report)
        }
        report.series += 1
      } catch let error as CatalogError {
        report.note("\(series.run), \(series.tag): \(error)")
      }
    }
    progress?(ExportProgress(series: wanted.count, seriesDone: wanted.count, bytesWritten: report.bytes))
    try manifest.finish(report)
    return report
  }

  /// The series of all runs, by run, tag and kind.
  private static func series(_ database: Database) throws -> [ValueExporter.Series] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT r.name, s.tag, s.kind FROM series s JOIN runs r ON r.id = s.run_id ORDER BY r.name, s.tag, s.kind
        """
    ).compactMap { row in
      SeriesKind(rawValue: row[2]).map { ValueExporter.Series(run: row[0], tag: row[1], kind: $0) }
    }
  }

  private func write(
    _ series: ValueExporter.Series, with exporter: ScalarExporter, to folder: ExportFolder,
    _ manifest: ExportManifest, _ report: inout ExportReport, _ database: Database
  ) throws {
    let written = try exporter.write(
      run: series.run, tag: series.tag,
      to: {
        try folder.file(
          ExportName.folders(run: series.run) + ["scalars"],
          "\(ExportName.component(series.tag)).\(exporter.options.format.rawValue)")
      }, database)
    guard let (file, outcome) = written else { return }
    try file.commit()
    var entry = ExportManifest.Entry(
      path: file.relative, run: series.run, tag: series.tag, kind: .scalar, bytes: file.size)
    entry.points = outcome.points
    entry.firstStep = outcome.firstStep
    entry.lastStep = outcome.lastStep
    try manifest.add(entry)
    report.files += 1
    report.bytes += file.size
    report.points += outcome.points
  }
}
