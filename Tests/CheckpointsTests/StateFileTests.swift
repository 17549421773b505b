import Foundation
import Testing

@testable import Checkpoints

struct StateFileTests {
  @Test func everyFormOfTheFileReadsAsTensorFlowReadsIt() throws {
    for item in try Fixtures.expected("state_files")["cases"] as! [[String: Any]] {
      let name = item["folder"] as! String
      let base = Fixtures.folder("state_files")
      let read = { try CheckpointStateFile.read(directory: base + "/" + name) }
      guard let expected = item["result"] as? [String: Any] else {
        #expect(throws: CheckpointError.self, "\(name)") { try read() }
        #expect(latestCheckpoint(in: base + "/" + name) == nil)
        continue
      }
      let state = try #require(try read())
      let here = { (path: String) in path.hasPrefix("/") ? path : base + "/" + path }
      #expect(state.modelCheckpointPath == here(expected["model_checkpoint_path"] as! String))
      #expect(state.allModelCheckpointPaths == (expected["all_model_checkpoint_paths"] as! [String]).map(here))
      #expect(state.allModelCheckpointTimestamps == expected["all_model_checkpoint_timestamps"] as! [Double])
      #expect(state.lastPreservedTimestamp == expected["last_preserved_timestamp"] as! Double)
    }
  }

  @Test func aMissingFileIsNoState() throws {
    #expect(try CheckpointStateFile.read(directory: "/nowhere") == nil)
    #expect(latestCheckpoint(in: "/nowhere") == nil)
  }

  @Test func theNewestCheckpointIsTheOneNamed() throws {
    let folder = Fixtures.folder("v1_v2")
    #expect(latestCheckpoint(in: folder) == folder + "/my-model-300")
    #expect(latestCheckpoint(in: Fixtures.folder("v1_sharded"))?.hasSuffix("old-?????-of-00002") == true)
    // Named, but not there.
    #expect(latestCheckpoint(in: Fixtures.folder("state_files/relative")) == nil)
  }

  @Test func writtenAsTensorFlowWritesIt() throws {
    for (name, prefixes) in [("v1_v2", ["my-model-200", "my-model-300"]), ("sharded", ["sh.ckpt-1"])] {
      let state = CheckpointState(modelCheckpointPath: prefixes.last!, allModelCheckpointPaths: prefixes)
      let file = try Fixtures.bytes(Fixtures.folder(name) + "/checkpoint")
      #expect(CheckpointStateFile.text(of: state) == String(decoding: file, as: UTF8.self))
    }
  }

  @Test func oddPathsSurviveARoundTrip() throws {
    let folder = try TemporaryFolder()
    let odd = "/权重/a\"b\\c\td'e\n-7"
    let state = CheckpointState(
      modelCheckpointPath: odd, allModelCheckpointPaths: ["/x-1", odd],
      allModelCheckpointTimestamps: [1_500_000_000.25, 1e-3], lastPreservedTimestamp: 3)
    try CheckpointStateFile.write(state, directory: folder.path)
    #expect(try CheckpointStateFile.read(directory: folder.path) == state)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["checkpoint"])
  }

  @Test func relativePathsAreStoredRelativeToTheFolder() {
    let state = CheckpointState.forSaving(newest: "runs/a/m-2", all: ["runs/a/m-1"], inDirectory: "runs/a")
    #expect(state.modelCheckpointPath == "m-2")
    #expect(state.allModelCheckpointPaths == ["m-1", "m-2"])
    let absolute = CheckpointState.forSaving(newest: "/r/m-2", all: ["/r/m-1", "/r/m-2"], inDirectory: "/r")
    #expect(absolute.allModelCheckpointPaths == ["/r/m-1", "/r/m-2"])
    #expect(relativePath(of: "b/c", to: "a/./d") == "../../b/c")
    #expect(relativePath(of: "a/../b", to: "b") == ".")
  }

  @Test(arguments: [
    ("model_checkpoint_path: \"a", "not closed"), ("model_checkpoint_path: 'a\nb'", "end of its line"),
    ("model_checkpoint_path \"a\"", "colon"), ("model_checkpoint_path: \"\\q\"", "escape"),
    ("model_checkpoint_path: \"a\" last_preserved_timestamp: x", "not a number"), ("{", "field name"),
  ]) func damageIsNamedWithItsLine(_ text: String, _ reason: String) {
    var parser = CheckpointStateParser(text: Array(text.utf8), path: "checkpoint")
    #expect {
      try parser.parse()
    } throws: { "\($0)".contains(reason) && "\($0)".contains("line") }
  }

  @Test func listsInBracketsAndSeparatorsAreRead() throws {
    let text = "model_checkpoint_path: 'a', all_model_checkpoint_paths: ['x', \"y\"]; last_preserved_timestamp: 1e3"
    var parser = CheckpointStateParser(text: Array(text.utf8), path: "checkpoint")
    let state = try parser.parse()
    #expect(state.allModelCheckpointPaths == ["x", "y"])
    #expect(state.lastPreservedTimestamp == 1000)
  }

  @Test func randomTextNeverTraps() {
    var random = SeededGenerator(3)
    let pieces = ["model_checkpoint_path", ":", "\"", "\\", "x", "\n", "[", "]", "'", "9", "#", " ", "\\u", "\u{fffd}"]
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in pieces.randomElement(using: &random)! }
        .joined()
      var parser = CheckpointStateParser(text: Array(text.utf8), path: "checkpoint")
      _ = try? parser.parse()
    }
  }

  @Test(arguments: [
    ("model.ckpt-200", 200 as Int64?), ("a-0", 0), ("m", nil), ("m-", nil), ("m-1x", nil),
    ("x-99999999999999999999", nil),
  ]) func theStepIsTheNumberAtTheEnd(_ prefix: String, _ step: Int64?) {
    #expect(CheckpointDiscovery.step(ofPrefix: prefix) == step)
  }

  @Test func discoveryListsCheckpointsByStep() {
    let found = CheckpointDiscovery.checkpoints(inDirectory: Fixtures.folder("v1_v2"))
    #expect(found.map(\.step) == [nil, 200, 300])
    #expect(found.last?.bytes == 175)
    #expect(found.last?.tensors == 2)
    #expect(found.allSatisfy { $0.problem == nil && $0.format == .v2 })
    let again = CheckpointDiscovery.checkpoints(inDirectory: Fixtures.folder("v1_v2"), known: found)
    #expect(again == found)
    let old = CheckpointDiscovery.checkpoints(inDirectory: Fixtures.folder("v1_sharded"))
    #expect(old.map { $0.prefix.split(separator: "/").last } == ["old-?????-of-00002"])
    #expect(old.first?.format == .v1 && old.first?.tensors == 2)
    #expect(CheckpointDiscovery.checkpoints(inDirectory: Fixtures.folder("v1_format")).map(\.step) == [12])
  }

  @Test func folderAndFilePathsLeadToTheCheckpoint() throws {
    let folder = Fixtures.folder("v1_v2")
    for path in ["", "/my-model-300", "/my-model-300.index", "/my-model-300.meta", "/my-model-300.data-00000-of-00001"]
    {
      #expect(try CheckpointReader(path: folder + path).prefix == folder + "/my-model-300", "\(path)")
    }
    for path in ["", "/old", "/old-00001-of-00002", "/old-?????-of-00002"] {
      #expect(try CheckpointReader(path: Fixtures.folder("v1_sharded") + path).entries.count == 2, "\(path)")
    }
    #expect(throws: CheckpointError.self) { try CheckpointReader(path: folder + "/expected.json") }
  }
}
