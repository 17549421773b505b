import Testing

@testable import Graphs

@Suite struct LayoutTests {
  static func randomGraph(_ seed: UInt64, nodes: Int) -> LayeredGraph {
    var random = SeededGenerator(seed: seed)
    var edges: [LayeredGraph.Edge] = []
    for node in 1..<nodes {
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let near = max(0, node - Int.random(in: 1...12, using: &random))
        edges.append(LayeredGraph.Edge(from: near, to: node))
      }
    }
    return LayeredGraph(count: nodes, edges: edges)
  }

  @Test(arguments: 1...20)
  func layersNeverRunUpwardsInRandomDAGs(seed: Int) {
    let graph = Self.randomGraph(UInt64(seed), nodes: 30 + seed * 10)
    let skeleton = LayerSkeleton(graph)
    #expect(!skeleton.isBack.contains(true))
    for edge in graph.edges { #expect(skeleton.layer[edge.from] < skeleton.layer[edge.to]) }
  }

  @Test(arguments: 1...20)
  func nodesOfALayerDoNotOverlap(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let skeleton = LayerSkeleton(Self.randomGraph(UInt64(seed), nodes: 120))
    var left = [Double](repeating: 0, count: skeleton.layer.count)
    var right = left
    for node in 0..<120 {
      left[node] = Double.random(in: 5...80, using: &random)
      right[node] = Double.random(in: 5...80, using: &random)
    }
    let coordinates = LayerCoordinates(left: left, right: right, skeleton: skeleton, gap: 20, virtualGap: 10)
    let positions = coordinates.positions()
    for row in skeleton.layers where row.count > 1 {
      for index in 1..<row.count {
        let distance = positions[row[index]] - positions[row[index - 1]]
        #expect(distance >= coordinates.separation(row[index - 1], row[index]) - 1e-6)
      }
    }
  }

  @Test func cyclesAreBrokenOnce() {
    let graph = LayeredGraph(count: 3, edges: [.init(from: 0, to: 1), .init(from: 1, to: 2), .init(from: 2, to: 0)])
    let skeleton = LayerSkeleton(graph)
    #expect(skeleton.isBack == [false, false, true])
    #expect(skeleton.layer.prefix(3) == [0, 1, 2])
    #expect(skeleton.chains[2].count == 3)
  }

  @Test func sweepsRemoveCrossingsThatNeedNotBe() {
    // Two interleaved ladders: without crossings if ordered well.
    var edges: [LayeredGraph.Edge] = []
    for layer in 0..<6 {
      for column in 0..<4 { edges.append(.init(from: layer * 4 + column, to: (layer + 1) * 4 + (column * 3) % 4)) }
    }
    let skeleton = LayerSkeleton(LayeredGraph(count: 28, edges: edges))
    var crossings = 0
    for (index, a) in edges.enumerated() {
      for b in edges[..<index] where skeleton.layer[a.from] == skeleton.layer[b.from] {
        let upper = skeleton.place[a.from] - skeleton.place[b.from]
        let lower = skeleton.place[a.to] - skeleton.place[b.to]
        if upper * lower < 0 { crossings += 1 }
      }
    }
    #expect(crossings == 0)
  }

  /// Boxes of one frame must not overlap, children lie inside their frame, lines run downwards unless marked.
  static func check(_ view: GraphView) {
    let byId = Dictionary(uniqueKeysWithValues: view.nodes.map { ($0.id, $0) })
    var siblings: [String?: [GraphView.Node]] = [:]
    for node in view.nodes {
      siblings[node.parent, default: []].append(node)
      let frame = node.parent.flatMap { byId[$0] }
      if node.parent != nil { #expect(frame?.open == true) }
      let left = frame?.x ?? 0
      let top = frame?.y ?? 0
      #expect(node.x >= left - 0.2 && node.y >= top - 0.2)
      #expect(node.x + node.width <= left + (frame?.width ?? view.width) + 0.2)
      #expect(node.y + node.height <= top + (frame?.height ?? view.height) + 0.2)
    }
    for group in siblings.values {
      let sorted = group.sorted { $0.x < $1.x }
      for (index, a) in sorted.enumerated() {
        for b in sorted[(index + 1)...] {
          if b.x >= a.x + a.width - 0.2 { break }
          #expect(a.y + a.height <= b.y + 0.2 || b.y + b.height <= a.y + 0.2, "\(a.id) and \(b.id) overlap")
        }
      }
    }
    let along = view.direction == .topToBottom ? 1 : 0
    for edge in view.edges {
      #expect(edge.points.count >= 2)
      guard let from = byId[edge.from], let to = byId[edge.to] else {
        Issue.record("an end of \(edge.from) -> \(edge.to) is not visible")
        continue
      }
      #expect(!from.open && !to.open)
      for index in 1..<edge.points.count {
        let step = edge.points[index][along] - edge.points[index - 1][along]
        #expect(edge.back ? step <= 0.2 : step >= -0.2, "\(edge.from) -> \(edge.to)")
      }
    }
  }

  @Test(arguments: [
    "cnn_slim", "lstm_train", "while_cond", "mlp_adam_resource", "inception_v3_inference", "input_pipeline",
  ])
  func picturesOfRealGraphsAreSound(name: String) throws {
    let structure = try Fixture.structure("\(name).pb")
    for direction in GraphView.Direction.allCases {
      Self.check(structure.view(direction: direction))
      Self.check(structure.view(open: .these([]), direction: direction))
    }
    let scopes = Set(structure.summary.scopes)
    if scopes.count < 200 { Self.check(structure.view(open: .these(scopes))) }
  }

  @Test(arguments: 1...12)
  func picturesOfRandomNestedGraphsAreSound(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var names: [String] = []
    var lines: [String] = []
    for index in 0..<80 {
      var path = "n\(index)_"
      for _ in 0..<Int.random(in: 0...3, using: &random) { path = "s\(Int.random(in: 0...2, using: &random))/" + path }
      var line = "\(path) Op\(Int.random(in: 0...9, using: &random))"
      for _ in 0..<min(names.count, Int.random(in: 0...3, using: &random)) {
        line += " " + (Bool.random(using: &random) ? "" : "^") + names[Int.random(in: 0..<names.count, using: &random)]
      }
      // Now and then a loop.
      if seed % 3 == 0, index % 17 == 5 { line += " \(path)" }
      names.append(path)
      lines.append(line)
    }
    let structure = try makeStructure(lines)
    let scopes = structure.summary.scopes
    for direction in GraphView.Direction.allCases {
      let some = Set(scopes.filter { _ in Bool.random(using: &random) })
      Self.check(structure.view(open: .these(some), direction: direction))
      Self.check(structure.view(open: .these(Set(scopes)), direction: direction))
    }
  }

  @Test func loopsAreMarkedAsBackEdges() throws {
    let view = try makeStructure([
      "enter Enter", "merge Merge enter next", "switch Switch merge", "body Add switch:1", "next NextIteration body",
      "exit Exit switch",
    ]).view()
    #expect(view.edges.filter(\.back).map { [$0.from, $0.to] } == [["next", "merge"]])
    Self.check(view)
  }

  @Test func aPictureIsAlwaysTheSame() throws {
    let first = try Fixture.structure("lstm_train.pb").view()
    let second = try Fixture.structure("lstm_train.pb").view()
    #expect(
      first.nodes.map { [$0.x, $0.y, $0.width, $0.height] } == second.nodes.map { [$0.x, $0.y, $0.width, $0.height] })
    #expect(first.edges.map(\.points) == second.edges.map(\.points))
  }

  @Test func openingAScopeKeepsTheOrderOfItsSurroundings() throws {
    let structure = try Fixture.structure("cnn_slim.pb")
    let closed = structure.view(open: .these([]))
    let opened = structure.view(open: .these(["conv1"]))
    let before = Dictionary(uniqueKeysWithValues: closed.nodes.map { ($0.id, $0) })
    let after = Dictionary(uniqueKeysWithValues: opened.nodes.map { ($0.id, $0) })
    let ids = closed.nodes.map(\.id)
    for a in ids {
      for b in ids {
        guard let a0 = before[a], let b0 = before[b], let a1 = after[a], let b1 = after[b] else { continue }
        // What stood above still stands above; what stood left in the same layer still stands left.
        if a0.y + a0.height <= b0.y, !a0.auxiliary, !b0.auxiliary { #expect(a1.y + a1.height <= b1.y + 0.2) }
        if a0.y == b0.y, a0.x + a0.width <= b0.x { #expect(a1.x + a1.width <= b1.x + 0.2) }
      }
    }
  }

  @Test func theFirstPictureShowsEnoughAndNotTooMuch() throws {
    for name in ["cnn_slim", "lstm_train", "mlp_adam_resource"] {
      let view = try Fixture.structure("\(name).pb").view()
      let boxes = view.nodes.count { !$0.open }
      #expect((20...60).contains(boxes), "\(name): \(boxes)")
      // The model is opened before the gradients.
      #expect(!view.open.contains("gradients"), "\(name)")
    }
  }

  @Test func graphsWithoutScopesStillOpen() throws {
    var lines: [String] = []
    for index in 0..<12_000 {
      lines.append("op\(index % 3)x\(index)y Op\(index % 40) \(index > 0 ? "op\((index - 1) % 3)x\(index - 1)y" : "")")
    }
    let structure = try makeStructure(lines)
    let view = structure.view()
    #expect(view.nodes.count <= 1000)
    let series = try #require(view.nodes.first { $0.kind == .series })
    let opened = structure.view(open: .these([series.id]))
    #expect(opened.nodes.count > view.nodes.count)
    #expect(opened.nodes.count < 2200)
  }

  @Test func tooManyOpenScopesStayClosedAndAreListed() throws {
    var lines: [String] = []
    for scope in 0..<10 { for index in 0..<600 { lines.append("s\(scope)/n\(index)_ Op\(index)") } }
    let structure = try makeStructure(lines)
    let view = structure.view(open: .these(Set((0..<10).map { "s\($0)" })))
    #expect(view.nodes.count < 2100)
    #expect(view.folded.count == 7)
  }
}
