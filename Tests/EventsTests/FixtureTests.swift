import Foundation
import Records
import Tensors
import Testing

@testable import Events

@Suite struct FixtureTests {
  @Test func theTestsOwnHashIsRight() {
    #expect(
      sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  /// Every value of every series, as TensorFlow's own reader gives it. Where a file is damaged its reader stops, ours
  /// goes on: the expected values are then the first ones.
  @Test(arguments: FixtureCase.all)
  func everySeriesHasTheValuesTensorFlowReads(name: String) throws {
    let fixture = try FixtureCase(name)
    var compared = 0
    for (run, expectations) in fixture.runs {
      var read: [String: [WholeFile.Point]] = [:]
      var values: [String: [(LocatedValue, String)]] = [:]
      var tags: [String: EventTag] = [:]
      for file in fixture.files(run) where file["event_file"] as? Bool != false {
        let path = fixture.path(run, try #require(file["name"] as? String))
        let whole = try WholeFile(path: path, limit: 1000)
        read.merge(whole.points) { $0 + $1 }
        values.merge(whole.values.mapValues { $0.map { ($0, path) } }) { $0 + $1 }
        tags.merge(whole.tags) { first, _ in first }
      }
      let series = try #require(expectations["series"] as? [String: [String: Any]])
      let damaged = fixture.files(run).contains { ($0["ends"] as? String ?? "").contains("crc") }
      if !damaged { #expect(Set(series.keys) == Set(tags.keys), "\(run)") }
      for (tag, expectation) in series {
        let points = try #require(expectation["points"] as? [Any])
        let kind = try #require(expectation["kind"] as? String)
        #expect(tags[tag]?.description == expectation["description"] as? String)
        #expect(tags[tag]?.displayName == expectation["display_name"] as? String)
        if let plugin = expectation["plugin"] as? String { #expect(tags[tag]?.pluginName == plugin) }
        if kind == "scalar" || kind == "tensor_scalar" {
          let got = try #require(read[tag], "\(run) \(tag)")
          #expect(damaged ? got.count >= points.count : got.count == points.count)
          for (point, expected) in zip(got, points) {
            let expected = try #require(expected as? [Any])
            #expect(point.step == (expected[0] as? Int).map(Int64.init))
            #expect(same(point.wallTime, number(expected[1])))
            #expect(same(point.value, Double(Float(number(expected[2])))), "\(tag) \(point)")
            compared += 1
          }
        } else {
          let got = try #require(values[tag], "\(run) \(tag)")
          #expect(got.count == points.count)
          for ((value, path), expected) in zip(got, points) {
            let expected = try #require(expected as? [String: Any])
            #expect(value.step == (expected["step"] as? Int).map(Int64.init))
            #expect(same(value.wallTime, number(expected["wall_time"])))
            try compare(value, path: path, with: expected, plugin: expectation["plugin"] as? String, kind: kind)
            compared += 1
          }
        }
      }
    }
    #expect(compared > 0)
  }

  private func compare(
    _ value: LocatedValue, path: String, with expected: [String: Any], plugin: String?, kind: String
  ) throws {
    switch try EventFile.summaryValue(at: value, path: path) {
    case .histogram(let rows, let proto):
      if let proto {
        #expect(kind == "histogram")
        #expect(same(proto.min, number(expected["min"])) && same(proto.max, number(expected["max"])))
        #expect(same(proto.num, number(expected["num"])) && same(proto.sum, number(expected["sum"])))
        #expect(same(proto.sumSquares, number(expected["sum_squares"])))
        #expect(proto.bucketLimits == (expected["bucket_limit"] as? [Any])?.map(number))
        #expect(proto.bucketCounts == (expected["bucket"] as? [Any])?.map(number))
        #expect(value.count == proto.bucketCounts.count)
        // TensorBoard keeps the edges as float32.
        let theirs = try #require(expected["tensorboard_buckets"] as? [[Any]]).map { $0.map(number) }
        let ours = rows.map { [Double(Float($0.left)), Double(Float($0.right)), Double(Float($0.count))] }
        #expect(ours == theirs)
      } else {
        #expect(plugin == "histograms" && expected["dtype"] as? String == "float64")
        let flat = try #require(expected["data"] as? [Any]).map(number)
        #expect(rows.flatMap { [$0.left, $0.right, $0.count] } == flat)
        #expect(value.shape == expected["shape"] as? [Int])
      }
    case .image(let image):
      if kind == "image" {
        #expect(image.width == expected["width"] as? Int && image.height == expected["height"] as? Int)
        #expect(image.pictures.map { sha256($0) } == [expected["sha256"] as? String])
        #expect(value.width == image.width && value.height == image.height && value.count == 1)
      } else {
        let strings = try #require(expected["strings"] as? [Any])
        #expect(
          plugin == "images" && [String(image.width), String(image.height)] == strings[..<2].map { $0 as? String })
        #expect(image.pictures.map { sha256($0) } == strings[2...].map { ($0 as? [String: Any])?["sha256"] as? String })
        #expect(value.width == image.width && value.height == image.height && value.count == image.pictures.count)
      }
    case .audio(let audio):
      if kind == "audio" {
        #expect(audio.sampleRate == number(expected["sample_rate"]))
        #expect(audio.channels == expected["num_channels"] as? Int && audio.frames == expected["length_frames"] as? Int)
        #expect(audio.contentType == expected["content_type"] as? String)
        #expect(audio.clips.map { sha256($0) } == [expected["sha256"] as? String])
      } else {
        let strings = try #require(expected["strings"] as? [Any])
        #expect(plugin == "audio" && value.shape == expected["shape"] as? [Int])
        #expect(audio.clips.map { sha256($0) } == [(strings[0] as? [String: Any])?["sha256"] as? String])
        #expect(audio.labels == [strings[1] as? String])
      }
    case .text(let texts, let shape):
      #expect(plugin == "text" && texts == expected["strings"] as? [String] && shape == expected["shape"] as? [Int])
    case .tensor(let tensor):
      #expect(tensor.dtype.name == expected["dtype"] as? String)
      #expect(tensor.shape.dimensions == expected["shape"] as? [Int])
      let data = (expected["data"] as? [Any])?.map(number)
      switch tensor.dtype {
      case .int32: #expect(tensor.scalars(Int32.self).map(Double.init) == data)
      case .float32: #expect(tensor.scalars(Float.self) == data?.map { Float($0) })
      default: Issue.record("no expectation for \(tensor.dtype)")
      }
    case .message(let kind, let bytes):
      #expect(kind == .runMetadata && plugin == "graph_run_metadata_graph")
      let strings = try #require(expected["strings"] as? [[String: Any]])
      #expect(sha256(bytes) == strings[0]["sha256"] as? String)
    case .metadata:
      #expect(kind == "none")
    case .scalar:
      Issue.record("scalars are not located")
    }
  }

  @Test(arguments: FixtureCase.all)
  func filesEndAsTensorFlowSaysTheyDo(name: String) throws {
    let fixture = try FixtureCase(name)
    for run in fixture.runs.keys {
      for file in fixture.files(run) where file["event_file"] as? Bool != false {
        let path = fixture.path(run, try #require(file["name"] as? String))
        let whole = try WholeFile(path: path)
        let good = try #require(file["good_records_from_start"] as? Int)
        switch file["ends"] as? String {
        case "clean":
          #expect(whole.tail == .clean && whole.skipped.isEmpty && whole.records == good)
        case "truncated":
          #expect(whole.skipped.isEmpty && whole.records == good)
          guard case .truncated(let bytes, _) = whole.tail else {
            Issue.record("\(path) ends \(whole.tail)")
            continue
          }
          #expect(bytes > 0)
        case "length crc", "data crc":
          // TensorFlow names the payload where its checksum is wrong, we the record.
          let named = try #require(file["at_offset"] as? Int)
          let offset = file["ends"] as? String == "data crc" ? named - 12 : named
          if case .damaged(let bytes) = whole.tail {
            #expect(whole.records == good && bytes == file["size"] as? Int)
          } else {
            #expect(whole.skipped.map(\.offset) == [UInt64(offset)] && whole.tail == .clean)
            #expect(whole.records > good, "reading must go on after the damage")
          }
        default: Issue.record("unknown end \(file["ends"] ?? "")")
        }
        if let version = file["file_version"] as? String {
          #expect(whole.batches.compactMap(\.fileVersion).first == version)
          #expect(whole.batches.compactMap(\.writer).first ?? "" == file["source_writer"] as? String)
        }
      }
    }
  }

  @Test func oneDamagedRecordHidesOneRecord() throws {
    for (name, point, reason) in [
      ("bad_data_crc", 8, SkippedRecord.Reason.payloadChecksum), ("bad_length_crc", 5, .lengthChecksum),
    ] {
      let fixture = try FixtureCase(name)
      let whole = try WholeFile(path: fixture.path(".", "events.out.tfevents.1700000100.host"))
      #expect(whole.skipped.map(\.reason) == [reason])
      for (_, points) in whole.points {
        // The files log steps 0, 1, 2, …; only the damaged one is missing.
        let steps = points.map(\.step)
        #expect(steps == (0...steps.last!).filter { $0 != Int64(point) })
      }
    }
  }

  @Test func graphsMetadataAndSessionsOfATrainingAreFound() throws {
    let fixture = try FixtureCase("tf1_training")
    let path = fixture.path(".", "events.out.tfevents.1700000100.host")
    let whole = try WholeFile(path: path)
    let run = try #require(fixture.runs["."])
    let graph = try #require(whole.untagged.first { $0.kind == .graph })
    #expect(
      sha256(try EventFile.bytes(of: graph, path: path)) == (run["graph_def"] as? [String: Any])?["sha256"] as? String)
    let metaGraph = try #require(whole.untagged.first { $0.kind == .metaGraph })
    #expect(metaGraph.length == (run["meta_graph_def"] as? [String: Any])?["bytes"] as? Int)
    let metadata = try #require(whole.untagged.first { $0.kind == .runMetadata })
    let expectedMetadata = try #require((run["run_metadata"] as? [[String: Any]])?.first)
    #expect(metadata.name == expectedMetadata["tag"] as? String && metadata.step == 60)
    #expect(metadata.length == expectedMetadata["bytes"] as? Int)
    let logs = try #require(run["session_log"] as? [[String: Any]])
    #expect(whole.sessionLogs.map(\.status.rawValue) == logs.map { $0["status"] as? Int })
    #expect(whole.sessionLogs.map(\.checkpointPath) == logs.map { $0["checkpoint_path"] as? String })
  }

  @Test func aTruncatedTailIsReadWhenItsBytesArrive() throws {
    let fixture = try FixtureCase("tf1_training")
    let path = fixture.path(".", "events.out.tfevents.1700000100.host")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let all = try WholeFile(bytes)
    for cut in stride(from: 0, to: bytes.count, by: 997) {
      let source = GrowingSource(bytes, visible: cut)
      let reader = EventFileReader(source: source)
      var grown = try WholeFile(reader)
      source.visible = bytes.count
      var batch: EventBatch
      repeat {
        batch = try reader.next()
        grown.add(batch)
      } while !batch.reachedEnd
      #expect(grown.points == all.points && grown.values.mapValues(\.count) == all.values.mapValues(\.count))
      // And by another reader that only knows where the first one stopped.
      let first = try WholeFile(Array(bytes[..<cut]))
      let later = EventFileReader(
        source: MemorySource(bytes), from: first.batches.last!.end, knownTags: Array(first.tags.values))
      var resumed = first
      resumed.add(try later.next())
      #expect(resumed.points == all.points)
    }
  }
}

/// Bytes of which only the first `visible` are there yet.
final class GrowingSource: ByteSource {
  let path = "growing"
  let bytes: [UInt8]
  var visible: Int

  init(_ bytes: [UInt8], visible: Int) {
    self.bytes = bytes
    self.visible = visible
  }

  func size() -> UInt64 { UInt64(visible) }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
    guard offset < UInt64(visible) else { return 0 }
    let count = min(buffer.count, visible - Int(offset))
    bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[Int(offset)..<Int(offset) + count])) }
    return count
  }
}
