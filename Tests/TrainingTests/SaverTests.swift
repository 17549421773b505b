import Checkpoints
import Engine
import Foundation
import Tensors
import Testing

@testable import Training

@Suite struct SaverTests {
  @Test func whatIsSavedIsRestored() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    let w = try tf.variable([[1.0, 2.0], [3.0, 4.0]], name: "w")
    let n = try tf.variable(5, name: "n")
    let saver = try Saver(tf)
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let prefix = try saver.save(session, to: folder.path + "/model.ckpt", globalStep: 7)
    #expect(prefix == folder.path + "/model.ckpt-7")
    let reader = try CheckpointReader(path: prefix)
    #expect(reader.entries.map(\.name) == ["n", "w"])
    let other = tf.makeSession()
    try saver.restore(other, from: prefix)
    #expect(try other.run(w).scalars(Float.self) == [1, 2, 3, 4])
    #expect(try other.run(n).scalar(Int32.self) == 5)
    #expect(latestCheckpoint(in: folder.path) == prefix)
  }

  @Test func aFolderOfTheSameNameIsNotRestored() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    let v = try tf.variable(1.0, name: "v")
    let saver = try Saver(tf)
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let prefix = try saver.save(session, to: folder.path + "/model")
    // A later run has saved something else into a folder called as the checkpoint is.
    try FileManager.default.createDirectory(atPath: prefix, withIntermediateDirectories: true)
    let other = Graph()
    _ = try other.variable(2.0, name: "v")
    let otherSession = other.makeSession()
    try otherSession.run(other.globalVariablesInitializer())
    try Saver(other).save(otherSession, to: prefix + "/inner")
    let restored = tf.makeSession()
    try saver.restore(restored, from: prefix)
    #expect(try restored.run(v).scalars(Float.self) == [1])
  }

  @Test func variablesCanBeRenamed() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    let w = try tf.variable([1.0, 2.0], name: "w")
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let prefix = try Saver(tf, variables: .named(["elsewhere/w": w])).save(session, to: folder.path + "/m")
    #expect(try CheckpointReader(path: prefix).entries.map(\.name) == ["elsewhere/w"])
  }

  @Test func oldCheckpointsAreDeleted() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    _ = try tf.variable(1.0, name: "v")
    let saver = try Saver(tf, maxToKeep: 2)
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    for step in 1...4 { try saver.save(session, to: folder.path + "/m", globalStep: Int64(step)) }
    #expect(saver.lastCheckpoints == [folder.path + "/m-3", folder.path + "/m-4"])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(
      files == [
        "checkpoint", "m-3.data-00000-of-00001", "m-3.index", "m-3.meta", "m-4.data-00000-of-00001", "m-4.index",
        "m-4.meta",
      ])
    let state = try #require(try CheckpointStateFile.read(directory: folder.path))
    #expect(state.allModelCheckpointPaths == [folder.path + "/m-3", folder.path + "/m-4"])
    // The same path again moves to the end instead of counting twice.
    try saver.save(session, to: folder.path + "/m", globalStep: 3)
    #expect(saver.lastCheckpoints == [folder.path + "/m-4", folder.path + "/m-3"])
  }

  @Test func checkpointsOfOtherSaversStay() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    _ = try tf.variable(1.0, name: "v")
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let first = try Saver(tf, maxToKeep: 1).save(session, to: folder.path + "/m", globalStep: 1)
    let saver = try Saver(tf, maxToKeep: 1)
    try saver.save(session, to: folder.path + "/m", globalStep: 2)
    #expect(FileManager.default.fileExists(atPath: first + ".index"))
    saver.recoverLastCheckpoints([first, folder.path + "/gone"])
    try saver.save(session, to: folder.path + "/m", globalStep: 3)
    #expect(!FileManager.default.fileExists(atPath: first + ".index"))
  }

  @Test func mistakesAreExplained() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    #expect(throws: BuildError.value("No variables to save")) { try Saver(tf) }
    let v = try tf.variable([1.0, 2.0, 3.0], name: "v")
    let saver = try Saver(tf)
    let session = tf.makeSession()
    #expect(throws: BuildError.value("The same saveable will be restored with two names: b")) {
      try Saver(tf, variables: .named(["a": v, "b": v]))
    }
    #expect(throws: BuildError.value("At least two variables have the same name: v")) {
      try Saver(tf, variables: .list([v, v]))
    }
    #expect(throws: BuildError.value("The passed save_path is not a valid checkpoint: /nope/m")) {
      try saver.restore(session, from: "/nope/m")
    }
    let uninitialized = #expect(throws: EngineError.self) { try saver.save(session, to: folder.path + "/m") }
    #expect(uninitialized?.code == .failedPrecondition)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    try session.run(tf.globalVariablesInitializer())
    #expect(throws: BuildError.value("Parent directory of \(folder.path)/a/b/m doesn't exist, can't save.")) {
      try saver.save(session, to: folder.path + "/a/b/m")
    }
    #expect(throws: BuildError.value("'latest_filename' must not contain path components")) {
      try saver.save(session, to: folder.path + "/m", latestFileName: "a/b")
    }
  }

  @Test func checkpointsThatDoNotFitAreRefused() throws {
    let folder = TemporaryFolder()
    let one = Graph()
    _ = try one.variable([1.0, 2.0, 3.0], name: "v")
    let session = one.makeSession()
    try session.run(one.globalVariablesInitializer())
    let prefix = try Saver(one).save(session, to: folder.path + "/m")

    func failure(_ build: (Graph) throws -> Void) throws -> EngineError? {
      let tf = Graph()
      try build(tf)
      let saver = try Saver(tf)
      return #expect(throws: EngineError.self) { try saver.restore(tf.makeSession(), from: prefix) }
    }
    let missing = try failure { _ = try $0.variable(1.0, name: "w") }
    #expect(missing?.code == .notFound)
    #expect(missing?.message.contains("Key w not found in checkpoint") == true)
    let shape = try failure { _ = try $0.variable([1.0, 2.0, 3.0, 4.0], name: "v") }
    #expect(shape?.code == .invalidArgument)
    #expect(
      shape?.message.contains("Assign requires shapes of both tensors to match. lhs shape= [4] rhs shape= [3]") == true)
    let type = try failure { _ = try $0.variable([1, 2, 3], name: "v") }
    #expect(
      type?.message.contains("tensor_name = v; expected dtype int32 does not equal original dtype float") == true)
  }

  @Test func reshapingSaversTakeOtherShapes() throws {
    let folder = TemporaryFolder()
    let one = Graph()
    _ = try one.variable([1.0, 2.0, 3.0, 4.0], name: "v")
    let session = one.makeSession()
    try session.run(one.globalVariablesInitializer())
    let prefix = try Saver(one).save(session, to: folder.path + "/m")
    let tf = Graph()
    let square = try tf.getVariable("v", shape: [2, 2])
    let other = tf.makeSession()
    try Saver(tf, reshape: true).restore(other, from: prefix)
    #expect(try other.run(square).shape == [2, 2])
  }

  @Test func partsOfVariablesAreRestored() throws {
    let folder = TemporaryFolder()
    let one = Graph()
    _ = try one.variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], name: "v")
    let session = one.makeSession()
    try session.run(one.globalVariablesInitializer())
    let prefix = try Saver(one).save(session, to: folder.path + "/m")

    func restored(_ slice: String) throws -> Tensor {
      let tf = Graph()
      let node = try tf.addNode(
        op: "RestoreV2", inputs: [tf.constant(prefix), tf.constant(["v"]), tf.constant([slice])],
        attributes: ["dtypes": .types([.float32])])
      return try tf.makeSession().run(node.output())
    }
    let rows = try restored("4 2 1,2:-")
    #expect(rows.shape == [2, 2])
    #expect(rows.scalars(Float.self) == [3, 4, 5, 6])
    #expect(try restored("").shape == [4, 2])
    for wrong in ["4 2 1,2", "4 2 3,2:-", "4 2 a:-", "5 2 1,2:-", "4 2 -1,2:-", "x"] {
      #expect(throws: EngineError.self) { try restored(wrong) }
    }
  }
}
