import Engine
import Foundation
import Protos
import Tensors
import Testing

@testable import Training

/// Files of TensorFlow 1.15.5 imported here, and ours imported again.
@Suite struct MetaGraphTests {
  struct Checkpoint: Decodable {
    struct Run: Decodable {
      let meta: String
      let feeds: [String: JSONTensor]
      let fetches: [String: JSONTensor]
    }
    let prefix: String
    let runAfterRestore: Run
  }

  @Test func aCheckpointOfTensorFlowGivesTensorFlowsValues() throws {
    let expected = try Fixture.json(Checkpoint.self, "checkpoints/mlp_adam/expected.json")
    let run = expected.runAfterRestore
    let folder = try Fixture.path("checkpoints/mlp_adam")
    let tf = Graph()
    let saver = try #require(try tf.importMetaGraph(folder + "/" + run.meta))
    let session = tf.makeSession()
    try saver.restore(session, from: folder + "/" + expected.prefix)
    let names = run.fetches.keys.sorted()
    let found = try session.run(names, feeds: run.feeds.mapValues { try $0.tensor })
    for (name, value) in zip(names, found) {
      let floats: [Float] = try #require(value).scalars()
      #expect(largestDifference(floats, run.fetches[name]?.floats ?? []) < 1e-5, "\(name)")
    }
    #expect(saver.maxToKeep == 3)
    #expect(tf.globalVariables.count == 15)
    #expect(tf.trainableVariables.map(\.name) == ["hidden/w:0", "hidden/b:0", "out/w:0", "out/b:0"])
    #expect(tf.trainableVariables.allSatisfy { tf.globalVariables.contains($0) }, "one object a variable")
    #expect(try tf.globalStep().name == "global_step:0")
    #expect((tf.collection("train_op").first as? Node)?.name == "Adam")
  }

  struct Model: Decodable {
    struct Call: Decodable {
      let feeds: [String: JSONTensor]
      let fetches: [String: JSONTensor?]
    }
    struct Run: Decodable {
      let name: String
      let calls: [Call]
    }
    let runs: [Run]
  }

  @Test(arguments: ["linear", "mlp_sgd", "mlp_momentum"])
  func importedModelsRunAndTrainAsInTensorFlow(_ name: String) throws {
    let folder = try Fixture.path("graphs/\(name)")
    for run in try Fixture.json(Model.self, "graphs/\(name)/expected.json").runs {
      let tf = Graph()
      let saver = try #require(try tf.importMetaGraph(folder + "/model.meta"))
      let session = tf.makeSession()
      try saver.restore(session, from: folder + "/model")
      for (number, call) in run.calls.enumerated() {
        let names = call.fetches.keys.sorted()
        let found = try session.run(names, feeds: call.feeds.mapValues { try $0.tensor })
        for (fetch, value) in zip(names, found) {
          guard let wanted = call.fetches[fetch] ?? nil else { continue }
          let floats: [Float] = try #require(value).scalars()
          let comment = Comment(rawValue: "\(name) \(run.name), call \(number), \(fetch)")
          #expect(largestDifference(floats, wanted.floats) < 1e-4, comment)
        }
      }
    }
  }

  @Test func whatIsExportedIsImportedAgain() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    let w = try tf.getVariable("layer/w", shape: [2, 2], initializer: .ones)
    let step = try tf.globalStep()
    let x = try tf.placeholder(.float32, shape: [nil, 2], name: "x")
    let y = try tf.matmul(x, w, name: "y")
    try tf.addToCollection("outputs", y)
    try tf.addToCollection("numbers", Int64(7))
    try tf.addToCollection("rates", Float(0.5))
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let prefix = try Saver(tf, maxToKeep: 2).save(session, to: folder.path + "/m")

    let other = Graph()
    let saver = try #require(try other.importMetaGraph(prefix + ".meta"))
    let again = other.makeSession()
    try saver.restore(again, from: prefix)
    #expect(saver.maxToKeep == 2)
    #expect(other.globalVariables.map(\.name) == [w.name, step.name])
    #expect(other.collection("outputs").first as? Output == (try other.output(named: "y:0")))
    #expect(other.collection("numbers").first as? Int64 == 7)
    #expect(other.collection("rates").first as? Float == 0.5)
    let found = try again.run(["y:0"], feeds: ["x:0": Tensor([1, 2] as [Float], shape: [1, 2])])
    #expect(found[0]?.scalars(Float.self) == [3, 3])
    #expect(
      try MetaGraph.export(other, saver: saver).serialized() == MetaGraph(contentsOf: prefix + ".meta").serialized())
  }

  @Test func importsCanBePutBelowAScope() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    _ = try tf.getVariable("w", shape: [2], initializer: .constant([1, 2]))
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let prefix = try Saver(tf).save(session, to: folder.path + "/m")
    let other = Graph()
    let saver = try #require(try other.importMetaGraph(prefix + ".meta", scope: "copy"))
    let again = other.makeSession()
    try saver.restore(again, from: prefix)
    #expect(other.globalVariables.map(\.name) == ["copy/w:0"])
    #expect(try again.run(["copy/w:0"])[0]?.scalars(Float.self) == [1, 2])
  }

  @Test func textFormIsReadToo() throws {
    let folder = TemporaryFolder()
    let tf = Graph()
    _ = try tf.variable(1.0, name: "v")
    let meta = try MetaGraph.export(tf, saver: Saver(tf))
    let path = folder.path + "/m.meta"
    try meta.proto.textFormatString().write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try Graph().importMetaGraph(path) != nil)
  }

  @Test func filesThatAreNoMetaGraphAreRefused() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/bad.meta"
    #expect(throws: SaveError.missing(path: path)) { try MetaGraph(contentsOf: path) }
    try Data("no graph at all".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: SaveError.notAMetaGraph(path: path)) { try MetaGraph(contentsOf: path) }
  }

  @Test func damagedFilesNeverCrash() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/m.meta"
    let whole = [UInt8](try Fixture.data("graphs/linear/model.meta"))
    var generator = SplitMix64(seed: 3)
    for _ in 0..<60 {
      var bytes = whole
      for _ in 0..<1 + generator.next(below: 4) {
        bytes[generator.next(below: bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
      }
      if generator.next(below: 3) == 0 { bytes.removeLast(generator.next(below: bytes.count)) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      _ = try? Graph().importMetaGraph(path)
    }
  }
}
