import Engine
import Foundation
import Tensors
import Testing

@testable import Training

/// A model built and trained here for 30 steps, imported into TensorFlow 1.15.5, trained ten steps on and saved there
/// (`tools/check_tensorflow.py`): it comes back with TensorFlow's loss and accuracy, and goes on.
@Suite struct ContinuedTrainingTests {
  struct Expected: Decodable {
    let accuracy: Float
    let loss: Float
    let step: Int64
    let accuracyName: String
    let lossName: String
  }

  @Test func aModelComesBackFromTensorFlow() throws {
    let expected = try Fixture.json(Expected.self, "continued/expected.json")
    let prefix = try Fixture.path("continued/continued-\(expected.step)")
    let tf = Graph()
    let saver = try #require(try tf.importMetaGraph(prefix + ".meta"))
    let session = tf.makeSession()
    try saver.restore(session, from: prefix)
    let data = try DigitsDataset.bundled()
    let feeds = try [
      tf.output(named: "images:0"): data.test.images, tf.output(named: "labels:0"): data.test.labels,
    ]
    let outputs = [try tf.output(named: expected.accuracyName), try tf.output(named: expected.lossName)]
    let found = try session.run(outputs, feeds: feeds)
    #expect(abs(found[0].scalar(Float.self) - expected.accuracy) < 1e-6)
    #expect(abs(found[1].scalar(Float.self) - expected.loss) < 1e-5)
    let train = try #require(tf.collection(GraphKeys.trainOp).first as? Node)
    try session.run(train, fetching: [], feeds: feeds)
    let step = try #require(tf.variables(in: GraphKeys.globalStep).first)
    #expect(try session.run(step).scalar(Int64.self) == expected.step + 1)
  }
}
