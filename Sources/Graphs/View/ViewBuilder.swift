/// Makes a ``GraphView``: which boxes, which lines, and where.
struct ViewBuilder {
  let structure: GraphStructure
  let direction: GraphView.Direction
  let open: OpenSet
  let visible: VisibleEdges
  private var frames: [Frame] = []
  private var frameOf: [Int32: Int] = [:]
  /// For each visible edge the lines it runs along, from its source to its target; empty if it is not drawn.
  private var paths: [[(frame: Int, line: Int)]] = []
  private var marks: [Int32: [GraphView.Mark]] = [:]
  private var boxes: [Int32: BoxMetrics] = [:]

  init(_ structure: GraphStructure, open choice: OpenScopes, direction: GraphView.Direction) {
    self.structure = structure
    self.direction = direction
    open = OpenSet(structure, choice)
    visible = VisibleEdges(structure, isOpen: open.isOpen)
    makeFrames()
    route()
    makeMarks()
    arrange()
  }

  private var tree: ScopeTree { structure.tree }

  // MARK: Frames and lines

  private mutating func makeFrames() {
    for index in open.isOpen.indices where open.isOpen[index] && visible.boxOf[index] == Int32(index) {
      var frame = Frame(element: Int32(index))
      for child in tree.children[index] where !structure.embedded[Int(child)] {
        if structure.isAuxiliary[Int(child)] {
          frame.auxiliary.append(child)
          continue
        }
        if let op = op(of: child), OpTraits.isLoopEnd(op) { frame.loopEnds.insert(frame.children.count) }
        frame.addChild(child)
      }
      frameOf[Int32(index)] = frames.count
      frames.append(frame)
    }
  }

  private mutating func route() {
    paths = [[(frame: Int, line: Int)]](repeating: [], count: visible.edges.count)
    for (index, edge) in visible.edges.enumerated() where !structure.isHidden[Int(edge.level)] {
      let level = structure.levelEdges[Int(edge.level)]
      guard let outer = frameOf[tree.elements[Int(level.from)].parent], let from = frames[outer].localOf[level.from],
        let to = frames[outer].localOf[level.to]
      else { continue }
      let line = frames[outer].line(from: from, to: to)
      let sources = descend(from: level.from, to: edge.from, outer: line, isSource: true)
      let targets = descend(from: level.to, to: edge.to, outer: line, isSource: false)
      paths[index] = sources.reversed() + [(outer, line)] + targets
    }
  }

  /// The lines inside the frames between `box`, a child of the frame that both ends share, and the end inside it.
  private mutating func descend(
    from box: Int32, to end: Int32, outer: Int, isSource: Bool
  ) -> [(frame: Int, line: Int)] {
    guard box != end else { return [] }
    var inside: [Int32] = [end]
    while let parent = inside.last.map({ tree.elements[Int($0)].parent }), parent != box { inside.append(parent) }
    var result: [(frame: Int, line: Int)] = []
    var current = box
    var line = outer
    for next in inside.reversed() {
      guard let frame = frameOf[current] else { break }
      let port = frames[frame].port(ofParentLine: line)
      // What stands in the auxiliary area is not reached by a line: it ends at the border, and a mark tells the rest.
      guard let local = frames[frame].localOf[next] else { break }
      line = isSource ? frames[frame].line(from: local, to: port) : frames[frame].line(from: port, to: local)
      result.append((frame, line))
      current = next
    }
    return result
  }

  // MARK: Marks

  private mutating func makeMarks() {
    for item in visible.embedded {
      let element = tree.elements[Int(item.element)]
      marks[item.host, default: []].append(
        GraphView.Mark(
          id: tree.id(of: item.element), label: mark(element.label), kind: item.isInput ? .constant : .summary,
          input: item.isInput, control: false))
    }
    for edge in visible.edges {
      let isHidden = structure.isHidden[Int(edge.level)]
      let level = structure.levelEdges[Int(edge.level)]
      if isHidden || isSetAside(edge.from, below: level.from) {
        addProxy(edge, at: edge.from, of: edge.to, input: false)
      }
      if isHidden || isSetAside(edge.to, below: level.to) { addProxy(edge, at: edge.to, of: edge.from, input: true) }
    }
  }

  /// Whether an end stands in the auxiliary area of a frame inside `box`, where no line reaches it.
  private func isSetAside(_ end: Int32, below box: Int32) -> Bool {
    var at = end
    while at != box {
      if structure.isAuxiliary[Int(at)] { return true }
      at = tree.elements[Int(at)].parent
    }
    return false
  }

  private mutating func addProxy(_ edge: VisibleEdges.Edge, at box: Int32, of other: Int32, input: Bool) {
    marks[box, default: []].append(
      GraphView.Mark(
        id: tree.id(of: other), label: mark(tree.elements[Int(other)].label), kind: .proxy, input: input,
        control: edge.isControl))
  }

  private func mark(_ label: String) -> String {
    TextMetrics.shortened(label, size: BoxMetrics.markFont, limit: 64)
  }

  /// The marks that are drawn at a box, and how many more there are on either side.
  private func shownMarks(_ element: Int32) -> (shown: [GraphView.Mark], moreInputs: Int, moreOutputs: Int) {
    let all = marks[element] ?? []
    let inputs = all.filter(\.input)
    let outputs = all.filter { !$0.input }
    func shown(_ marks: [GraphView.Mark]) -> ArraySlice<GraphView.Mark> {
      marks.prefix(marks.count > BoxMetrics.maximumMarks ? BoxMetrics.maximumMarks - 1 : BoxMetrics.maximumMarks)
    }
    let (left, right) = (shown(inputs), shown(outputs))
    return (Array(left + right), inputs.count - left.count, outputs.count - right.count)
  }

  // MARK: Layout

  private mutating func arrange() {
    for index in frames.indices {
      let element = frames[index].element
      var top: [Int] = []
      var bottom: [Int] = []
      if element > 0, let parent = frameOf[tree.elements[Int(element)].parent],
        let local = frames[parent].localOf[element]
      {
        // Parents come first: their order is known, and gives the order of the ports.
        let sides = frames[parent].attachments()
        top = sides.top[local].compactMap { frames[index].port(continuing: $0) }
        bottom = sides.bottom[local].compactMap { frames[index].port(continuing: $0) }
        // Lines too long to be laid out have no place in the order.
        let known = Set(top + bottom)
        bottom += (frames[index].children.count..<frames[index].localCount).filter { !known.contains($0) }
      }
      frames[index].arrange(topPorts: top, bottomPorts: bottom)
    }
    for index in frames.indices.reversed() { place(index) }
  }

  private mutating func metrics(_ element: Int32) -> BoxMetrics {
    if let known = boxes[element] { return known }
    let item = tree.elements[Int(element)]
    let (shown, moreInputs, moreOutputs) = shownMarks(element)
    let box = BoxMetrics(
      label: displayLabel(item), kind: item.kind, op: op(of: element), ops: Int(item.ops), marks: shown,
      moreInputs: moreInputs, moreOutputs: moreOutputs, direction: direction)
    boxes[element] = box
    return box
  }

  private func displayLabel(_ item: ScopeTree.Element) -> String {
    item.kind == .function ? String(item.label.dropFirst()) : item.label.isEmpty ? "(no name)" : item.label
  }

  private func op(of element: Int32) -> String? {
    let item = tree.elements[Int(element)]
    if item.kind == .op { return structure.model.op(of: Int(item.node)) }
    guard item.kind == .series, let first = tree.children[Int(element)].first else { return nil }
    let type = op(of: first)
    let isUniform = tree.children[Int(element)].allSatisfy { child in
      let node = tree.elements[Int(child)].node
      return node >= 0 && structure.model.op(of: Int(node)) == type
    }
    return isUniform ? type : nil
  }

  /// Extent of a child across the flow before and after its centre, and along the flow.
  private mutating func extent(_ element: Int32) -> (before: Double, after: Double, along: Double) {
    if let frame = frameOf[element] { return (frames[frame].across / 2, frames[frame].across / 2, frames[frame].along) }
    let box = metrics(element)
    let across = direction == .topToBottom ? box.width : box.height
    return (across / 2 + box.before, across / 2 + box.after, direction == .topToBottom ? box.height : box.width)
  }

  /// Second step of a frame, when all frames inside have their sizes.
  private mutating func place(_ index: Int) {
    let element = frames[index].element
    let isRoot = element == ScopeTree.root
    let isDown = direction == .topToBottom
    let extents = frames[index].children.map { extent($0) }
    let attachments = frames[index].attachments()
    var placer = FramePlacer(
      frame: frames[index], extents: extents, attachments: attachments,
      portOffsets: portOffsets(index),
      padAcross: isDown || isRoot ? BoxMetrics.padding : BoxMetrics.title,
      padAlong: isDown && !isRoot ? BoxMetrics.title : BoxMetrics.padding)
    placer.placeParts()
    placer.placeAuxiliary(frames[index].auxiliary.map { extent($0) })
    let title = isRoot ? 0 : TextMetrics.width(String(tree.elements[Int(element)].label.prefix(60)), size: 12.5) + 84
    placer.finish(minimumAcross: isDown ? title : 0, minimumAlong: isDown ? 0 : title)
    frames[index] = placer.frame
  }

  /// For each child that is open: where its ports lie from its centre, by the line of this frame that they continue.
  private func portOffsets(_ index: Int) -> [Int: [Int: Double]] {
    var result: [Int: [Int: Double]] = [:]
    for (local, child) in frames[index].children.enumerated() {
      guard let inner = frameOf[child] else { continue }
      let frame = frames[inner]
      for (position, line) in frame.ports.enumerated() {
        result[local, default: [:]][line] = frame.centre[frame.children.count + position] - frame.across / 2
      }
    }
    return result
  }

  // MARK: Result

  func view() -> GraphView {
    var nodes: [GraphView.Node] = []
    var origin = [(across: Double, along: Double)](repeating: (0, 0), count: frames.count)
    for (index, frame) in frames.enumerated() {
      let corner = origin[index]
      for (local, child) in frame.children.enumerated() {
        append(
          child, centre: corner.across + frame.centre[local], along: corner.along + frame.start[local], &nodes, &origin)
      }
      for (position, child) in frame.auxiliary.enumerated() {
        let place = frame.auxiliaryPlaces[position]
        append(child, centre: corner.across + place.across, along: corner.along + place.along, &nodes, &origin)
      }
    }
    let root = frames[0]
    let isDown = direction == .topToBottom
    return GraphView(
      width: Mathematics.tenth(isDown ? root.across : root.along),
      height: Mathematics.tenth(isDown ? root.along : root.across), direction: direction, nodes: nodes,
      edges: edges(origin), open: frames.dropFirst().map { tree.id(of: $0.element) }.sorted(),
      folded: open.folded.map(tree.id(of:)), divider: root.divider.map(Mathematics.tenth),
      templates: structure.templateCount, total: structure.model.mainNodeCount,
      problems: Array(structure.model.problems.prefix(50)))
  }

  private func append(
    _ element: Int32, centre: Double, along: Double, _ nodes: inout [GraphView.Node],
    _ origin: inout [(across: Double, along: Double)]
  ) {
    let item = tree.elements[Int(element)]
    let isDown = direction == .topToBottom
    let isOpen = frameOf[element] != nil
    let (shown, moreInputs, moreOutputs) = isOpen ? ([], 0, 0) : shownMarks(element)
    var node = GraphView.Node(
      id: tree.id(of: element), parent: item.parent > 0 ? tree.id(of: item.parent) : nil, label: "", kind: item.kind,
      op: op(of: element), x: 0, y: 0, width: 0, height: 0, open: isOpen, ops: Int(item.ops), depth: Int(item.depth),
      template: structure.template[Int(element)] < 0 ? nil : Int(structure.template[Int(element)]),
      device: structure.device[Int(element)] < 0
        ? nil : structure.model.deviceNames[Int(structure.device[Int(element)])],
      auxiliary: structure.isAuxiliary[Int(element)], marks: shown, moreInputMarks: moreInputs,
      moreOutputMarks: moreOutputs, divider: nil)
    var across: Double
    var size: (across: Double, along: Double)
    if let index = frameOf[element] {
      let frame = frames[index]
      size = (frame.across, frame.along)
      across = centre - frame.across / 2
      origin[index] = (across, along)
      node.label = TextMetrics.shortened(
        displayLabel(item), size: BoxMetrics.scopeFont, limit: max(60, (isDown ? frame.across : frame.along) - 70))
      node.divider = frame.divider.map { Mathematics.tenth(across + $0) }
    } else if let box = boxes[element] {
      size = isDown ? (box.width, box.height) : (box.height, box.width)
      across = centre - size.across / 2
      node.label = box.label
    } else {
      return
    }
    node.x = Mathematics.tenth(isDown ? across : along)
    node.y = Mathematics.tenth(isDown ? along : across)
    node.width = Mathematics.tenth(isDown ? size.across : size.along)
    node.height = Mathematics.tenth(isDown ? size.along : size.across)
    nodes.append(node)
  }

  private func edges(_ origin: [(across: Double, along: Double)]) -> [GraphView.Edge] {
    var result: [GraphView.Edge] = []
    for (index, path) in paths.enumerated() where !path.isEmpty {
      let edge = visible.edges[index]
      var points: [(Double, Double)] = []
      var isBack = false
      for (frame, line) in path {
        let corner = origin[frame]
        for point in frames[frame].routes[line] { points.append((corner.across + point.0, corner.along + point.1)) }
        if frames[frame].isBack(line) { isBack = true }
      }
      result.append(
        GraphView.Edge(
          from: tree.id(of: edge.from), to: tree.id(of: edge.to),
          points: Polyline.simplified(points).map { point in
            let (x, y) = direction == .topToBottom ? point : (point.1, point.0)
            return [Mathematics.tenth(x), Mathematics.tenth(y)]
          },
          tensors: edge.tensors, label: edge.label, width: Mathematics.tenth(edge.width), control: edge.isControl,
          reference: edge.isReference, back: isBack))
    }
    return result
  }
}

extension GraphStructure {
  /// The picture with these scopes open.
  ///
  /// Always the same for the same graph and arguments. Cost: linear in the graph for the merging of edges, plus the
  /// layout of the visible boxes, of which there are never more than ``OpenSet/maximumBoxes``.
  public func view(open: OpenScopes = .automatic, direction: GraphView.Direction = .topToBottom) -> GraphView {
    ViewBuilder(self, open: open, direction: direction).view()
  }
}
