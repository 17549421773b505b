/// The inside of one open scope (or of the root): what stands in it and the lines between, before and after layout.
///
/// Lines that leave the scope end at ports: points on the frame's upper or lower border. A port belongs to one edge of
/// the frame around, and that edge's direction decides on which border it lies.
struct Frame {
  /// An edge of the level: between two children, or between a child and a port.
  struct Line {
    let from: Int
    let to: Int
  }

  let element: Int32
  /// Children in the layers, then ports: local numbers 0..<children.count + ports.count.
  var children: [Int32] = []
  var auxiliary: [Int32] = []
  /// Of each port: the line of the parent frame that it continues.
  var ports: [Int] = []
  var lines: [Line] = []

  /// Children that end a loop (NextIteration): what leaves them runs backwards.
  var loopEnds: Set<Int> = []
  var localOf: [Int32: Int] = [:]
  private var lineIndex: [UInt64: Int] = [:]
  private var portOfLine: [Int: Int] = [:]

  // Results of the first step (order).
  var parts: [Part] = []
  /// For each local node: which part it is in, and its number there.
  var partOf: [Int] = []
  var numberInPart: [Int] = []
  /// For each line: its number in its part.
  var lineInPart: [Int] = []

  // Results of the second step (coordinates), relative to the frame's corner; across and along the flow.
  var across: Double = 0
  var along: Double = 0
  /// Of each local node: centre across, start along.
  var centre: [Double] = []
  var start: [Double] = []
  var routes: [[(Double, Double)]] = []
  var auxiliaryPlaces: [(across: Double, along: Double)] = []
  var divider: Double?

  /// A connected part of the frame's picture, laid out by itself.
  struct Part {
    var nodes: [Int]
    var lines: [Int]
    var skeleton: LayerSkeleton
    var hasPorts: Bool
  }

  init(element: Int32) { self.element = element }

  mutating func addChild(_ child: Int32) {
    localOf[child] = children.count
    children.append(child)
  }

  /// Number of the line between two local nodes, made if it is new.
  mutating func line(from: Int, to: Int) -> Int {
    let key = UInt64(from) << 32 | UInt64(to)
    if let known = lineIndex[key] { return known }
    lineIndex[key] = lines.count
    lines.append(Line(from: from, to: to))
    return lines.count - 1
  }

  /// Local number of the port that continues a line of the parent frame, made if it is new. All children must be known.
  mutating func port(ofParentLine line: Int) -> Int {
    if let known = portOfLine[line] { return known }
    let local = children.count + ports.count
    ports.append(line)
    portOfLine[line] = local
    return local
  }

  var localCount: Int { children.count + ports.count }

  func isBack(_ line: Int) -> Bool {
    let part = partOf[lines[line].from]
    return parts[part].skeleton.isBack[lineInPart[line]]
  }

  /// First step: splits into connected parts, and orders each.
  ///
  /// - Parameters:
  ///   - topPorts: local numbers of the ports on the upper border, left to right; the others are on the lower border, in
  ///     the order of `bottomPorts`.
  mutating func arrange(topPorts: [Int], bottomPorts: [Int]) {
    let components = connectedComponents()
    partOf = [Int](repeating: 0, count: localCount)
    numberInPart = partOf
    lineInPart = [Int](repeating: 0, count: lines.count)
    var nodesOf = [[Int]](repeating: [], count: components.count)
    for local in 0..<localCount {
      let part = components.of[local]
      partOf[local] = part
      numberInPart[local] = nodesOf[part].count
      nodesOf[part].append(local)
    }
    var linesOf = [[Int]](repeating: [], count: components.count)
    for (index, line) in lines.enumerated() {
      let part = partOf[line.from]
      lineInPart[index] = linesOf[part].count
      linesOf[part].append(index)
    }
    for part in 0..<components.count {
      var graph = LayeredGraph(count: nodesOf[part].count, edges: [])
      graph.edges = linesOf[part].map {
        LayeredGraph.Edge(from: numberInPart[lines[$0].from], to: numberInPart[lines[$0].to])
      }
      graph.top = topPorts.filter { partOf[$0] == part }.map { numberInPart[$0] }
      graph.bottom = bottomPorts.filter { partOf[$0] == part }.map { numberInPart[$0] }
      graph.loops = Set(linesOf[part].indices.filter { loopEnds.contains(lines[linesOf[part][$0]].from) })
      parts.append(
        Part(
          nodes: nodesOf[part], lines: linesOf[part], skeleton: LayerSkeleton(graph),
          hasPorts: !graph.top.isEmpty || !graph.bottom.isEmpty))
    }
  }

  private func connectedComponents() -> (of: [Int], count: Int) {
    var root = Array(0..<localCount)
    func find(_ node: Int) -> Int {
      var at = node
      while root[at] != at {
        root[at] = root[root[at]]
        at = root[at]
      }
      return at
    }
    for line in lines {
      let a = find(line.from)
      let b = find(line.to)
      // The smaller number stays the root, so that parts keep the order of their first nodes.
      if a != b { root[max(a, b)] = min(a, b) }
    }
    var number = [Int](repeating: -1, count: localCount)
    var count = 0
    for local in 0..<localCount {
      let top = find(local)
      root[local] = top
      if number[top] < 0 {
        number[top] = count
        count += 1
      }
    }
    return (root.map { number[$0] }, count)
  }

  /// For each local node the lines at its upper and lower side, left to right.
  func attachments() -> (top: [[Int]], bottom: [[Int]]) {
    var top = [[Int]](repeating: [], count: localCount)
    var bottom = top
    for part in parts {
      var incident = [[Int]](repeating: [], count: part.nodes.count)
      for (index, line) in part.lines.enumerated() {
        incident[numberInPart[lines[line].from]].append(index)
        incident[numberInPart[lines[line].to]].append(index)
      }
      for (number, local) in part.nodes.enumerated() where !incident[number].isEmpty {
        top[local] = part.skeleton.edges(at: number, incident: incident[number], atTop: true).map { part.lines[$0] }
        bottom[local] = part.skeleton.edges(at: number, incident: incident[number], atTop: false).map { part.lines[$0] }
      }
    }
    return (top, bottom)
  }

  /// The port that continues a line of the parent frame, if the line enters this frame.
  func port(continuing line: Int) -> Int? { portOfLine[line] }
}
