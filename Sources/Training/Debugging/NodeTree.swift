/// `li` and `lo`: what feeds a node, or what a node feeds, as a tree.
struct NodeTree {
  enum Direction { case inputs, outputs }

  let run: DebugRun
  let direction: Direction

  /// A tree repeats what several paths lead to, so it can be far larger than its graph.
  private static let maximumLines = 5000

  func text(_ command: DebuggerCommand) throws -> String {
    let root = try run.node(forArgumentOf: command)
    let isRecursive = command.flags.contains("-r")
    let limit = isRecursive || command.numbers["-d"] != nil ? command.numbers["-d"] ?? 20 : 1
    let withControl = command.flags.contains("-c")
    let withOps = command.flags.contains("-t")
    let subject = direction == .inputs ? "Inputs to" : "Recipients of"
    let control = withControl ? ", control \(direction == .inputs ? "inputs" : "recipients") included" : ""
    var lines = ["\(subject) node \"\(root.name)\" (Depth limit = \(isRecursive ? limit : 1)\(control)):"]
    var isCut = false

    func grow(_ node: DebugNode, depth: Int, margin: String) {
      let next = neighbours(of: node, withControl)
      guard !next.isEmpty else { return }
      guard depth <= (isRecursive ? limit : 1) else { return lines.append("\(margin)|- ...") }
      for (index, entry) in next.enumerated() {
        guard lines.count < Self.maximumLines else {
          isCut = true
          return
        }
        let op = withOps ? "[\(entry.node.op)] " : ""
        lines.append("\(margin)|- (\(depth)) \(entry.isControl ? "(Ctrl) " : "")\(op)\(entry.node.name)")
        grow(entry.node, depth: depth + 1, margin: margin + (index + 1 < next.count ? "|  " : "   "))
      }
    }
    if neighbours(of: root, withControl).isEmpty {
      lines.append("  [None]")
    } else {
      grow(root, depth: 1, margin: "")
    }
    if isCut { lines.append("… more than \(Self.maximumLines) lines; use -d to go less deep") }
    lines += ["", "Legend:", "  (d): recursion depth = d."]
    if withControl { lines.append("  (Ctrl): Control input.") }
    if withOps { lines.append("  [Op]: Input node has op type Op.") }
    return lines.joined(separator: "\n")
  }

  private func neighbours(of node: DebugNode, _ withControl: Bool) -> [(node: DebugNode, isControl: Bool)] {
    switch direction {
    case .inputs:
      let data = node.inputs.compactMap { run.node($0.node) }.map { ($0, false) }
      return data + (withControl ? node.controlInputs.compactMap { run.node($0) }.map { ($0, true) } : [])
    case .outputs:
      let data = run.recipients(of: node.name).map { ($0, false) }
      return data + (withControl ? run.controlRecipients(of: node.name).map { ($0, true) } : [])
    }
  }
}
