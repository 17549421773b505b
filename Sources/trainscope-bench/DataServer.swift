import Foundation

/// Where TensorBoard's programs are: the `bin` folder of a Python environment, `TRAINSCOPE_PEERS`, else `.venv/bin`.
enum Peers {
  static var bin: String { ProcessInfo.processInfo.environment["TRAINSCOPE_PEERS"] ?? ".venv/bin" }

  /// Shown where nothing is found.
  static let hint =
    "TensorBoard was not found: set TRAINSCOPE_PEERS to the bin folder of a Python environment that has it."
}

/// TensorBoard's Rust loader, the fastest reader of event files there is beside ours.
struct DataServer {
  let executable: String

  init?() {
    let library = URL(fileURLWithPath: Peers.bin).deletingLastPathComponent().appendingPathComponent("lib").path
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
    let candidates = folders.sorted().map { "\(library)/\($0)/site-packages/tensorboard_data_server/bin/server" }
    guard let found = candidates.first(where: FileManager.default.isExecutableFile) else { return nil }
    executable = found
  }

  /// How it is asked to load.
  enum Mode: String, CaseIterable {
    case byDefault = "data server, its default"
    case checksums = "data server with `--checksum`"
    case keepAll = "data server, keeping all"

    var arguments: [String] {
      switch self {
      case .byDefault: ["--no-checksum"]
      case .checksums: ["--checksum"]
      case .keepAll: ["--no-checksum", "--samples-per-plugin", "scalars=all,histograms=all,images=all"]
      }
    }
  }

  /// Lets it load a log root once and ends it. Time is from its start to its own message that the load is finished;
  /// processor time and memory are the operating system's account of the whole process, start-up included.
  func load(_ root: String, _ mode: Mode) throws -> Measurement {
    let arguments = [executable, "--logdir", root, "--reload", "once", "--port", "0", "-v"] + mode.arguments
    return try ChildProcess.run(arguments, until: "Finished load cycle").measurement
  }
}

/// TensorBoard's loader in Python, which it uses where the data server does not run.
struct PythonReader {
  let python: String

  init?() {
    python = Peers.bin + "/python"
    let works = try? ChildProcess.run([python, "-c", "import tensorboard"])
    guard works != nil else { return nil }
  }

  /// Loads a root, keeping everything; processor time of the loading alone, without Python's start and imports.
  func load(_ root: String) throws -> Measurement {
    let script = """
      import sys, time
      from tensorboard.backend.event_processing import plugin_event_multiplexer as m
      keep = {'scalars': 0, 'tensors': 0, 'images': 0, 'histograms': 0, 'compressedHistograms': 0, 'audio': 0}
      wall, cpu = time.perf_counter(), time.process_time()
      reader = m.EventMultiplexer(size_guidance=keep)
      reader.AddRunsFromDirectory(sys.argv[1])
      reader.Reload()
      print('measured', time.perf_counter() - wall, time.process_time() - cpu)
      """
    let result = try ChildProcess.run([python, "-W", "ignore", "-c", script, root])
    let words = result.output.split(whereSeparator: \.isWhitespace)
    guard let place = words.lastIndex(of: "measured"), place + 2 < words.count, let wall = Double(words[place + 1]),
      let cpu = Double(words[place + 2])
    else { throw ChildProcess.Failure.ended(python, output: result.output) }
    return Measurement(wall: wall, cpu: cpu, peakMemory: result.measurement.peakMemory)
  }
}
