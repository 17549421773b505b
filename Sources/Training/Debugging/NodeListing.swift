/// `ni`: what is known of one node.
struct NodeListing {
  let run: DebugRun

  func text(_ command: DebuggerCommand) throws -> String {
    let node = try run.node(forArgumentOf: command)
    var lines = ["Node \(node.name)", "", "  Op: \(node.op)", "  Device: \(node.device)", ""]
    lines += list(
      node.inputs.map { entry($0.node) }, node.controlInputs.map { entry($0) }, noun: "input")
    lines.append("")
    lines += list(
      run.recipients(of: node.name).map { entry($0.name) }, run.controlRecipients(of: node.name).map { entry($0.name) },
      noun: "recipient")
    if command.flags.contains("-a") {
      lines += ["", "Node attributes:"]
      for attribute in node.attributes {
        lines.append("  \(attribute.name):")
        lines += attribute.text.split(separator: "\n").map { "    \($0)" }
        lines.append("")
      }
      if lines.last == "" { lines.removeLast() }
    }
    if command.flags.contains("-d") {
      let dumps = run.tensors(node: node.name)
      lines += ["", "\(dumps.count) dumped tensor(s):", ""]
      lines += dumps.map {
        "  Slot \($0.slot) @ \(DumpedTensor.debugOp) @ \(TensorListing.milliseconds(run.milliseconds(of: $0))) ms"
      }
    }
    if command.flags.contains("-t") {
      lines += ["", "", "Traceback of node construction:"]
      if node.traceback.isEmpty {
        lines.append("  (not recorded; set recordsTracebacks of the graph before the node is made)")
      }
      // The outermost call first, as in Python.
      for (index, frame) in node.traceback.reversed().enumerated() {
        lines += ["\(index): \(frame.file)", "  Line:     \(frame.line)", "  Function: \(frame.function)", ""]
      }
      if lines.last == "" { lines.removeLast() }
    }
    return lines.joined(separator: "\n")
  }

  private func entry(_ name: String) -> String { "[\(run.node(name)?.op ?? "?")] \(name)" }

  private func list(_ entries: [String], _ control: [String], noun: String) -> [String] {
    var lines = ["  \(entries.count) \(noun)(s) + \(control.count) control \(noun)(s):"]
    for (entries, noun) in [(entries, noun), (control, "control \(noun)")] where !entries.isEmpty {
      lines.append("    \(entries.count) \(noun)(s):")
      lines += entries.map { "      \($0)" }
    }
    return lines
  }
}
