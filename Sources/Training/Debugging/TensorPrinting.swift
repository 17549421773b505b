import Tensors

/// `pt` and `pf`: values.
struct TensorPrinting {
  let run: DebugRun
  let lineWidth: Int

  private typealias Failure = DebuggerCommand.SyntaxError

  func tensor(_ command: DebuggerCommand) throws -> String {
    let (name, slice) = try argument(command)
    let pieces = name.split(separator: ":").map(String.init)
    guard let node = pieces.first, run.node(node) != nil else {
      throw Failure(text: "Node \"\(pieces.first ?? name)\" does not exist in partition graphs")
    }
    let all = run.tensors(node: node)
    let slot: Int
    if pieces.count > 1 {
      guard let number = Int(pieces[1]) else { throw Failure(text: "\"\(name)\" is not the name of a tensor") }
      slot = number
    } else {
      let slots = Set(all.map(\.slot))
      guard slots.count <= 1 else {
        throw Failure(
          text: "Node \"\(node)\" has \(slots.count) outputs; name one: "
            + slots.sorted().map { "\(node):\($0)" }.joined(separator: ", "))
      }
      slot = slots.first ?? 0
    }
    let dumps = all.filter { $0.slot == slot }
    let index = command.numbers["-n"].map { $0 - 1 } ?? dumps.count - 1
    guard dumps.indices.contains(index) else {
      throw Failure(
        text: dumps.isEmpty
          ? "No tensor was dumped of \(node):\(slot)" : "\(node):\(slot) was dumped \(dumps.count) time(s)")
    }
    let title = "Tensor \"\(dumps[index].name):\(DumpedTensor.debugOp)\(slice.text)\""
    guard let value = dumps[index].value else { return "\(title):\n\nUninitialized tensor, or none was given" }
    let text = try print(value, title: title, slice: slice, all: command.flags.contains("-a"))
    guard command.flags.contains("-s") else { return text }
    return text + "\n\n" + Self.summary(value)
  }

  func feed(_ command: DebuggerCommand) throws -> String {
    let (name, slice) = try argument(command)
    guard let feed = run.feeds.first(where: { $0.name == name || $0.name == name + ":0" }) else {
      throw Failure(text: "The feed_dict of the current run does not contain the key \(name)")
    }
    let title = "Tensor \"\(feed.name)\(slice.text) (feed)\""
    return try print(feed.value, title: title, slice: slice, all: command.flags.contains("-a"))
  }

  private func print(
    _ value: Tensor, title: String, slice: (ranges: [SliceRange]?, text: String), all: Bool
  ) throws -> String {
    var shown = value
    if let ranges = slice.ranges {
      let resolved: ResolvedSlice
      do {
        resolved = try ResolvedSlice(ranges, of: value.shape)
      } catch {
        throw Failure(text: "\(slice.text) does not fit shape \(value.shape.tupleText): \(error)")
      }
      shown = value.sliced(resolved)
      if shown.rank == 0, value.rank > 0 { return "\(title):\n\n\(NumPyText.scalar(shown))" }
    }
    let text = NumPyText(lineWidth: lineWidth, threshold: all ? .max : 1000).array(shown)
    return """
      \(title):
        dtype: \(NumPyText.typeName(shown.dtype))
        shape: \(shown.shape.tupleText)

      \(text)
      """
  }

  /// `name[slice]` in its parts.
  private func argument(
    _ command: DebuggerCommand
  ) throws -> (name: String, slice: (ranges: [SliceRange]?, text: String)) {
    guard let argument = command.arguments.first, command.arguments.count == 1 else {
      throw Failure(text: "\(command.definition.name) needs the name of one tensor")
    }
    guard let bracket = argument.firstIndex(of: "[") else { return (argument, (nil, "")) }
    let text = String(argument[bracket...])
    guard text.hasSuffix("]") else { throw Failure(text: "\(text) is not closed with ]") }
    do {
      return (String(argument[..<bracket]), (try SliceRange.parse(String(text.dropFirst().dropLast())), text))
    } catch {
      throw Failure(text: "\(text) is no slice: \(error)")
    }
  }

  /// Counts and extremes on a few lines.
  static func summary(_ value: Tensor) -> String {
    let statistics = value.statistics()
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "–" }
    return """
      Numeric summary:
        elements \(statistics.count), NaN \(statistics.nan), infinite \(statistics.inf), zero \(statistics.zeros)
        min \(number(statistics.min)), max \(number(statistics.max)), mean \(number(statistics.mean)), std \
      \(number(statistics.std))
      """
  }
}
