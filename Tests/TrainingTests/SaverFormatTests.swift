import Checkpoints
import Engine
import Foundation
import Protos
import Tensors
import Testing

@testable import Training

/// Shards, slices and the first format.
@Suite struct SaverFormatTests {
  @Test func specialSaversMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let a = try tf.withDevice("/job:worker/task:0") { try tf.variable([1.0, 2.0], name: "a") }
    let (b, r) = try tf.withDevice("/cpu:0") {
      (try tf.variable(3, name: "b"), try tf.variable([3.0], name: "r", useResource: true))
    }
    try tf.variableScope("p", partitioner: .fixedSize(2)) { _ in
      _ = try tf.getPartitionedVariable("w", shape: [3], initializer: .zeros)
    }
    _ = try Saver(tf, sharded: true)
    _ = try Saver(tf, variables: .list([a, b]), reshape: true, restoreSequentially: true)
    _ = try Saver(tf, variables: .list([a, r]), version: .v1)
    _ = try Saver(tf, version: .v1)
    _ = try Saver(tf, variables: .list([a, b]), sharded: true, version: .v1)
    // The temporary folder's name is drawn at random.
    try expectGraph(tf, equals: "golden/special_savers.pb", where: { $0 != "save/StringJoin/inputs_1" })
  }

  /// A graph with whole, partitioned and resource variables on several devices.
  private func model() throws -> (graph: Graph, variables: [Variable], session: Session) {
    let tf = Graph()
    tf.setRandomSeed(3)
    let a = try tf.withDevice("/cpu:0") { try tf.variable([1.0, 2.0], name: "a") }
    let text = try tf.variable(["x", "yz"], name: "text", trainable: false)
    let r = try tf.variable([3.0, 4.0, 5.0], name: "r", useResource: true)
    let w = try tf.variableScope("p", partitioner: .fixedSize(2)) { _ in
      try tf.getPartitionedVariable("w", shape: [3, 2])
    }
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    return (tf, [a, text, r] + w.parts, session)
  }

  @Test(arguments: [CheckpointVersion.v1, .v2], [false, true])
  func everyFormComesBack(version: CheckpointVersion, sharded: Bool) throws {
    let folder = TemporaryFolder()
    let (tf, variables, session) = try model()
    let saver = try Saver(tf, sharded: sharded, version: version)
    let prefix = try saver.save(session, to: folder.path + "/m", globalStep: 5)
    #expect(prefix == folder.path + "/m-5" + (sharded && version == .v1 ? "-?????-of-00002" : ""))
    #expect(FileManager.default.fileExists(atPath: folder.path + "/m-5.meta"))
    #expect(latestCheckpoint(in: folder.path) == prefix)
    let reader = try CheckpointReader(prefix: prefix)
    #expect(reader.entries.map(\.name) == ["a", "p/w", "r", "text"])
    #expect(reader.problems.isEmpty)
    #expect(reader.format == (version == .v1 ? .v1 : .v2))
    let whole = try reader.tensor(named: "p/w")
    let parts: [[Float]] = try variables[3...].map { try session.run($0).scalars() }
    #expect(whole.scalars(Float.self) == parts.flatMap(\.self))
    let other = tf.makeSession()
    try saver.restore(other, from: prefix)
    for variable in variables { #expect(try other.run(variable) == session.run(variable)) }
    // Saving again replaces it, and temporary folders are gone.
    try saver.save(session, to: folder.path + "/m", globalStep: 5)
    try saver.restore(tf.makeSession(), from: prefix)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!files.contains { $0.contains("temp") || $0.hasSuffix(".tmp") }, "\(files)")
  }

  @Test func aPartitionedVariableIsRestoredWhole() throws {
    let folder = TemporaryFolder()
    let (tf, variables, session) = try model()
    let prefix = try Saver(tf).save(session, to: folder.path + "/m")
    let other = Graph()
    let w = try other.variable(Tensor([Float](repeating: 0, count: 6), shape: [3, 2]), name: "p/w")
    let otherSession = other.makeSession()
    try Saver(other).restore(otherSession, from: prefix)
    let parts: [[Float]] = try variables[3...].map { try session.run($0).scalars() }
    #expect(try otherSession.run(w).scalars(Float.self) == parts.flatMap(\.self))
  }

  @Test func oldShardsAreDeleted() throws {
    let folder = TemporaryFolder()
    for version in [CheckpointVersion.v1, .v2] {
      let (tf, _, session) = try model()
      let saver = try Saver(tf, sharded: true, maxToKeep: 1, version: version)
      for step in 1...2 { try saver.save(session, to: folder.path + "/\(version)", globalStep: Int64(step)) }
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(!files.contains { $0.hasPrefix("\(version)-1") }, "\(files)")
    }
  }

  @Test func aMergeThatFailsLeavesTheOldCheckpoint() throws {
    let folder = TemporaryFolder()
    let (tf, variables, session) = try model()
    let saver = try Saver(tf, sharded: true)
    let prefix = try saver.save(session, to: folder.path + "/m")
    try session.run(variables[0].assign([7.0, 8.0]).node)
    #expect(throws: CheckpointError.self) {
      try CheckpointMerge.merge([folder.path + "/nowhere"], into: prefix)
    }
    let other = tf.makeSession()
    try saver.restore(other, from: prefix)
    #expect(try other.run(variables[0]).scalars(Float.self) == [1, 2])
  }

  @Test func variablesMustBeNamedApart() throws {
    let tf = Graph()
    let v = try tf.variable(1.0, name: "v")
    #expect(throws: BuildError.value("At least two variables have the same name: v")) {
      try Saver(tf, variables: .list([v, v]))
    }
    #expect(throws: BuildError.value("The same saveable will be restored with two names: b")) {
      try Saver(tf, variables: .named(["a": v, "b": v]))
    }
    #expect(throws: BuildError.value("No variables to save")) { try Saver(Graph()) }
    let folder = TemporaryFolder()
    let empty = Graph()
    let saver = try Saver(empty, allowEmpty: true)
    let session = empty.makeSession()
    #expect(try saver.save(session, to: folder.path + "/m") == folder.path + "/m")
    #expect(latestCheckpoint(in: folder.path) == nil)
  }

  @Test func defaultsCanBeLeftOutOfTheGraph() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    let v = try tf.variable([[1.0, 2.0]], name: "v")
    _ = try tf.matmul(v, v, transposeB: true, name: "product")
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let saver = try Saver(tf)
    let prefix = try saver.save(
      session, to: folder.path + "/m", metaGraphSuffix: "graph", stripDefaultAttributes: true)
    let proto = try MetaGraph(contentsOf: prefix + ".graph").proto
    let product = try #require(proto.graphDef.node.first { $0.name == "product" })
    #expect(proto.metaInfoDef.strippedDefaultAttrs)
    #expect(product.attr["transpose_a"] == nil && product.attr["transpose_b"]?.b == true)
    let other = Graph()
    let otherSaver = try #require(try other.importMetaGraph(prefix + ".graph"))
    let otherSession = other.makeSession()
    try otherSaver.restore(otherSession, from: prefix)
    #expect(try otherSession.run(other.output(named: "product:0")).scalars(Float.self) == [5])
  }

  @Test func checkpointsOfObjectsAreRestoredByTheirVariablesNames() throws {
    let prefix = try Fixture.path("checkpoints/object_graph_tf1/ckpt-1")
    let tf = Graph()
    let kernel = try tf.getVariable("kernel", shape: [3, 2], initializer: .zeros)
    let slot = try tf.getVariable("kernel/Adam_1", shape: [3, 2], initializer: .zeros)
    let step = try tf.globalStep()
    let session = tf.makeSession()
    try Saver(tf).restore(session, from: prefix)
    let reader = try CheckpointReader(prefix: prefix)
    #expect(try session.run(kernel) == reader.tensor(named: "net/kernel/.ATTRIBUTES/VARIABLE_VALUE"))
    #expect(
      try session.run(slot)
        == reader.tensor(named: "net/kernel/.OPTIMIZER_SLOT/optimizer/v/.ATTRIBUTES/VARIABLE_VALUE"))
    #expect(try session.run(step) == reader.tensor(named: "step/.ATTRIBUTES/VARIABLE_VALUE"))
    _ = try tf.getVariable("other", shape: [1], initializer: .zeros)
    let error = #expect(throws: EngineError.self) { try Saver(tf).restore(session, from: prefix) }
    #expect(error?.code == .notFound)
  }

  @Test func shardsAndPartsOfTensorFlowAreRestored() throws {
    for (name, path) in [("partitioned", "part.ckpt"), ("v1_sharded", "old-?????-of-00002")] {
      let folder = try Fixture.path("checkpoints/\(name)")
      let tf = Graph()
      let meta = folder + "/" + (name == "partitioned" ? "part.ckpt.meta" : "old.meta")
      let saver = try #require(try tf.importMetaGraph(meta, clearDevices: true))
      let session = tf.makeSession()
      try saver.restore(session, from: folder + "/" + path)
      let reader = try CheckpointReader(prefix: folder + "/" + path)
      for variable in tf.globalVariables {
        let value = try session.run(variable)
        if let slice = variable.slice {
          let ranges = zip(slice.offset, slice.shape).map { SliceRange.range(start: $0, stop: $0 + $1, step: 1) }
          #expect(try reader.tensor(named: slice.fullName, slice: ranges) == value)
        } else {
          #expect(try reader.tensor(named: variable.node.name) == value)
        }
      }
      // What is saved anew comes back, too.
      let target = TemporaryFolder()
      let prefix = try saver.save(session, to: target.path + "/again")
      let other = tf.makeSession()
      try saver.restore(other, from: prefix)
      for variable in tf.globalVariables { #expect(try other.run(variable) == session.run(variable)) }
    }
  }
}
