import ArgumentParser
import Engine
import Foundation
import Tensors
import Training

/// A training step: the same graphs, fed the same numbers, here and in TensorFlow.
struct StepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Measure training steps, beside TensorFlow where it is installed.")

  @Option(help: "Times each measurement is taken; the one with the least processor time is shown.")
  var times = 5
  @Option(parsing: .upToNextOption, help: "TensorFlow's Python programs; TRAINSCOPE_TENSORFLOW (separated by colons).")
  var peer: [String] = []
  @Option(parsing: .upToNextOption, help: "Numbers of threads that TensorFlow may use; Trainscope's steps use one.")
  var threads = [1, 2]
  @Option(parsing: .upToNextOption, help: "Only these models.")
  var only: [String] = []

  /// What one model took, in microseconds a step.
  struct Timing: Codable {
    var name: String
    var wall: Double
    var cpu: Double
    /// With the loss logged at every step.
    var summaryCPU: Double?
    var loss: Double
    /// Megabytes by which the process grew over the later half of its steps.
    var growth: Double?
  }

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trainscope-step-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try StepModel.write(to: folder.path)
    let named = ProcessInfo.processInfo.environment["TRAINSCOPE_TENSORFLOW"]?.split(separator: ":").map(String.init)
    let pythons = (peer.isEmpty ? named ?? [] : peer).filter(FileManager.default.isExecutableFile)
    // A loop is written by TensorFlow's own dynamic_rnn, where it is there to write it.
    if let first = pythons.first { _ = try? Self.ask(first, ["make-lstm", folder.path]) }
    let models = try StepModel.read(from: folder.path).filter { only.isEmpty || only.contains($0.name) }
    var peers: [(version: String, timings: [Int: [Timing]])] = []
    for python in pythons {
      guard let answer = try? Self.ask(python, ["version"]) else {
        print("\(python) has no TensorFlow")
        continue
      }
      let version = answer.trimmingCharacters(in: .whitespacesAndNewlines)
      var timings: [Int: [Timing]] = [:]
      for count in threads {
        let answer = try Self.ask(
          python, ["run", folder.path, String(count), String(times)] + models.map(\.name))
        timings[count] = try JSONDecoder().decode([Timing].self, from: Data(answer.utf8))
      }
      peers.append(("TensorFlow " + version, timings))
    }
    let ours = try models.map { try measure($0, folder.path) }
    for count in threads {
      print(
        "Training steps, TensorFlow with \(count) thread\(count == 1 ? "" : "s"), microseconds of processor time (wall "
          + "time)\n")
      var table = Table(
        columns: ["", "Trainscope", "with summaries", "growth MB"] + peers.flatMap { [$0.version, "peer / ours"] })
      for (model, ours) in zip(models, ours) {
        var row = [
          model.title, "\(ours.cpu.digits(1)) (\(ours.wall.digits(1)))",
          ours.summaryCPU.map { String(format: "%+.1f %%", ($0 / ours.cpu - 1) * 100) } ?? "–",
          ours.growth.map { $0.digits(1) } ?? "–",
        ]
        for peer in peers {
          let theirs = peer.timings[count]?.first { $0.name == model.name }
          row.append(theirs.map { "\($0.cpu.digits(1)) (\($0.wall.digits(1)))" } ?? "–")
          row.append(theirs.map { ($0.cpu / ours.cpu).digits(2) + "×" } ?? "–")
          if let theirs, abs(theirs.loss - ours.loss) > 0.02 * max(abs(ours.loss), 0.1), !model.name.hasPrefix("lstm") {
            print("\(model.name): the losses differ: \(ours.loss) here, \(theirs.loss) in \(peer.version)")
          }
        }
        table.rows.append(row)
      }
      print(table.printed() + "\n")
    }
    if peers.isEmpty {
      print("No TensorFlow was found: name its Python programs in TRAINSCOPE_TENSORFLOW.")
    }
  }

  private func measure(_ model: StepModel, _ folder: String) throws -> Timing {
    let tf = Graph()
    _ = try tf.importMetaGraph("\(folder)/\(model.name).meta")
    let session = Session(graph: tf)
    defer { session.close() }
    try session.run(tf.operation(named: model.initialize))
    let train = GraphElement.node(try tf.operation(named: model.train))
    let loss = GraphElement.output(try tf.output(named: model.loss))
    let feeds = Dictionary(
      uniqueKeysWithValues: try model.feeds.map { (try tf.output(named: $0.name), $0.tensor) })
    func steps(_ fetches: [GraphElement], _ each: ([Tensor?], Int) throws -> Void = { _, _ in }) throws -> Measurement {
      try Measurement.of {
        for step in 0..<model.steps { try each(try session.run(fetches, feeds: feeds), step) }
      }
    }
    // The loss after equally many steps everywhere.
    _ = try steps([train])
    let lossNow = try session.run([loss], feeds: feeds)[0]?.scalar(Float.self) ?? .nan
    var best = try steps([train])
    let memoryBefore = Self.residentMegabytes()
    for _ in 1..<max(2, times) {
      let next = try steps([train])
      if next.cpu < best.cpu { best = next }
    }
    let growth = Self.residentMegabytes() - memoryBefore
    var summaryCPU: Double?
    if let name = model.summary {
      let summary = GraphElement.output(try tf.output(named: name))
      let writer = try FileWriter(directory: "\(folder)/logs-\(model.name)")
      var least = Double.infinity
      for _ in 0..<max(2, times) {
        let measured = try steps([train, summary]) { results, step in
          if let bytes = results[1] { try writer.addSummary(bytes, step: Int64(step)) }
        }
        least = min(least, measured.cpu)
      }
      try writer.close()
      summaryCPU = least / Double(model.steps) * 1e6
    }
    return Timing(
      name: model.name, wall: best.wall / Double(model.steps) * 1e6, cpu: best.cpu / Double(model.steps) * 1e6,
      summaryCPU: summaryCPU, loss: Double(lossNow), growth: growth)
  }

  private static func residentMegabytes() -> Double {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
  }

  enum Failure: Error, CustomStringConvertible {
    case peer(String, Int32)

    var description: String {
      switch self {
      case .peer(let program, let status): "\(program) ended with status \(status)"
      }
    }
  }

  /// Runs the peer's script, which stands beside this source in the folder `tools`.
  private static func ask(_ python: String, _ arguments: [String]) throws -> String {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("tools/step_peer.py").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [script] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure.peer(python, process.terminationStatus) }
    return String(decoding: data, as: UTF8.self)
  }
}
