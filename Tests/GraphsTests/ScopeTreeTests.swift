import Testing

@testable import Graphs

@Suite struct ScopeTreeTests {
  private func children(_ structure: GraphStructure, _ id: String) -> [String] {
    guard let element = structure.tree.element(id: id) else { return [] }
    return structure.tree.children[Int(element)].map { structure.tree.id(of: $0) }
  }

  @Test func namesNestAtSlashes() throws {
    let structure = try makeStructure(["x Placeholder", "a/b/w Variable", "a/c Add x a/b/w", "a/b/v Neg a/b/w"])
    #expect(children(structure, "") == ["x", "a"])
    #expect(children(structure, "a") == ["a/b", "a/c"])
    #expect(children(structure, "a/b") == ["a/b/w", "a/b/v"])
    #expect(structure.tree.elements[Int(try #require(structure.tree.element(id: "a")))].ops == 3)
  }

  @Test func anOpNamedLikeAScopeGoesInside() throws {
    let structure = try makeStructure(["a/w Variable", "a Add a/w", "b Neg a"])
    #expect(children(structure, "") == ["a", "b"])
    #expect(children(structure, "a") == ["a/w", "a/(a)"])
    #expect(try structure.details(of: "a/(a)").name == "a")
    #expect(structure.search("a").map(\.id).prefix(2) == ["a", "a/(a)"])
  }

  @Test func fiveOpsThatDifferInANumberFold() throws {
    let names = ["Add", "Add_1", "Add_2", "Add_3", "Add_4"].map { "s/\($0) Add x" }
    let structure = try makeStructure(["x Placeholder"] + names + ["s/Add_5 Mul x", "s/Sub Sub x"])
    #expect(children(structure, "s") == ["s/Add × 5", "s/Add_5", "s/Sub"])
    // Members keep their own names.
    #expect(structure.tree.element(id: "s/Add_3") != nil)
    #expect(structure.view(open: .these(["s", "s/Add × 5"])).nodes.map(\.id).contains("s/Add_3"))
  }

  @Test func chainedScopesFoldAndScopesThatMerelyCarryNumbersStay() throws {
    var lines = ["x Placeholder"]
    var last = "x"
    for index in 0..<12 {
      lines += ["net/block\(index)/a MatMul \(last)", "net/block\(index)/b Relu net/block\(index)/a"]
      last = "net/block\(index)/b"
    }
    var flat = last
    for index in 0..<12 {
      lines += ["conv\(index)/op Conv2D \(flat)", "norm\(index)/op Mul conv\(index)/op"]
      flat = "norm\(index)/op"
    }
    let structure = try makeStructure(lines)
    #expect(children(structure, "net") == ["net/block × 12"])
    #expect(children(structure, "").count == 26)
    // What hides a member is told, and opening it shows the member.
    let around = try structure.details(of: "net/block7/a").around
    #expect(around == ["net", "net/block × 12", "net/block7"])
    #expect(structure.view(open: .these(Set(around))).nodes.contains { $0.id == "net/block7/a" })
  }

  @Test func fourDoNotFold() throws {
    let structure = try makeStructure((0..<4).map { "in\($0) Placeholder" })
    #expect(structure.tree.elements.allSatisfy { $0.kind != .series })
  }

  @Test func everyElementIsFoundByItsId() throws {
    for name in ["lstm_train.pb", "inception_v3_inference.pb", "saved_model"] {
      let tree = try Fixture.structure(name).tree
      for index in tree.elements.indices { #expect(tree.element(id: tree.id(of: Int32(index))) == Int32(index)) }
    }
  }

  @Test func tenThousandLevelsDoNotOverflow() throws {
    let deep = Array(repeating: "d", count: 10_000).joined(separator: "/")
    let structure = try makeStructure(["\(deep) Const", "\(deep)/x Neg \(deep)", "y Neg \(deep)/x"])
    #expect(structure.tree.elements.count < 300)
    let all = Set(structure.tree.elements.indices.map { structure.tree.id(of: Int32($0)) })
    let view = structure.view(open: .these(all))
    #expect(view.nodes.contains { $0.depth > 100 })
    #expect(view.edges.contains { $0.to == "y" })
  }

  @Test func oddNamesAreKept() throws {
    let structure = try makeStructure(["/ Const", "// Const", "a//b Const", "a/ Const", "日本/語 Const"])
    #expect(structure.summary.nodes == 5)
    #expect(structure.view(open: .these(["", "a", "a/", "日本"])).nodes.contains { $0.id == "日本/語" })
  }

  @Test func scopesOfEqualStructureShareATemplate() throws {
    func block(_ name: String, _ input: String, _ op: String) -> [String] {
      ["\(name)/w Variable", "\(name)/mul MatMul \(input) \(name)/w", "\(name)/out \(op) \(name)/mul"]
    }
    let structure = try makeStructure(
      ["x Placeholder"] + block("l1", "x", "Relu") + block("l2", "l1/out", "Relu") + block("l3", "l2/out", "Tanh"))
    let template = Dictionary(
      uniqueKeysWithValues: structure.view(open: .these([])).nodes.map { ($0.id, $0.template) })
    #expect(template["l1"] == .some(0))
    #expect(template["l2"] == .some(0))
    #expect(template["l3"] == .some(nil))
    #expect(try structure.details(of: "l1").sameStructure == ["l2"])
  }

  @Test func sameOpsWiredDifferentlyAreDifferent() throws {
    let structure = try makeStructure([
      "a/x Variable", "a/y Neg a/x", "a/z Neg a/y", "b/x Variable", "b/y Neg b/x", "b/z Neg b/x",
    ])
    #expect(structure.templateCount == 0)
  }

  @Test func constantsOfOneScopeAreMarksAndSharedOnesAreBoxes() throws {
    let structure = try makeStructure([
      "x Placeholder", "shared Const", "a/axis Const", "a/sum Sum x a/axis", "a/add Add a/sum shared",
      "b Add a/add shared",
    ])
    let view = structure.view(open: .these(["a"]))
    #expect(!view.nodes.contains { $0.id == "a/axis" })
    #expect(view.nodes.first { $0.id == "a/sum" }?.marks.map(\.id) == ["a/axis"])
    #expect(view.nodes.contains { $0.id == "shared" })
  }

  @Test func boxesWithFarMoreNeighboursThanOthersAreSetAside() throws {
    var lines = ["hub Placeholder", "n0 Placeholder"]
    for index in 1..<20 { lines.append("n\(index)x Add n\(index - 1)\(index == 1 ? "" : "x") hub") }
    let view = try makeStructure(lines).view(open: .these([]))
    #expect(view.nodes.filter(\.auxiliary).map(\.id) == ["hub"])
    #expect(view.divider != nil)
    #expect(!view.edges.contains { $0.from == "hub" })
    #expect(view.nodes.first { $0.id == "n7x" }?.marks.map(\.id) == ["hub"])
    #expect(view.nodes.first { $0.id == "hub" }?.moreOutputMarks == 16)
  }

  @Test func searchPutsTheBestFirst() throws {
    let structure = try makeStructure([
      "conv/weights Variable", "x/conv2d Conv2D conv/weights", "y Relu x/conv2d", "y/Conv2D Neg y", "z/aconv Neg y",
    ])
    #expect(structure.search("conv").map(\.id) == ["conv", "x/conv2d", "y/Conv2D", "z/aconv", "conv/weights"])
    #expect(structure.search("CONV2D:0").map(\.id) == ["x/conv2d", "y/Conv2D"])
    #expect(structure.search("relu").map(\.name) == ["y"])
    #expect(structure.search("").isEmpty)
    #expect(structure.search("conv", limit: 2).count == 2)
  }
}
