import Catalog

/// What `inspect` and `checkpoint verify` print.
struct InspectionReport {
  let files: [FileInspection]
  /// Whether the tags of event files are told.
  let showsTags: Bool

  func print(as format: OutputFormat) {
    switch format {
    case .json: StandardOutput.write(json + "\n")
    case .csv: (showsTags ? tags(files) : damage).print(as: .csv)
    case .table: printTable()
    }
  }

  /// One row a damaged stretch; one for a file that has none.
  private var damage: Listing {
    var listing = Listing(columns: [
      "path", "kind", "records", "offset", "bytes", "reason", "bytes_lost", "truncated_tail", "ok",
    ])
    for file in files {
      for skip in file.skipped.isEmpty ? [nil] : file.skipped.map(Optional.some) {
        listing.rows.append([
          .text(file.path), .text(file.kind), .count(file.records), .integer(skip?.offset),
          .integer(skip?.bytes), .text(skip?.reason ?? file.message), .integer(file.bytesLost),
          .flag(file.truncatedTail), .flag(file.ok),
        ])
      }
    }
    return listing
  }

  /// One row a tag of each file.
  private func tags(_ files: [FileInspection]) -> Listing {
    var listing = Listing(columns: [
      "path", "tag", "kind", "values", "first_step", "last_step", "max_step", "out_of_order", "non_finite", "plugin",
    ])
    for file in files {
      for tag in file.digest?.tags ?? [] {
        listing.rows.append([
          .text(file.path), .text(tag.tag), .text(tag.kind.rawValue), .count(tag.values), .integer(tag.firstStep),
          .integer(tag.lastStep), .integer(tag.maxStep), .count(tag.outOfOrder), .count(tag.nonFinite),
          .text(tag.plugin),
        ])
      }
    }
    return listing
  }

  private func printTable() {
    var listing = Listing(columns: ["path", "kind", "size", "records", "damaged", "bytes_lost", "state"])
    listing.rows = files.map { file in
      let state = file.ok ? "sound" : file.truncatedTail && file.skipped.isEmpty ? "cut short" : "damaged"
      return [
        .text(file.path), .text(file.kind), .integer(file.size), .count(file.records), .count(file.skipped.count),
        .integer(file.bytesLost), .text(file.compression.map { "\(state), \($0)" } ?? state),
      ]
    }
    listing.print(as: .table)
    for file in files {
      for skip in file.skipped { say("\(file.path): byte \(skip.offset), \(skip.bytes) bytes: \(skip.reason)") }
      if let message = file.message { say("\(file.path): \(message)") }
    }
    guard showsTags else { return }
    for file in files {
      guard let digest = file.digest else { continue }
      let facts = [
        digest.fileVersion, digest.writer.map { "written by \($0)" },
        digest.sessionLogs > 0 ? "\(digest.sessionLogs) session log entries" : nil,
        digest.logMessages > 0 ? "\(digest.logMessages) log messages" : nil,
        digest.firstWallTime.map { "from \(ListingValue.time($0).cell)" },
        digest.lastWallTime.map { "to \(ListingValue.time($0).cell)" },
      ].compactMap { $0 }
      say("\n\(file.path)")
      if !facts.isEmpty { say("  " + facts.joined(separator: ", ")) }
      var listing = tags([file])
      listing.hiddenInTable = ["path"]
      if listing.rows.isEmpty { say("  no values") } else { listing.print(as: .table) }
      for tag in digest.tags where tag.outOfOrder > 0 {
        let shown = tag.descents.map { "\($0.from) → \($0.to)" }.joined(separator: ", ")
        say("  \(tag.tag): steps go back \(shown)\(tag.outOfOrder > tag.descents.count ? ", …" : "")")
      }
    }
  }

  private func say(_ line: String) {
    // The line breaks are ours, everything else may come from a file.
    StandardOutput.write(
      line.split(separator: "\n", omittingEmptySubsequences: false)
        .map { TerminalText.safe(String($0)) }.joined(separator: "\n") + "\n")
  }

  private var json: String {
    "{\"files\": [\n"
      + files.map { "  {\(fields($0).map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", "))}" }
      .joined(separator: ",\n") + "\n]}"
  }

  private func fields(_ file: FileInspection) -> [(String, String)] {
    let skipped = file.skipped.map {
      "{\"offset\": \($0.offset), \"bytes\": \($0.bytes), \"reason\": \(JSONText.quoted($0.reason))}"
    }
    var fields = [
      ("path", JSONText.quoted(file.path)), ("kind", JSONText.quoted(file.kind)), ("size", "\(file.size)"),
      ("compression", file.compression.map(JSONText.quoted) ?? "null"), ("records", "\(file.records)"),
      ("skipped", "[\(skipped.joined(separator: ", "))]"), ("bytes_lost", "\(file.bytesLost)"),
      ("truncated_tail", "\(file.truncatedTail)"), ("ok", "\(file.ok)"),
      ("message", file.message.map(JSONText.quoted) ?? "null"),
    ]
    guard showsTags, let digest = file.digest else { return fields }
    fields += [
      ("file_version", digest.fileVersion.map(JSONText.quoted) ?? "null"),
      ("writer", digest.writer.map(JSONText.quoted) ?? "null"),
      ("first_wall_time", ListingValue.time(digest.firstWallTime).json),
      ("last_wall_time", ListingValue.time(digest.lastWallTime).json),
      ("session_logs", "\(digest.sessionLogs)"), ("log_messages", "\(digest.logMessages)"),
      ("tags", "[\(digest.tags.map(tag).joined(separator: ", "))]"),
    ]
    return fields
  }

  private func tag(_ tag: EventDigest.Tag) -> String {
    let descents = tag.descents.map { "[\($0.from), \($0.to)]" }.joined(separator: ", ")
    return "{\"tag\": \(JSONText.quoted(tag.tag)), \"kind\": \"\(tag.kind.rawValue)\", "
      + "\"plugin\": \(tag.plugin.map(JSONText.quoted) ?? "null"), \"values\": \(tag.values), "
      + "\"first_step\": \(tag.firstStep), \"last_step\": \(tag.lastStep), \"max_step\": \(tag.maxStep), "
      + "\"out_of_order\": \(tag.outOfOrder), \"out_of_order_steps\": [\(descents)], "
      + "\"non_finite\": \(tag.nonFinite)}"
  }
}
