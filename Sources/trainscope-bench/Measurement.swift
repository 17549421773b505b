import Foundation

/// Wall and processor time of something done once.
struct Measurement {
  /// Seconds by the clock.
  var wall: Double
  /// Seconds of processor time, user and system, of all threads.
  var cpu: Double
  /// Greatest memory held so far by the process, in MB; nil where it says nothing about this step.
  var peakMemory: Double?

  /// Measures work of this process.
  static func of(_ body: () throws -> Void) rethrows -> Measurement {
    let clock = ContinuousClock()
    let cpuBefore = processorTime()
    let before = clock.now
    try body()
    let elapsed = before.duration(to: clock.now)
    return Measurement(wall: elapsed / .seconds(1), cpu: processorTime() - cpuBefore)
  }

  private static func processorTime() -> Double {
    var usage = rusage()
    #if canImport(Glibc)
      getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
    #else
      getrusage(RUSAGE_SELF, &usage)
    #endif
    return seconds(usage)
  }

  static func seconds(_ usage: rusage) -> Double {
    func value(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return value(usage.ru_utime) + value(usage.ru_stime)
  }
}

/// A table, printed as Markdown.
struct Table {
  var columns: [String]
  var rows: [[String]] = []

  func printed() -> String {
    let rule = columns.indices.map { $0 == 0 ? "---" : "--:" }
    return ([columns, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }
}

extension Double {
  /// With a number of digits after the point.
  func digits(_ count: Int) -> String { String(format: "%.\(count)f", self) }
}
