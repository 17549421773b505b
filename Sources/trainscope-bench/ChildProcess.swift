import Foundation

/// A program run to its end, or until it has said something, with what the operating system says it took.
enum ChildProcess {
  enum Failure: Error, CustomStringConvertible {
    case cannotStart(String, errno: Int32)
    case ended(String, output: String)

    var description: String {
      switch self {
      case .cannotStart(let name, let code): "\(name) cannot be started: \(String(cString: strerror(code)))"
      case .ended(let name, let output): "\(name) ended before it was done: \(output)"
      }
    }
  }

  /// What came of it: wall time until it was done, processor time and greatest memory of the whole process, and what it
  /// wrote to both outputs.
  struct Result {
    var measurement: Measurement
    var output: String
  }

  /// Runs `arguments`, the first being the program. It is done when it has written `mark`, and is then killed; without a
  /// mark when it ends with status 0.
  static func run(_ arguments: [String], until mark: String? = nil) throws -> Result {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure.cannotStart(arguments[0], errno: errno) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    var pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    let clock = ContinuousClock()
    let start = clock.now
    let code = posix_spawn(&child, arguments[0], &actions, nil, &pointers, environ)
    close(ends[1])
    guard code == 0 else { throw Failure.cannotStart(arguments[0], errno: code) }

    var bytes = [UInt8]()
    var buffer = [UInt8](repeating: 0, count: 4096)
    var isDone = false
    while !isDone {
      let count = read(ends[0], &buffer, buffer.count)
      if count <= 0 { break }
      bytes += buffer[..<count]
      isDone = mark.map { String(decoding: bytes, as: UTF8.self).contains($0) } ?? false
    }
    let elapsed = start.duration(to: clock.now)
    if mark != nil { kill(child, SIGKILL) }
    var status: Int32 = 0
    var usage = rusage()
    wait4(child, &status, 0, &usage)
    let output = String(decoding: bytes, as: UTF8.self)
    guard mark == nil ? status == 0 : isDone else { throw Failure.ended(arguments[0], output: output) }
    return Result(
      measurement: Measurement(
        wall: elapsed / .seconds(1), cpu: Measurement.seconds(usage), peakMemory: Double(usage.ru_maxrss) / 1024),
      output: output)
  }
}
