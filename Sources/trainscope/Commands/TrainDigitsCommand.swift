import ArgumentParser
import Foundation
import Training

/// `trainscope train digits`: trains a classifier of handwritten digits and logs it.
struct TrainDigitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digits",
    abstract: "Train a classifier of handwritten digits.",
    discussion: """
      Logs loss and accuracy of training and test, the learning rate, histograms of weights and gradients and the graph
      to ROOT/RUN/train and ROOT/RUN/test, and saves checkpoints to ROOT/RUN/train. Ctrl-C saves and ends it.
      """)

  @Option(help: "The log root.")
  var root = "logs"

  @Option(name: .customLong("run"), help: "The run's folder below the root (default: MODEL-OPTIMIZER).")
  var runName: String?

  @Option(help: "softmax, mlp or cnn.")
  var model = "mlp"

  @Option(help: "sgd, momentum, nesterov, adam, adagrad, adagrad-da, ftrl, rmsprop or adadelta.")
  var optimizer = "adam"

  @Option(help: "The learning rate at the start (default: the optimizer's usual one; 0.01 for adam).")
  var learningRate: Double?

  @Option(
    help: """
      How the learning rate changes: exponential (falls by 5 % an epoch), constant, cosine, polynomial, inverse-time or
      piecewise.
      """)
  var schedule = "exponential"

  @Option(help: "Updates to make.")
  var steps = 900

  @Option(help: "Images in an update.")
  var batchSize = 32

  @Option(help: "Seed of the initial weights and of the order of images.")
  var seed: Int64 = 1

  @Option(help: ArgumentHelp("Update the catalogue of the log root at this path.", visibility: .hidden))
  var catalog: String?

  @Flag(help: ArgumentHelp("Leave the catalogue alone.", visibility: .hidden))
  var noIndex = false

  @Option(help: ArgumentHelp("How many checkpoints are kept.", visibility: .hidden))
  var keep = 5

  @Option(help: ArgumentHelp("Save a checkpoint every so many steps.", visibility: .hidden))
  var checkpointEvery = 100

  @Option(help: ArgumentHelp("Log histograms every so many steps.", visibility: .hidden))
  var histogramsEvery = 50

  @Option(help: "Log norms of weights and gradients, updates and zeros every so many steps; 0 is never.")
  var healthEvery = 50

  @Option(help: ArgumentHelp("Host name in the names of event files.", visibility: .hidden))
  var hostName: String?

  @Option(
    help: ArgumentHelp(
      "Take wall times from START,SECONDS_A_STEP instead of the clock, so that files come out the same each time.",
      visibility: .hidden))
  var clock: String?

  func run() throws {
    let training = try DigitsTraining(options())
    let data = try DigitsDataset.bundled()
    let interrupt = InterruptFlag()
    let index = noIndex ? nil : CatalogIndexer(root: root, path: catalog, warn: say)
    say("Training \(model) with \(optimizer) on \(data.train.count) digits; logs go to \(training.folder)")
    var bar = ProgressBar(total: steps)
    let result: DigitsTraining.Result
    do {
      result = try training.train(
        on: data, shouldStop: { interrupt.isSet }, flushed: { index?.refresh() },
        progress: { progress in
          bar.update(
            progress.step, detail: "loss \(format(progress.loss))  test accuracy \(format(progress.testAccuracy))")
        })
    } catch {
      bar.finish()
      index?.finish()
      throw error
    }
    bar.finish()
    index?.finish()
    if result.wasStopped { say("Stopped after \(result.steps) of \(steps) steps; everything is saved.") }
    print(
      "run \(training.run): \(result.steps) steps, test loss \(format(result.testLoss)), "
        + "test accuracy \(format(result.testAccuracy)), checkpoint \(result.checkpoint)")
  }

  private func options() throws -> DigitsTraining.Options {
    var options = DigitsTraining.Options()
    options.root = root
    options.run = runName
    guard let kind = DigitsModelKind(rawValue: model.lowercased()) else {
      throw ValidationError("There is no model \"\(model)\"; choose \(Self.choices(DigitsModelKind.self)).")
    }
    guard let chosen = DigitsOptimizerKind(name: optimizer) else {
      throw ValidationError(
        "There is no optimizer \"\(optimizer)\"; choose \(Self.choices(DigitsOptimizerKind.self)).")
    }
    guard let planned = DigitsSchedule(rawValue: schedule.lowercased()) else {
      throw ValidationError("There is no schedule \"\(schedule)\"; choose \(Self.choices(DigitsSchedule.self)).")
    }
    options.schedule = planned
    options.healthInterval = healthEvery
    options.model = kind
    options.optimizer = chosen
    options.learningRate = learningRate
    options.steps = steps
    options.batchSize = batchSize
    options.seed = seed
    options.checkpointsKept = keep
    options.checkpointInterval = checkpointEvery
    options.histogramInterval = histogramsEvery
    options.hostName = hostName
    if let clock {
      let parts = clock.split(separator: ",").compactMap { Double($0) }
      guard parts.count == 2, parts.allSatisfy(\.isFinite) else {
        throw ValidationError("--clock takes two numbers, START,SECONDS_A_STEP.")
      }
      options.clock = .fixed(start: parts[0], secondsPerStep: parts[1])
    }
    return options
  }

  /// `a, b or c`.
  private static func choices<Kind: CaseIterable & RawRepresentable<String>>(_: Kind.Type) -> String {
    let names = Kind.allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }

  private func format(_ value: Float) -> String { String(format: "%.4f", value) }
}

/// Messages go to standard error; standard output is for the answer.
@Sendable private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
