/// Which frame each node of a run belongs to.
///
/// A frame is the inside of a loop: `Enter` brings values in, `Exit` takes them out, and its nodes run once a turn. The
/// nodes outside of all loops form the root. `Enter` and `Exit` count as nodes of the frame they open or leave.
struct FrameTree {
  struct Frame {
    let name: String
    /// Index of the frame around it, nil for the root.
    let parent: Int?
    let depth: Int
    var nodes: [Node] = []
  }

  /// Operations that a plan without frames cannot run.
  static let controlFlow: Set = [
    "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit", "NextIteration",
    "RefNextIteration",
  ]
  private static let enters: Set = ["Enter", "RefEnter"]
  private static let exits: Set = ["Exit", "RefExit"]
  private static let nextIterations: Set = ["NextIteration", "RefNextIteration"]
  /// Loops deeper than this do not occur; the limit keeps hostile graphs from exhausting the stack.
  private static let depthLimit = 64

  private(set) var frames = [Frame(name: "", parent: nil, depth: 0)]
  private(set) var frameOfNode: [Node: Int] = [:]

  static func isEnter(_ node: Node) -> Bool { enters.contains(node.op) }
  static func isExit(_ node: Node) -> Bool { exits.contains(node.op) }
  static func isNextIteration(_ node: Node) -> Bool { nextIterations.contains(node.op) }
  static func isMerge(_ node: Node) -> Bool { node.op == "Merge" || node.op == "RefMerge" }

  /// Sorts `needed` into frames.
  /// - Throws: InvalidArgument where inputs of a node come from different frames, or nodes wait for each other.
  init(_ needed: Set<Node>, fed: Set<Output>) throws {
    var users: [Node: [Node]] = [:]
    var open: [Node] = []
    for node in needed.sorted(by: { $0.index < $1.index }) {
      let sources = Self.sources(of: node, fed)
      if sources.isEmpty {
        // An Enter whose value is fed still opens a loop.
        frameOfNode[node] = try Self.isEnter(node) ? child(of: 0, for: node) : 0
        open.append(node)
      }
      for source in sources { users[source, default: []].append(node) }
    }
    var names: [Node: Node] = [:]
    while let node = open.popLast() {
      let outside = outputFrame(of: node)
      for user in users[node] ?? [] {
        let frame = try Self.isEnter(user) ? child(of: outside, for: user) : outside
        if let known = frameOfNode[user] {
          guard known == frame else {
            let other = names[user]?.name ?? node.name
            throw EngineError(
              .invalidArgument,
              "{{node \(user.name)}} has inputs from different frames. The input {{node \(node.name)}} is in frame "
                + "'\(frames[outside].name)'. The input {{node \(other)}} is in frame '\(frames[known].name)'.",
              node: user.name)
          }
        } else {
          frameOfNode[user] = frame
          names[user] = node
          open.append(user)
        }
      }
    }
    guard frameOfNode.count == needed.count else {
      throw PlanCompiler.cycle(needed.filter { frameOfNode[$0] == nil })
    }
    for node in needed.sorted(by: { $0.index < $1.index }) {
      let frame = frameOfNode[node] ?? 0
      guard frame != 0 || !(Self.isExit(node) || Self.isNextIteration(node)) else {
        throw EngineError(
          .invalidArgument, "\(node.op) '\(node.name)' is outside of every loop: no Enter leads to it",
          node: node.name)
      }
      frames[frame].nodes.append(node)
      guard frame != 0, !Self.isEnter(node) else { continue }
      if let input = node.inputs.first(where: fed.contains) {
        throw EngineError(
          .invalidArgument, "Tensor \(input.name) may not be fed: '\(node.name)' reads it inside a loop",
          node: node.name)
      }
    }
  }

  /// The frame that a node's outputs are in.
  func outputFrame(of node: Node) -> Int {
    let frame = frameOfNode[node] ?? 0
    return Self.isExit(node) ? frames[frame].parent ?? 0 : frame
  }

  /// Nodes that must run before `node`.
  static func sources(of node: Node, _ fed: Set<Output>) -> Set<Node> {
    var sources = Set(node.controlInputs)
    for input in node.inputs where !fed.contains(input) { sources.insert(input.node) }
    return sources
  }

  private mutating func child(of parent: Int, for enter: Node) throws -> Int {
    let name = try enter.string("frame_name")
    if let index = frames.firstIndex(where: { $0.parent == parent && $0.name == name }) { return index }
    guard frames[parent].depth < Self.depthLimit else {
      throw EngineError(
        .invalidArgument, "loops are nested more than \(Self.depthLimit) deep", node: enter.name)
    }
    frames.append(Frame(name: name, parent: parent, depth: frames[parent].depth + 1))
    return frames.count - 1
  }
}
