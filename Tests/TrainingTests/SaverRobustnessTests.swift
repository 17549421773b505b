import Checkpoints
import Engine
import Foundation
import Synchronization
import Tensors
import Testing

@testable import Training

/// What goes wrong while saving and restoring, and what must stay whole.
@Suite struct SaverRobustnessTests {
  @Test func aFullDiskLeavesTheOldCheckpointAndItsState() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    let v = try tf.variable([1.0, 2.0], name: "v")
    let saver = try Saver(tf)
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let prefix = try saver.save(session, to: folder.path + "/m")
    try session.run(v.assign([3.0, 4.0]).node)
    // Files are written aside under these names; whatever is written to /dev/full finds no space.
    let number = ProcessInfo.processInfo.processIdentifier
    for file in ["m.index", "m.data-00000-of-00001", "m.data-00000-of-00002"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder.path)/\(file).\(number).tmp", withDestinationPath: "/dev/full")
    }
    let error = #expect(throws: EngineError.self) { try saver.save(session, to: folder.path + "/m") }
    #expect(error?.message.contains("No space left on device") == true)
    #expect(latestCheckpoint(in: folder.path) == prefix)
    let other = tf.makeSession()
    try saver.restore(other, from: prefix)
    #expect(try other.run(v).scalars(Float.self) == [1, 2])
  }

  @Test func valuesOfAnotherShapeAreRestoredWhereAsked() throws {
    let folder = TemporaryFolder()
    let old = Graph()
    _ = try old.variable([1.0, 2.0, 3.0, 4.0], name: "v")
    let session = old.makeSession()
    try session.run(old.globalVariablesInitializer())
    let prefix = try Saver(old).save(session, to: folder.path + "/m")
    let new = Graph()
    let v = try new.variable([[0.0, 0.0], [0.0, 0.0]], name: "v")
    let newSession = new.makeSession()
    let refused = #expect(throws: EngineError.self) { try Saver(new).restore(newSession, from: prefix) }
    #expect(refused?.message.contains("mismatch between the current graph and the graph from the checkpoint") == true)
    try Saver(new, reshape: true).restore(newSession, from: prefix)
    #expect(try newSession.run(v).scalars(Float.self) == [1, 2, 3, 4])
    let other = Graph()
    _ = try other.variable([0.0, 0.0, 0.0], name: "v")
    #expect(throws: EngineError.self) {
      try Saver(other, reshape: true).restore(other.makeSession(), from: prefix)
    }
  }

  @Test func everyMistakeOfSavingHasItsError() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    _ = try tf.variable([1.0], name: "v")
    let saver = try Saver(tf)
    let session = tf.makeSession()
    let uninitialized = #expect(throws: EngineError.self) { try saver.save(session, to: folder.path + "/m") }
    #expect(uninitialized?.code == .failedPrecondition)
    #expect(uninitialized?.message.contains("Attempting to use uninitialized value v") == true)
    try session.run(tf.globalVariablesInitializer())
    #expect(throws: BuildError.self) { try saver.save(session, to: folder.path + "/a/b/m") }
    #expect(throws: BuildError.self) { try saver.save(session, to: folder.path + "/m", latestFileName: "x/y") }
    #expect(throws: BuildError.value("The passed save_path is not a valid checkpoint: \(folder.path)/nope")) {
      try saver.restore(session, from: folder.path + "/nope")
    }
    tf.finalize()
    #expect(throws: EngineError.self) { try Saver(tf) }
  }

  @Test func lockedAdditionsOfSeveralThreadsAllCount() throws {
    let tf = Graph()
    let counters = [
      try tf.variable(0, name: "reference", trainable: false),
      try tf.variable(0, name: "resource", trainable: false, useResource: true),
    ]
    let steps = try counters.map { try $0.assignAdd(1, useLocking: true).node }
    let both = try tf.group(steps)
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let failures = Failures()
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<50 { do { try session.run(both) } catch { failures.count(error) } }
    }
    #expect(failures.texts.isEmpty)
    for counter in counters { #expect(try session.run(counter).scalar(Int32.self) == 200) }
  }

  @Test(arguments: [false, true]) func valuesAreLoadedIntoOneSession(useResource: Bool) throws {
    let tf = Graph()
    let v = try tf.variable([1.0, 2.0], name: "v", useResource: useResource)
    let (one, other) = (tf.makeSession(), tf.makeSession())
    try other.run(tf.globalVariablesInitializer())
    try v.load(Tensor([Float](arrayLiteral: 5, 6)), in: one)
    #expect(try v.value(in: one).scalars(Float.self) == [5, 6])
    #expect(try v.value(in: other).scalars(Float.self) == [1, 2])
    #expect(throws: (any Error).self) { try v.load(Tensor([Float](arrayLiteral: 1, 2, 3)), in: one) }
    #expect(throws: (any Error).self) { try v.load(Tensor([Int32](arrayLiteral: 1, 2)), in: one) }
  }

  @Test func initialValuesThatMakeNoSenseAreRefused() throws {
    let tf = Graph()
    let unknown = try tf.placeholder(.float32, name: "any")
    let shape = #expect(throws: BuildError.self) { try tf.variable(unknown) }
    #expect(shape?.message.hasPrefix("initial_value must have a shape specified:") == true)
    #expect(throws: BuildError.self) { try tf.variable(1.5, dtype: .int32) }
    #expect(throws: BuildError.self) { try tf.variable(tf.constant(1.0), dtype: .int32) }
    #expect(throws: EngineError.self) { try tf.variable(1.0, name: "a b") }
    #expect(throws: BuildError.value("Too many elements provided. Needed at most 2, but received 3")) {
      try tf.getVariable("c", shape: [2], initializer: .constant([1, 2, 3]))
    }
    #expect(throws: BuildError.value("If initializer is a constant, do not specify shape.")) {
      try tf.getVariable("d", shape: [2], initializer: .value(Tensor([Float](arrayLiteral: 1, 2))))
    }
    #expect(throws: BuildError.self) { try tf.getVariable("e") }
    #expect(throws: BuildError.self) { try tf.getVariable("f", shape: [2], initializer: .orthogonal()) }
    #expect(throws: BuildError.self) { try Regularizer.l2(-1) }
    #expect(throws: BuildError.self) {
      try tf.getPartitionedVariable("g", shape: [4, 4], partitioner: Partitioner { _, _ in [2, 2] })
    }
    #expect(throws: BuildError.self) { try tf.getPartitionedVariable("h", shape: [4]) }
    _ = try tf.getPartitionedVariable("parts", shape: [4], partitioner: .fixedSize(2))
    #expect(throws: BuildError.self) { try tf.getVariable("parts", shape: [4]) }
    let v = try tf.variable([1.0, 2.0], name: "v")
    let assigned = #expect(throws: EngineError.self) { try tf.assign(v, [[1.0, 2.0]]) }
    #expect(assigned?.message.contains("Shapes must be equal rank") == true)
    #expect(throws: BuildError.self) { try tf.assign(v, tf.constant([1, 2])) }
  }
}

/// Errors of several threads.
private final class Failures: Sendable {
  private let found = Mutex<[String]>([])
  func count(_ error: any Error) { found.withLock { $0.append("\(error)") } }
  var texts: [String] { found.withLock { $0 } }
}
