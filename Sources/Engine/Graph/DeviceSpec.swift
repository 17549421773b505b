/// A device's name in parts, as `/job:worker/replica:0/task:1/device:GPU:0`; every part may be missing.
struct DeviceSpec: Equatable {
  var job: String?
  var replica: Int?
  var task: Int?
  var type: String?
  var index: Int?

  /// Parses a device string; `/cpu:0` and `/gpu:0` are the old spelling of `/device:CPU:0`.
  /// - Throws: TensorFlow's text for a part it does not know.
  init(_ text: String) throws {
    for part in text.split(separator: "/") {
      let pieces = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let unknown = EngineError.invalid("Unknown attribute: '\(pieces[0])' in '\(text)'")
      switch (pieces[0].lowercased(), pieces.count) {
      case ("job", 2): job = pieces[1]
      case ("replica", 2): replica = try DeviceSpec.number(pieces[1], or: unknown)
      case ("task", 2): task = try DeviceSpec.number(pieces[1], or: unknown)
      case ("cpu", 1...2), ("gpu", 1...2), ("tpu", 1...2):
        type = pieces[0].uppercased()
        if pieces.count == 2, pieces[1] != "*" { index = try DeviceSpec.number(pieces[1], or: unknown) }
      case ("device", 2...3):
        type = ["CPU", "GPU", "TPU"].first { $0 == pieces[1].uppercased() } ?? pieces[1]
        if pieces.count == 3, pieces[2] != "*" { index = try DeviceSpec.number(pieces[2], or: unknown) }
      default: throw unknown
      }
    }
  }

  private static func number(_ text: String, or error: EngineError) throws -> Int {
    guard let number = Int(text) else { throw error }
    return number
  }

  /// This device's parts, completed by those of an outer one.
  func completed(by outer: DeviceSpec) -> DeviceSpec {
    var merged = self
    merged.job = job ?? outer.job
    merged.replica = replica ?? outer.replica
    merged.task = task ?? outer.task
    merged.type = type ?? outer.type
    merged.index = index ?? outer.index
    return merged
  }

  var name: String {
    var name = ""
    if let job { name += "/job:\(job)" }
    if let replica { name += "/replica:\(replica)" }
    if let task { name += "/task:\(task)" }
    if let type { name += "/device:\(type):\(index.map(String.init) ?? "*")" }
    return name
  }
}
