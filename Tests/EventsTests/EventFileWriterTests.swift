import Foundation
import Records
import Tensors
import Testing

@testable import Events

@Suite struct EventFileWriterTests {
  /// Runs `body` with an empty folder.
  func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }

  func writer(_ folder: String, suffix: String? = nil, time: Double = 1_700_000_000.5) throws -> EventFileWriter {
    try EventFileWriter(directory: folder, suffix: suffix, hostName: "host", clock: { time })
  }

  @Test func theFileBeginsAsTensorFlowsDoes() throws {
    try withFolder { folder in
      let writer = try writer(folder + "/deep/run")
      #expect(writer.path == folder + "/deep/run/events.out.tfevents.1700000000.host")
      // Before anything is added, the version record is there for readers.
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: writer.path)))
      #expect(bytes.count == 40)
      let time: [UInt8] = [0, 0, 0x20, 0x40, 0xFC, 0x54, 0xD9, 0x41]  // 1,700,000,000.5
      #expect(Array(bytes[12..<36]) == [0x09] + time + [0x1A, 13] + Array("brain.Event:2".utf8))
      let whole = try WholeFile(path: writer.path)
      #expect(whole.batches[0].fileVersion == "brain.Event:2" && whole.batches[0].firstWallTime == 1_700_000_000.5)
      try writer.close()
    }
  }

  /// More than a pool of threads has.
  @Test func manyWritersMayBeOpenAtOnce() throws {
    try withFolder { folder in
      let writers = try (0..<100).map { try writer(folder + "/run\($0)") }
      for (index, writer) in writers.enumerated() {
        for step in 0..<20 { try writer.addScalar(tag: "a", value: Float(index), step: Int64(step)) }
      }
      for writer in writers { try writer.flush() }
      for writer in writers { #expect(try WholeFile(path: writer.path).points["a"]?.count == 20) }
      for writer in writers { try writer.close() }
    }
  }

  @Test func openingTwiceInASecondMakesTwoFiles() throws {
    try withFolder { folder in
      let first = try writer(folder)
      try first.addScalar(tag: "a", value: Float(1), step: 1)
      let second = try writer(folder)
      try second.addScalar(tag: "b", value: Float(2), step: 1)
      let named = try writer(folder, suffix: "v2")
      for writer in [first, second, named] { try writer.close() }
      #expect(second.path == folder + "/events.out.tfevents.1700000000.host.1")
      #expect(named.path == folder + "/events.out.tfevents.1700000000.host.v2")
      #expect(try WholeFile(path: first.path).points["a"]?.count == 1)
      #expect(try WholeFile(path: second.path).points["b"]?.count == 1)
    }
  }

  @Test func everythingWrittenReadsBack() throws {
    try withFolder { folder in
      let writer = try writer(folder)
      for step in 0..<100 {
        try writer.addScalar(tag: "loss", value: Float(step) / 3, step: Int64(step), wallTime: Double(step) + 0.25)
        try writer.addScalar(tag: "acc", value: 0.5, step: Int64(step), wallTime: Double(step) + 0.25)
      }
      let histogram = Histogram(of: [1, 2, 3] as [Float])
      try writer.addHistogram(tag: "w", histogram: histogram, step: 7)
      try writer.addGraph(graphDef: [1, 2, 3])
      try writer.addMetaGraph(metaGraphDef: [4, 5])
      #expect(try writer.addRunMetadata([6], tag: "step_1", step: 1))
      #expect(try !writer.addRunMetadata([7], tag: "step_1", step: 2), "a tag names one step's metadata")
      try writer.addSessionLog(.start, step: 0)
      try writer.addSessionLog(.checkpoint, checkpointPath: "/m/model.ckpt-5", step: 5)
      try writer.add(summary: SummaryEncoder.text(tag: "note", ["hello"], shape: [1]), step: 3)
      try writer.add(
        summary: SummaryEncoder.image(tag: "img", width: 3, height: 2, colorspace: 1, png: [9, 9]), step: 3)
      try writer.add(
        summary: SummaryEncoder.audio(tag: "snd", sampleRate: 8000, channels: 1, frames: 4, wav: [8]), step: 3)
      try writer.close()
      let whole = try WholeFile(path: writer.path)
      #expect(whole.points["loss"]?.map(\.value) == (0..<100).map { Double(Float($0) / 3) })
      #expect(whole.points["acc"]?.map(\.wallTime) == (0..<100).map { Double($0) + 0.25 })
      #expect(whole.skipped.isEmpty && whole.tail == .clean)
      func value(_ tag: String) throws -> SummaryValue {
        try EventFile.summaryValue(at: try #require(whole.values[tag]?.first), path: writer.path)
      }
      guard case .histogram(_, let read) = try value("w"), case .text(let texts, let shape) = try value("note"),
        case .image(let image) = try value("img"), case .audio(let audio) = try value("snd")
      else {
        Issue.record("a value is of another kind")
        return
      }
      #expect(read == histogram && texts == ["hello"] && shape == [1])
      #expect(image == ImageValue(width: 3, height: 2, pictures: [[9, 9]]))
      #expect(audio.clips == [[8]] && audio.sampleRate == 8000 && audio.frames == 4)
      #expect(whole.untagged.map(\.kind) == [.graph, .metaGraph, .runMetadata])
      #expect(try whole.untagged.map { try EventFile.bytes(of: $0, path: writer.path) } == [[1, 2, 3], [4, 5], [6]])
      #expect(whole.sessionLogs.map(\.status) == [.start, .checkpoint])
      #expect(whole.sessionLogs.map(\.checkpointPath) == ["", "/m/model.ckpt-5"])
    }
  }

  @Test func flushedEventsAreInTheFile() throws {
    try withFolder { folder in
      let writer = try EventFileWriter(directory: folder, maxQueue: 1_000_000, flushSeconds: 1000, hostName: "host")
      for step in 0..<1000 { try writer.addScalar(tag: "t", value: Float(step), step: Int64(step)) }
      #expect(try WholeFile(path: writer.path).points["t"] == nil, "nothing woke the thread")
      try writer.flush()
      #expect(try WholeFile(path: writer.path).points["t"]?.count == 1000)
      try writer.close()
    }
  }

  @Test func aClosedWriterRefuses() throws {
    try withFolder { folder in
      let writer = try writer(folder)
      try writer.close()
      try writer.close()
      #expect(throws: EventError.closed(path: writer.path)) { try writer.addScalar(tag: "t", value: Float(1), step: 1) }
    }
  }

  @Test func manyThreadsLoseNothing() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let writer = try EventFileWriter(directory: folder, maxQueue: 3, flushSeconds: 0.01)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for thread in 0..<8 {
        group.addTask {
          for step in 0..<5000 {
            try writer.addScalar(tag: "t\(thread)", value: Float(step), step: Int64(step))
            if step % 500 == 0 { try writer.flush() }
          }
        }
      }
      try await group.waitForAll()
    }
    try writer.close()
    let whole = try WholeFile(path: writer.path)
    #expect(whole.skipped.isEmpty)
    for thread in 0..<8 { #expect(whole.points["t\(thread)"]?.map(\.step) == (0..<5000).map { Int64($0) }) }
  }

  @Test func aTagsMetadataIsWrittenOnce() throws {
    try withFolder { folder in
      let writer = try writer(folder)
      let summary = SummaryEncoder.merged([
        SummaryEncoder.text(tag: "note", ["a"], shape: []), SummaryEncoder.scalar(tag: "s", 1),
      ])
      try writer.add(summary: summary, step: 1)
      try writer.add(summary: summary, step: 2)
      try writer.close()
      let records = try MutationTests.payloads([UInt8](Data(contentsOf: URL(fileURLWithPath: writer.path))))
      // Metadata: 2 bytes of key and length, and plugin data of 8.
      #expect(records[1].payload.count - records[2].payload.count == 10)
      let whole = try WholeFile(path: writer.path)
      #expect(whole.values["note"]?.map(\.kind) == [.text, .text] && whole.points["s"]?.count == 2)
    }
  }

  @Test func aFolderThatCannotBeMadeIsSaid() {
    #expect {
      _ = try EventFileWriter(directory: "/dev/null/run")
    } throws: { error in
      if case EventError.cannotCreateDirectory("/dev/null/run", _) = error { true } else { false }
    }
  }

  /// What TensorFlow 1.15 wrote, written anew from the values: equal byte by byte.
  @Test func eventsEqualTensorFlowsOwnBytes() throws {
    let fixture = try FixtureCase("tf1_training")
    let path = fixture.path(".", "events.out.tfevents.1700000100.host")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    var compared = 0
    for (offset, payload) in try MutationTests.payloads(bytes) {
      // Each record is read alone, so that its values can be told from the others'.
      var single: [UInt8] = []
      appendRecordFrame(payload, to: &single)
      let batch = try EventFileReader(source: MemorySource(single)).next()
      let time = try #require(batch.firstWallTime)
      let step = try #require(batch.lastStep)
      var summaries: [(Int, [UInt8])] = []
      for value in batch.values {
        let content = Array(single[Int(value.offset)..<Int(value.offset) + value.length])
        switch (value.form, value.kind) {
        case (.message, .graph):
          #expect(EventEncoder.event(wallTime: time, step: step, .graphDef, content) == payload)
          compared += 1
        case (.message, .metaGraph):
          #expect(EventEncoder.event(wallTime: time, step: step, .metaGraphDef, content) == payload)
          compared += 1
        case (.message, .runMetadata):
          let tagged = EventEncoder.taggedRunMetadata(tag: value.name ?? "", content)
          #expect(EventEncoder.event(wallTime: time, step: step, .taggedRunMetadata, tagged) == payload)
          compared += 1
        default:
          let tag = batch.tags[try #require(value.tagIndex)].name
          switch try #require(content.withUnsafeBytes { SummaryValue(kind: value.kind, form: value.form, $0) }) {
          case .histogram(_, let proto):
            summaries.append((Int(value.offset), SummaryEncoder.histogram(tag: tag, try #require(proto))))
          case .image(let image):
            let colorspace = content.withUnsafeBytes { ImageProtoForm($0)?.colorspace ?? 0 }
            let encoded = SummaryEncoder.image(
              tag: tag, width: image.width, height: image.height, colorspace: colorspace, png: image.pictures[0])
            summaries.append((Int(value.offset), encoded))
          case .audio(let audio):
            let encoded = SummaryEncoder.audio(
              tag: tag, sampleRate: Float(audio.sampleRate ?? 0), channels: audio.channels ?? 0,
              frames: audio.frames ?? 0, wav: audio.clips[0])
            summaries.append((Int(value.offset), encoded))
          case .text(let texts, let shape):
            summaries.append((Int(value.offset), SummaryEncoder.text(tag: tag, texts, shape: shape)))
          default: Issue.record("unexpected value of \(tag)")
          }
        }
      }
      for column in batch.scalars {
        let tag = batch.tags[column.tagIndex].name
        let value = Float(try #require(column.values.doubles.first))
        var frame: [UInt8] = []
        EventEncoder.appendScalarFrame(tag: tag, value: value, step: step, wallTime: time, to: &frame)
        if batch.tags.count == 1 { #expect(frame == single) }
        // Scalars stand in the order of their tags in these records.
        summaries.append((column.tagIndex, SummaryEncoder.scalar(tag: tag, value)))
      }
      if let version = batch.fileVersion {
        #expect(EventEncoder.event(wallTime: time, step: step, .fileVersion, Array(version.utf8)) == payload)
        compared += 1
      }
      if !batch.sessionLogs.isEmpty {
        let log = batch.sessionLogs[0]
        let content = EventEncoder.sessionLog(log.status, checkpointPath: log.checkpointPath, message: log.message)
        #expect(EventEncoder.event(wallTime: time, step: step, .sessionLog, content) == payload)
        compared += 1
      }
      if !summaries.isEmpty {
        let merged = SummaryEncoder.merged(summaries.sorted { $0.0 < $1.0 }.map(\.1))
        #expect(EventEncoder.event(wallTime: time, step: step, .summary, merged) == payload, "record at \(offset)")
        compared += 1
      }
    }
    #expect(compared >= 75)
  }
}
