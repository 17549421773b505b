import Foundation

/// TensorBoard's Rust loader, the fastest reader of event files there is beside ours.
struct DataServer {
  let executable: String

  /// Finds the program in the Python packages beside a `bin` folder: `TRAINSCOPE_PEERS`, else `.venv/bin`.
  init?() {
    let bin = ProcessInfo.processInfo.environment["TRAINSCOPE_PEERS"] ?? ".venv/bin"
    let library = URL(fileURLWithPath: bin).deletingLastPathComponent().appendingPathComponent("lib").path
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
    let candidates = folders.sorted().map { "\(library)/\($0)/site-packages/tensorboard_data_server/bin/server" }
    guard let found = candidates.first(where: FileManager.default.isExecutableFile) else { return nil }
    executable = found
  }

  enum Failure: Error, CustomStringConvertible {
    case cannotStart(errno: Int32)
    case ended(output: String)

    var description: String {
      switch self {
      case .cannotStart(let code): "the data server cannot be started: \(String(cString: strerror(code)))"
      case .ended(let output): "the data server ended before it had loaded: \(output)"
      }
    }
  }

  /// Lets it load a log root once and ends it. Time is from its start to its own message that the load is finished;
  /// processor time and memory are the operating system's account of the whole process, start-up included.
  func load(_ root: String, checksums: Bool) throws -> Measurement {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure.cannotStart(errno: errno) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    let arguments = [
      executable, "--logdir", root, "--reload", "once", "--port", "0", "-v", checksums ? "--checksum" : "--no-checksum",
    ]
    var pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    let clock = ContinuousClock()
    let start = clock.now
    let code = posix_spawn(&child, executable, &actions, nil, &pointers, environ)
    close(ends[1])
    guard code == 0 else { throw Failure.cannotStart(errno: code) }

    var output = [UInt8]()
    var buffer = [UInt8](repeating: 0, count: 4096)
    var isFinished = false
    while !isFinished {
      let count = read(ends[0], &buffer, buffer.count)
      if count <= 0 { break }
      output += buffer[..<count]
      isFinished = String(decoding: output, as: UTF8.self).contains("Finished load cycle")
    }
    let elapsed = start.duration(to: clock.now)
    kill(child, SIGKILL)
    var status: Int32 = 0
    var usage = rusage()
    wait4(child, &status, 0, &usage)
    guard isFinished else { throw Failure.ended(output: String(decoding: output, as: UTF8.self)) }
    return Measurement(
      wall: elapsed / .seconds(1), cpu: Measurement.seconds(usage), peakMemory: Double(usage.ru_maxrss) / 1024)
  }
}
