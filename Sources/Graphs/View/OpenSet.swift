/// Decides which scopes are open in a picture.
struct OpenSet {
  /// A picture has at most this many boxes; scopes that would exceed it stay closed and are listed.
  static let maximumBoxes = 2000
  static let automaticMinimum = 25
  static let automaticMaximum = 60
  static let automaticFewest = 6

  private(set) var isOpen: [Bool]
  private(set) var folded: [Int32] = []
  private let structure: GraphStructure

  init(_ structure: GraphStructure, _ choice: OpenScopes) {
    self.structure = structure
    isOpen = [Bool](repeating: false, count: structure.tree.elements.count)
    isOpen[Int(ScopeTree.root)] = true
    switch choice {
    case .automatic: openAutomatically()
    case .these(let ids): open(ids)
    }
  }

  private func boxes(in scope: Int32) -> Int {
    structure.tree.children[Int(scope)].count { !structure.embedded[Int($0)] }
  }

  private mutating func open(_ ids: Set<String>) {
    let elements = structure.tree.elements
    let wanted = Set(ids.compactMap { structure.tree.element(id: $0) })
    var visible = boxes(in: ScopeTree.root)
    // Parents have smaller numbers, so they come first.
    for element in wanted.sorted() where element > 0 && structure.tree.isContainer(element) {
      guard isOpen[Int(elements[Int(element)].parent)] else { continue }
      let more = boxes(in: element)
      if visible + more > Self.maximumBoxes {
        folded.append(element)
      } else {
        isOpen[Int(element)] = true
        visible += more
      }
    }
  }

  /// Opens the largest scopes first, the model's before the bookkeeping of the training, until the picture says enough.
  private mutating func openAutomatically() {
    let tree = structure.tree
    var visible = boxes(in: ScopeTree.root)
    var closed = candidates(in: ScopeTree.root)
    while visible < Self.automaticMinimum {
      let fitting = closed.filter { visible - 1 + boxes(in: $0) <= Self.automaticMaximum }
      guard let next = fitting.min(by: { priority($0) < priority($1) }) else { break }
      isOpen[Int(next)] = true
      visible += boxes(in: next) - 1
      closed.removeAll { $0 == next }
      closed += candidates(in: next)
    }
    // A scope with nothing but one scope inside says nothing while closed.
    // A picture of a few boxes says nothing; a larger one that scrolls says more.
    if visible < Self.automaticFewest {
      let most = closed.filter { boxes(in: $0) <= Self.maximumBoxes / 4 }
      if let next = most.min(by: { priority($0) < priority($1) }) {
        isOpen[Int(next)] = true
        visible += boxes(in: next) - 1
      }
    }
    guard visible < Self.automaticMaximum else { return }
    for element in tree.elements.indices.dropFirst() where isOpen[Int(tree.elements[element].parent)] {
      let children = tree.children[element]
      if children.count == 1, tree.elements[Int(children[0])].kind == .scope { isOpen[element] = true }
    }
  }

  private func candidates(in scope: Int32) -> [Int32] {
    let tree = structure.tree
    return tree.children[Int(scope)].filter { child in
      // Of series those of scopes: a series of ops says all it has to say while closed.
      tree.elements[Int(child)].kind == .scope
        || tree.elements[Int(child)].kind == .series
          && tree.children[Int(child)].allSatisfy { tree.elements[Int($0)].kind != .op }
    }
  }

  private func priority(_ element: Int32) -> (Int, Int, Int32) {
    let item = structure.tree.elements[Int(element)]
    let isMinor = structure.isAuxiliary[Int(element)] || OpTraits.isBookkeeping(scope: item.label)
    return (isMinor ? 1 : 0, -Int(item.ops), element)
  }
}
