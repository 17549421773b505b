import Engine
import Tensors

extension Optimizer {
  /// Makes the node that changes the rows a gradient names. Rows that come twice are summed up first.
  func update(_ variable: Variable, with slices: IndexedSlices, in graph: Graph) throws -> Node {
    guard variable.constraint == nil else {
      throw BuildError.runtime("Cannot use a constraint function on a sparse variable.")
    }
    if let node = try ownSparseUpdate(variable, slices, in: graph) { return node }
    let unique = try graph.uniqueRows(slices)
    return try sparseUpdate(variable, values: unique.values, indices: unique.indices, in: graph)
  }

  private func sparseUpdate(
    _ variable: Variable, values gradient: Output, indices: Output, in graph: Graph
  ) throws -> Node {
    if let node = try uniqueSparseUpdate(variable, values: gradient, indices: indices, in: graph) { return node }
    let rule = try rule(for: variable, in: graph)
    let op = (variable.isResource ? "ResourceSparseApply" : "SparseApply") + rule.op
    var attributes = rule.attributes
    attributes["use_locking"] = .bool(useLocking)
    let values = try rule.values.map { try converted($0, for: variable, in: graph) }
    return try graph.nameScope(op) { scope in
      var inputs = [variable.reference] + rule.slots.map(\.reference)
      for value in values {
        switch value {
        case .gradient: inputs += [gradient, indices]
        case .output(let output), .counter(let output): inputs.append(output)
        case .variable(let variable): inputs.append(try variable.read())
        }
      }
      return try graph.addNode(op: op, name: scope, inputs: inputs, attributes: attributes)
    }
  }
}

extension Graph {
  /// Rows whose indices are all different: those named twice are added up.
  func uniqueRows(_ slices: IndexedSlices) throws -> (values: Output, indices: Output) {
    let unique = try addNode(op: "Unique", inputs: [slices.indices], attributes: ["out_idx": .type(.int32)])
    let count = try element(shapeNode(unique.output(0), name: nil), at: 0)
    let sums = try add("UnsortedSegmentSum", [slices.values, unique.output(1), count])
    return (sums, unique.output(0))
  }

  /// Adds to (or subtracts from) rows of a variable.
  func scatter(
    _ op: String, _ variable: Variable, indices: Output, updates: Output, useLocking: Bool
  ) throws -> Node {
    if variable.isResource {
      return try addNode(
        op: "ResourceScatter" + op, inputs: [variable.reference, indices, updates],
        attributes: ["dtype": .type(variable.dtype)])
    }
    return try addReferenceNode(
      "Scatter" + op, [variable.reference, indices, updates], name: nil,
      attributes: ["use_locking": .bool(useLocking)])
  }
}
