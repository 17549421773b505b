import Checkpoints
import Engine
import Events
import Foundation
import Synchronization
import Tensors

/// Trains a classifier of handwritten digits and logs it as TensorFlow 1 programs do: two runs, `NAME/train` with
/// checkpoints beside its events, and `NAME/test`.
///
/// A point of step n describes the weights after n updates, which are those of the checkpoint of step n.
public struct DigitsTraining: Sendable {
  /// What to train, and where to log it.
  public struct Options: Sendable {
    /// The log root; made where it is missing.
    public var root = "logs"
    /// The run's folder below the root. Nil is `MODEL-OPTIMIZER`, with a number where that is taken.
    public var run: String?
    public var model = DigitsModelKind.mlp
    public var optimizer = DigitsOptimizerKind.adam
    /// Nil is the optimizer's usual one.
    public var learningRate: Double?
    public var schedule = DigitsSchedule.exponential
    public var steps = 900
    public var batchSize = 32
    public var seed: Int64 = 1
    /// The test set is evaluated every so many steps.
    public var testInterval = 10
    /// Weights and gradients are logged every so many steps.
    public var histogramInterval = 50
    /// The health of all variables is logged every so many steps; 0 is never.
    public var healthInterval = 50
    /// A checkpoint is saved every so many steps.
    public var checkpointInterval = 100
    /// How many checkpoints are kept.
    public var checkpointsKept = 5
    /// Written into the names of event files; the machine's by default.
    public var hostName: String?
    /// Where wall times come from.
    public var clock = TrainingClock.system

    public init() {}
  }

  /// How a training ended.
  public struct Result: Sendable, Equatable {
    /// Updates made.
    public var steps: Int
    /// Whether it was asked to stop before its last step.
    public var wasStopped: Bool
    public var testLoss: Float
    public var testAccuracy: Float
    /// The newest checkpoint.
    public var checkpoint: String
  }

  /// What the caller hears of after every step.
  public struct Progress: Sendable {
    public var step: Int
    public var totalSteps: Int
    public var loss: Float
    /// The latest accuracy on the test set.
    public var testAccuracy: Float
  }

  public let options: Options
  /// The run's name, as chosen.
  public let run: String
  /// Folder of the run.
  public var folder: String { options.root + "/" + run }

  /// Checks the options and chooses the run's folder; nothing is written yet.
  /// - Throws: `TrainingError` for options that make no sense.
  public init(_ options: Options) throws {
    for (name, value) in [
      ("--steps", options.steps), ("--batch-size", options.batchSize), ("the test interval", options.testInterval),
      ("the histogram interval", options.histogramInterval), ("the checkpoint interval", options.checkpointInterval),
    ] where value < 1 {
      throw TrainingError.badOption("\(name) must be at least 1, not \(value).")
    }
    guard options.healthInterval >= 0 else {
      throw TrainingError.badOption("the health interval must be 0 for never, or more, not \(options.healthInterval).")
    }
    if let rate = options.learningRate, !(rate.isFinite && rate > 0) {
      throw TrainingError.badOption("--learning-rate must be a number above 0, not \(rate).")
    }
    self.options = options
    run = try options.run.map(Self.checked) ?? Self.freeName(options)
  }

  private static func checked(_ run: String) throws -> String {
    let parts = run.split(separator: "/", omittingEmptySubsequences: false)
    guard !run.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
      throw TrainingError.badOption(
        "--run is a folder below the log root, such as \"mlp\" or \"sweep/mlp\"; \"\(run)\" is not.")
    }
    return run
  }

  private static func freeName(_ options: Options) -> String {
    let base = "\(options.model.rawValue)-\(options.optimizer.rawValue)"
    var name = base
    var number = 2
    while FileManager.default.fileExists(atPath: options.root + "/" + name) {
      name = "\(base)-\(number)"
      number += 1
    }
    return name
  }

  /// Trains. Everything is on disk when this returns.
  /// - Parameters:
  ///   - data: the digits.
  ///   - shouldStop: asked after every step; when it answers true, the training saves and ends.
  ///   - flushed: called from time to time, when new points are on disk.
  ///   - progress: called after every step.
  /// - Throws: `TrainingError.diverged` where the loss is no number any more; errors of files.
  public func train(
    on data: DigitsDataset, shouldStop: () -> Bool = { false }, flushed: () -> Void = {},
    progress: (Progress) -> Void = { _ in }
  ) throws -> Result {
    let time = StepClock(options.clock)
    let model = try makeModel(rows: data.train.count, time: time)
    var log = try DigitsLog(folder: folder, hostName: options.hostName, time: time, graph: model.graph)
    defer { log.closeQuietly() }
    let session = model.graph.makeSession()
    defer { session.close() }
    try session.run(model.initializer)
    var sampler = BatchSampler(
      rowCount: data.train.count, batchSize: options.batchSize, seed: UInt64(bitPattern: options.seed))
    var test = try evaluate(model, session, data.test, at: 0, log)
    var checkpoint = ""
    var step = 0
    var stopped = false
    while step < options.steps && !stopped {
      let batch = data.train.rows(sampler.nextBatch())
      let isFull = step % options.histogramInterval == 0
      let loss = try makeStep(model, session, batch, step: step, isFull: isFull, log)
      step += 1
      time.step = step
      stopped = step < options.steps && shouldStop()
      let isLast = stopped || step == options.steps
      if isLast || step % options.testInterval == 0 {
        test = try evaluate(model, session, data.test, at: step, log)
      }
      if isLast || step % options.checkpointInterval == 0 {
        checkpoint = try save(model, session, step: step, log)
      }
      if try log.flushIfDue(isLast: isLast) { flushed() }
      progress(Progress(step: step, totalSteps: options.steps, loss: loss, testAccuracy: test.accuracy))
    }
    try log.close(step: step)
    flushed()
    return Result(
      steps: step, wasStopped: stopped, testLoss: test.loss, testAccuracy: test.accuracy, checkpoint: checkpoint)
  }

  private func makeModel(rows: Int, time: StepClock) throws -> DigitsModel {
    try DigitsModel(
      options.model, optimizer: options.optimizer,
      learningRate: options.learningRate ?? options.optimizer.defaultLearningRate, schedule: options.schedule,
      stepsPerEpoch: max(1, rows / min(options.batchSize, rows)), totalSteps: options.steps, seed: options.seed,
      maxToKeep: options.checkpointsKept, clock: { time.now })
  }

  /// One update; logs loss, accuracy and learning rate of the batch as they were before it.
  private func makeStep(
    _ model: DigitsModel, _ session: Session, _ batch: LabelledImages, step: Int, isFull: Bool, _ log: DigitsLog
  ) throws -> Float {
    let feeds = model.feeds(batch)
    let summary = isFull ? model.fullSummary : model.stepSummary
    do {
      let values: [Tensor]
      if options.healthInterval > 0 && step % options.healthInterval == 0 {
        let measured = try LayerHealth(model.gradients).step(
          session, running: model.train, fetching: [summary, model.loss], feeds: feeds)
        try log.train.addSummary(LayerHealth.summary(of: measured.variables), step: Int64(step))
        values = measured.outputs
      } else {
        values = try session.run(model.train, fetching: [summary, model.loss], feeds: feeds)
      }
      try log.train.addSummary(values[0], step: Int64(step))
      let loss: Float = values[1].scalar()
      guard loss.isFinite else { throw TrainingError.diverged(step: step) }
      return loss
    } catch let error as EngineError where isFull && error.code == .invalidArgument {
      // A histogram refuses NaN and infinities. The loss that came of them is still worth logging.
      let values = try session.run([model.stepSummary, model.loss], feeds: feeds)
      try log.train.addSummary(values[0], step: Int64(step))
      try log.train.flush()
      throw TrainingError.diverged(step: step)
    }
  }

  private func evaluate(
    _ model: DigitsModel, _ session: Session, _ data: LabelledImages, at step: Int, _ log: DigitsLog
  ) throws -> (loss: Float, accuracy: Float) {
    let values = try session.run(
      [model.evaluationLoss, model.evaluationAccuracy] + (model.evaluationSummary.map { [$0] } ?? []),
      feeds: model.feeds(data))
    let (loss, accuracy): (Float, Float) = (values[0].scalar(), values[1].scalar())
    if values.count > 2 {
      try log.test.addSummary(values[2], step: Int64(step))
    } else {
      try log.test.addScalar("loss", loss, step: Int64(step))
      try log.test.addScalar("accuracy", accuracy, step: Int64(step))
    }
    return (loss, accuracy)
  }

  private func save(_ model: DigitsModel, _ session: Session, step: Int, _ log: DigitsLog) throws -> String {
    let prefix = try model.saver.save(session, to: folder + "/train/model.ckpt", globalStep: Int64(step))
    try log.train.addSessionLog(.checkpoint, checkpointPath: prefix, step: Int64(step))
    return prefix
  }
}

/// Why a training did not begin, or ended early.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case badOption(String)
  case diverged(step: Int)

  public var description: String {
    switch self {
    case .badOption(let text): text
    case .diverged(let step):
      "The training diverged: at step \(step) the loss or a gradient is not a finite number. "
        + "Try a smaller --learning-rate."
    }
  }
}
