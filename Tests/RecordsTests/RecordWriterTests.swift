import Foundation
import Testing

@testable import Records

@Suite struct RecordWriterTests {
  /// Runs `body` with the path of a file in a folder of its own.
  func withTemporaryPath<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.appendingPathComponent("records").path)
  }

  @Test func whatIsWrittenReadsBack() throws {
    try withTemporaryPath { path in
      var writer = try RecordWriter(path: path, bufferSize: 100)
      for payload in RecordReaderTests.payloads { try writer.append(payload) }
      try writer.append([UInt8](repeating: 1, count: 1000))
      try writer.append([2])
      let end = writer.position
      try writer.close()
      let reader = try RecordReader(path: path)
      #expect(try Reading(reader).records == RecordReaderTests.payloads + [[UInt8](repeating: 1, count: 1000), [2]])
      #expect(reader.position == end)
    }
  }

  @Test func flushedRecordsAreInTheFile() throws {
    try withTemporaryPath { path in
      var writer = try RecordWriter(path: path)
      try writer.append([1, 2])
      #expect(try Reading(RecordReader(path: path)).records == [])
      try writer.flush()
      #expect(try Reading(RecordReader(path: path)).records == [[1, 2]])
      try writer.close()
    }
  }

  @Test func aNewFileIsNeverWrittenOverAnOldOne() throws {
    try withTemporaryPath { path in
      var writer = try RecordWriter(path: path, mode: .createNew)
      try writer.append([1])
      try writer.close()
      #expect(throws: RecordError.cannotOpen(path: path, errno: EEXIST)) {
        _ = try RecordWriter(path: path, mode: .createNew)
      }
      var again = try RecordWriter(path: path, mode: .append)
      #expect(again.position == 17)
      try again.append([2])
      try again.close()
      #expect(try Reading(RecordReader(path: path)).records == [[1], [2]])
    }
  }

  @Test func aClosedWriterRefuses() throws {
    try withTemporaryPath { path in
      var writer = try RecordWriter(path: path)
      try writer.close()
      try writer.close()
      do {
        try writer.append([1])
        Issue.record("appending to a closed writer worked")
      } catch let error as RecordError {
        #expect(error == .closed(path: path))
      }
    }
  }

  @Test func framesMadeInMemoryAreTheSame() throws {
    try withTemporaryPath { path in
      var writer = try RecordWriter(path: path, bufferSize: 64)
      try writer.appendFrames(framed([[1], [2, 3]]))
      try writer.appendFrames(framed([[UInt8](repeating: 4, count: 90)]))
      try writer.close()
      let written = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(written == framed([[1], [2, 3], .init(repeating: 4, count: 90)]))
    }
  }
}
