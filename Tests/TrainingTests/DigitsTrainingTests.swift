import Checkpoints
import Engine
import Events
import Foundation
import Tensors
import Testing

@testable import Training

@Suite struct DigitsTrainingTests {
  @Test(arguments: [
    ("softmax", "sgd"), ("mlp", "momentum"), ("mlp", "nesterov"), ("mlp", "adam"), ("mlp", "ftrl"),
    ("softmax", "adagrad-da"),
  ])
  func theGraphIsTheOneTensorFlowBuilds(_ model: String, _ optimizer: String) throws {
    let kind = try #require(DigitsModelKind(rawValue: model))
    let chosen = try #require(DigitsOptimizerKind(name: optimizer))
    let built = try DigitsModel(kind, optimizer: chosen, learningRate: 0.05, stepsPerEpoch: 44, seed: 7)
    try expectGraph(built.graph, equals: "golden/digits_\(model)_\(optimizer).pb")
  }

  @Test func theConvolutionalGraphIsTheOneTensorFlowBuilds() throws {
    let built = try DigitsModel(.cnn, optimizer: .adam, learningRate: 0.05, stepsPerEpoch: 44, seed: 7)
    // How gradients are computed is the engine's.
    try expectGraph(built.graph, equals: "golden/digits_cnn_adam.pb", where: { !$0.contains("/gradients/") })
  }

  @Test func theConvolutionalModelReadsDigits() throws {
    let folder = TemporaryFolder()
    let options = Self.options(folder) {
      $0.model = .cnn
      $0.learningRate = 0.01
      $0.steps = 60
    }
    let result = try DigitsTraining(options).train(on: .bundled())
    #expect(result.testAccuracy > 0.85)
    let path = folder.path + "/cnn-adam/test/events.out.tfevents.1700000000.host"
    let batch = try EventFileReader(path: path).next(limit: 1 << 24)
    let accuracy = try #require(batch.scalars.first { batch.tags[$0.tagIndex].name == "accuracy" })
    #expect(accuracy.steps == [0, 10, 20, 30, 40, 50, 60])
  }

  @Test(arguments: DigitsOptimizerKind.allCases) func everyOptimizerLearns(_ optimizer: DigitsOptimizerKind) throws {
    let folder = TemporaryFolder()
    let options = Self.options(folder) {
      $0.optimizer = optimizer
      $0.steps = 150
    }
    #expect(try DigitsTraining(options).train(on: .bundled()).testAccuracy > 0.7)
  }

  @Test(arguments: DigitsSchedule.allCases) func everyScheduleIsLogged(_ schedule: DigitsSchedule) throws {
    let folder = TemporaryFolder()
    let options = Self.options(folder) {
      $0.schedule = schedule
      $0.learningRate = 0.5
      $0.optimizer = .sgd
      $0.steps = 100
      $0.healthInterval = 40
    }
    _ = try DigitsTraining(options).train(on: .bundled())
    let path = folder.path + "/softmax-sgd/train/events.out.tfevents.1700000000.host"
    let batch = try EventFileReader(path: path).next(limit: 1 << 24)
    let rates = try #require(batch.scalars.first { batch.tags[$0.tagIndex].name == "learning_rate" })
    #expect(rates.values.doubles.first == 0.5)
    #expect((rates.values.doubles.last == 0.5) == (schedule == .constant))
    let health = try #require(
      batch.scalars.first { batch.tags[$0.tagIndex].name == "health/logits/kernel/update_ratio" })
    #expect(health.steps == [0, 40, 80])
  }

  private static func options(_ folder: TemporaryFolder, _ change: (inout DigitsTraining.Options) -> Void = { _ in })
    -> DigitsTraining.Options
  {
    var options = DigitsTraining.Options()
    options.root = folder.path
    options.model = .softmax
    options.steps = 40
    options.checkpointInterval = 20
    options.histogramInterval = 20
    options.hostName = "host"
    options.clock = .fixed(start: 1_700_000_000, secondsPerStep: 0.1)
    change(&options)
    return options
  }

  private static func files(_ folder: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
      if !isFolder.boolValue { found[name] = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)) }
    }
    return found
  }

  @Test func equalSeedsGiveEqualFiles() throws {
    let data = try DigitsDataset.bundled()
    // One folder after the other under the same path, which state files and session logs name.
    let folder = TemporaryFolder()
    var made: [[String: Data]] = []
    for _ in 0..<2 {
      _ = try DigitsTraining(Self.options(folder) { $0.model = .mlp }).train(on: data)
      made.append(try Self.files(folder.path))
      try FileManager.default.removeItem(atPath: folder.path)
    }
    let (first, second) = (made[0], made[1])
    #expect(first.keys.sorted() == second.keys.sorted())
    for (name, bytes) in first { #expect(second[name] == bytes, "\(name)") }
    #expect(first.keys.contains("mlp-adam/train/events.out.tfevents.1700000000.host"))
    #expect(first.keys.contains("mlp-adam/train/model.ckpt-40.meta"))
  }

  @Test func everyPointIsLogged() throws {
    let folder = TemporaryFolder()
    let training = try DigitsTraining(Self.options(folder))
    var flushes = 0
    var steps: [Int] = []
    let result = try training.train(
      on: .bundled(), flushed: { flushes += 1 }, progress: { steps.append($0.step) })
    #expect(steps == Array(1...40))
    #expect(flushes >= 1)
    #expect(!result.wasStopped)
    #expect(result.testAccuracy > 0.6)
    #expect(result.checkpoint == folder.path + "/softmax-adam/train/model.ckpt-40")

    func scalars(_ run: String) throws -> [String: [Int64]] {
      let path = folder.path + "/softmax-adam/\(run)/events.out.tfevents.1700000000.host"
      let batch = try EventFileReader(path: path).next(limit: 1 << 24)
      #expect(batch.skipped.isEmpty)
      return Dictionary(uniqueKeysWithValues: batch.scalars.map { (batch.tags[$0.tagIndex].name, $0.steps) })
    }
    let train = try scalars("train")
    #expect(train["loss"] == Array(0..<40))
    #expect(train["accuracy"] == Array(0..<40))
    #expect(train["learning_rate"] == Array(0..<40))
    let test = try scalars("test")
    #expect(test["loss"] == [0, 10, 20, 30, 40])
    #expect(test["accuracy"] == [0, 10, 20, 30, 40])
  }

  @Test func aStoppedTrainingIsSaved() throws {
    let folder = TemporaryFolder()
    var asked = 0
    let result = try DigitsTraining(Self.options(folder)).train(
      on: .bundled(),
      shouldStop: {
        asked += 1
        return asked == 7
      })
    #expect(result.wasStopped)
    #expect(result.steps == 7)
    #expect(latestCheckpoint(in: folder.path + "/softmax-adam/train") == result.checkpoint)
    #expect(result.checkpoint.hasSuffix("model.ckpt-7"))
  }

  @Test func aRestoredCheckpointHasTheLoggedAccuracy() throws {
    let folder = TemporaryFolder()
    let data = try DigitsDataset.bundled()
    let result = try DigitsTraining(Self.options(folder)).train(on: data)
    let tf = Graph()
    let saver = try #require(try tf.importMetaGraph(result.checkpoint + ".meta"))
    let session = tf.makeSession()
    try saver.restore(session, from: result.checkpoint)
    let found = try session.run(
      ["evaluation/accuracy:0", "cross_entropy/mean:0"],
      feeds: ["images:0": data.test.images, "labels:0": data.test.labels])
    #expect(found[0]?.scalar(Float.self) == result.testAccuracy)
    #expect(found[1]?.scalar(Float.self) == result.testLoss)
  }

  @Test func aDivergingTrainingSaysAtWhichStep() throws {
    let folder = TemporaryFolder()
    let options = Self.options(folder) {
      $0.model = .mlp
      $0.optimizer = .sgd
      $0.learningRate = 1e30
    }
    let error = #expect(throws: TrainingError.self) { try DigitsTraining(options).train(on: .bundled()) }
    guard case .diverged(let step)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(step > 0)
  }

  @Test func optionsAreChecked() throws {
    let folder = TemporaryFolder()
    #expect(throws: TrainingError.self) { try DigitsTraining(Self.options(folder) { $0.steps = 0 }) }
    #expect(throws: TrainingError.self) { try DigitsTraining(Self.options(folder) { $0.batchSize = -1 }) }
    #expect(throws: TrainingError.self) { try DigitsTraining(Self.options(folder) { $0.learningRate = .nan }) }
    for run in ["", "/abs", "../up", "a//b", "a/./b"] {
      #expect(throws: TrainingError.self) { try DigitsTraining(Self.options(folder) { $0.run = run }) }
    }
    #expect(try DigitsTraining(Self.options(folder) { $0.run = "sweep/a" }).run == "sweep/a")
  }

  @Test func runsThatExistAreNotMixed() throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path + "/softmax-adam", withIntermediateDirectories: true)
    #expect(try DigitsTraining(Self.options(folder)).run == "softmax-adam-2")
  }

  @Test func optimizersGoByTheirUsualNames() {
    #expect(DigitsOptimizerKind(name: "GradientDescentOptimizer") == .sgd)
    #expect(DigitsOptimizerKind(name: "Adam") == .adam)
    #expect(DigitsOptimizerKind(name: "RMSPropOptimizer") == .rmsprop)
    #expect(DigitsOptimizerKind(name: "adagrad_da") == .adagradDA)
    #expect(DigitsOptimizerKind(name: "newton") == nil)
  }
}
