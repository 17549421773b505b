import Tensors

/// The op that first gave a NaN or an infinity in a run, with what it was given.
public struct OffendingOp: Sendable, CustomStringConvertible {
  /// One value in numbers.
  public struct Value: Sendable {
    /// The output's name.
    public var name: String
    public var dtype: DataType
    public var shape: Shape
    public var statistics: TensorStatistics
  }

  public var node: DebugNode
  /// Its outputs that are not finite.
  public var outputs: [Value]
  /// Its inputs; those that were not dumped, such as resource handles, are left out.
  public var inputs: [Value]

  /// Whether it only handed on what came from outside: a feed, a variable or a constant that already held such values.
  public var isSource: Bool { inputs.isEmpty && node.inputs.isEmpty }

  /// Finds it: values are dumped in the order they were computed, so the first that is not finite has finite inputs,
  /// unless it came from outside.
  public static func find(in run: DebugRun) -> OffendingOp? {
    guard let first = run.tensors.first(where: hasInfOrNaN), let node = run.node(first.node) else { return nil }
    func value(_ tensor: DumpedTensor) -> Value? {
      guard let value = tensor.value else { return nil }
      return Value(name: tensor.name, dtype: value.dtype, shape: value.shape, statistics: value.statistics())
    }
    let outputs = run.tensors(node: first.node).filter(hasInfOrNaN).compactMap(value)
    var inputs: [Value] = []
    for input in node.inputs where !inputs.contains(where: { $0.name == input.name }) {
      // In a loop an output is dumped once a turn: the last one before is the one that was read.
      let before = run.tensors(node: input.node, slot: input.slot).last { $0.timestamp <= first.timestamp }
      if let found = before.flatMap(value) { inputs.append(found) }
    }
    return OffendingOp(node: node, outputs: outputs, inputs: inputs)
  }

  public var description: String {
    var lines = [
      isSource
        ? "'\(node.name)' (\(node.op)) already held NaN or infinite values when the step began."
        : "'\(node.name)' (\(node.op)) is the first op of the step that gave NaN or infinite values."
    ]
    if let frame = node.traceback.first { lines.append("  made at \(frame.file):\(frame.line), \(frame.function)") }
    lines += outputs.map { "  gave \(Self.text($0))" }
    lines += inputs.map { "  from \(Self.text($0))" }
    return lines.joined(separator: "\n")
  }

  private static func text(_ value: Value) -> String {
    let statistics = value.statistics
    func number(_ value: Double?) -> String { value.map { "\(Float($0))" } ?? "–" }
    return "\(value.name) \(value.dtype.name)\(value.shape): \(statistics.nan) NaN, \(statistics.inf) infinite, "
      + "min \(number(statistics.min)), max \(number(statistics.max)), mean \(number(statistics.mean))"
  }
}
