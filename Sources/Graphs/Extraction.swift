/// Decides which boxes leave the layered picture for the auxiliary area beside it, and which edges become marks.
///
/// A box with far more neighbours than its siblings pulls the whole picture together; set aside, with small marks at
/// its neighbours, it does no harm. The rule is TensorBoard's, described in "Visualizing Dataflow Graphs of Deep
/// Learning Models in TensorFlow" (Wongsuphasawat et al., 2018), section 5.3: in scopes of at least fifteen boxes, an
/// in-degree above Q3 + (Q3 - Q1) or an out-degree above Q3 + 4 (Q3 - Q1), and above 4 in any case; ops that only gather
/// control edges always. Control edges of a box that has more than four of them become marks too.
enum Extraction {
  static let minimumBoxes = 15
  static let minimumDegree = 4
  static let maximumControlEdges = 4

  static func find(
    _ tree: ScopeTree, _ edges: [GraphStructure.LevelEdge], _ embedded: [Bool]
  ) -> (auxiliary: [Bool], hidden: [Bool]) {
    let count = tree.elements.count
    var dataIn = [Int32](repeating: 0, count: count)
    var dataOut = [Int32](repeating: 0, count: count)
    var controlIn = [Int32](repeating: 0, count: count)
    var controlOut = [Int32](repeating: 0, count: count)
    for edge in edges {
      if edge.tensors > 0 {
        dataOut[Int(edge.from)] += 1
        dataIn[Int(edge.to)] += 1
      } else {
        controlOut[Int(edge.from)] += 1
        controlIn[Int(edge.to)] += 1
      }
    }
    var auxiliary = [Bool](repeating: false, count: count)
    for scope in tree.elements.indices where tree.elements[scope].kind != .op {
      let boxes = tree.children[scope].filter { !embedded[Int($0)] }
      for box in boxes {
        let index = Int(box)
        let element = tree.elements[index]
        let isSink = element.kind == .op && OpTraits.isSink(tree.model.op(of: Int(element.node)))
        let isSaver = scope == 0 && element.kind == .scope && element.label.hasPrefix("save")
        if (isSink || isSaver) && boxes.count >= 6 || element.kind == .function { auxiliary[index] = true }
      }
      guard boxes.count >= minimumBoxes else { continue }
      let ins = boxes.map { degree(Int($0), dataIn, dataOut, dataIn, controlIn) }
      let outs = boxes.map { degree(Int($0), dataIn, dataOut, dataOut, controlOut) }
      let inLimit = limit(ins, factor: 1)
      let outLimit = limit(outs, factor: 4)
      for (position, box) in boxes.enumerated() where ins[position] > inLimit || outs[position] > outLimit {
        if !isCore(box, of: scope, tree) { auxiliary[Int(box)] = true }
      }
    }
    let hidden = edges.map { edge in
      let from = Int(edge.from)
      let to = Int(edge.to)
      if auxiliary[from] || auxiliary[to] { return true }
      guard edge.tensors == 0 else { return false }
      return controlIn[from] + controlOut[from] > Int32(maximumControlEdges)
        || controlIn[to] + controlOut[to] > Int32(maximumControlEdges)
    }
    setAsideIsolated(tree, edges, hidden, embedded, &auxiliary)
    return (auxiliary, hidden)
  }

  /// A scope that holds a quarter of what surrounds it is what the picture is about (the loop of a recurrent network),
  /// unless its name says that it serves the training.
  private static func isCore(_ box: Int32, of scope: Int, _ tree: ScopeTree) -> Bool {
    let element = tree.elements[Int(box)]
    return element.kind == .scope && Int(element.ops) * 4 >= Int(tree.elements[scope].ops)
      && !OpTraits.isBookkeeping(scope: element.label)
  }

  /// Control edges count only for boxes that have nothing else.
  private static func degree(
    _ index: Int, _ dataIn: [Int32], _ dataOut: [Int32], _ data: [Int32], _ control: [Int32]
  ) -> Int32 {
    dataIn[index] + dataOut[index] > 0 ? data[index] : control[index]
  }

  private static func limit(_ degrees: [Int32], factor: Int32) -> Int32 {
    let sorted = degrees.sorted()
    let q1 = sorted[sorted.count / 4]
    let q3 = sorted[sorted.count * 3 / 4]
    return max(q3 + (q3 - q1) * factor, Int32(minimumDegree))
  }

  /// Boxes all of whose edges have become marks need no place in the layers.
  private static func setAsideIsolated(
    _ tree: ScopeTree, _ edges: [GraphStructure.LevelEdge], _ hidden: [Bool], _ embedded: [Bool],
    _ auxiliary: inout [Bool]
  ) {
    var hasLine = [Bool](repeating: false, count: tree.elements.count)
    var hasMark = hasLine
    for (index, edge) in edges.enumerated() {
      if hidden[index] {
        hasMark[Int(edge.from)] = true
        hasMark[Int(edge.to)] = true
      } else {
        hasLine[Int(edge.from)] = true
        hasLine[Int(edge.to)] = true
      }
    }
    for index in tree.elements.indices where hasMark[index] && !hasLine[index] && !embedded[index] {
      auxiliary[index] = true
    }
  }
}
