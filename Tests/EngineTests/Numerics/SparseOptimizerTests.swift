import Foundation
import Tensors
import Testing

@testable import Engine

/// Sparse gradients: rows of an embedding, applied by every optimizer as TensorFlow 1.15 applied them.
@Suite struct SparseOptimizerTests {
  /// The op of a sparse update, its slots in order, and the other inputs by name.
  private static func update(_ example: [String: Any]) throws -> (op: String, slots: [String], values: [String]) {
    let parameters = try #require(example["params"] as? [String: Any])
    switch example["optimizer"] as? String {
    case "GradientDescent": return ("ScatterSub", [], [])
    case "Adagrad": return ("SparseApplyAdagrad", ["accumulator"], ["learning_rate", "grad", "indices"])
    case "AdagradDA":
      return (
        "SparseApplyAdagradDA", ["gradient_accumulator", "gradient_squared_accumulator"],
        [
          "grad", "indices", "learning_rate", "l1_regularization_strength", "l2_regularization_strength", "step",
        ]
      )
    case "Momentum": return ("SparseApplyMomentum", ["momentum"], ["learning_rate", "grad", "indices", "momentum"])
    case "Ftrl":
      let shrinks = (parameters["l2_shrinkage_regularization_strength"] as? Double ?? 0) > 0
      return (
        shrinks ? "SparseApplyFtrlV2" : "SparseApplyFtrl", ["accum", "linear"],
        [
          "grad", "indices", "learning_rate", "l1_regularization_strength", "l2_regularization_strength",
        ] + (shrinks ? ["l2_shrinkage_regularization_strength"] : []) + ["learning_rate_power"]
      )
    case "RMSProp":
      let isCentred = parameters["centered"] as? Bool == true
      return (
        isCentred ? "SparseApplyCenteredRMSProp" : "SparseApplyRMSProp",
        (isCentred ? ["mg"] : []) + ["rms", "momentum"],
        ["learning_rate", "decay", "momentum", "epsilon", "grad", "indices"]
      )
    default: throw UnknownCase()
    }
  }

  private static func start(_ slot: String, _ parameters: [String: Any]) -> Float {
    switch slot {
    case "accumulator": Float(parameters["initial_accumulator_value"] as? Double ?? 0)
    case "accum": Float(parameters["initial_accumulator_value"] as? Double ?? 0)
    case "gradient_squared_accumulator":
      Float(parameters["initial_gradient_squared_accumulator_value"] as? Double ?? 0)
    case "rms": 1
    default: 0
    }
  }

  @Test(arguments: [false, true]) func rowsAreUpdatedAsByTensorFlow(usesResources: Bool) throws {
    let file = try Golden.object("numerics/optimizers.json")
    let cases = try #require(file["cases"] as? [[String: Any]])
    let gradients = try #require(file["sparse_values"] as? [Any]).map { try Golden.tensor($0) }
    var checked = 0
    for (number, example) in cases.enumerated() {
      // Adam's update of a sparse gradient is dense; it is made of other operations.
      guard example["optimizer"] as? String != "Adam" else { continue }
      let sparse = try #require(example["sparse"] as? [String: Any])
      let parameters = try #require(example["params"] as? [String: Any])
      let (op, slots, names) = try Self.update(example)
      let g = GraphMaker()
      func variable(_ name: String) throws -> Output {
        try usesResources
          ? g.graph.add(
            "VarHandleOp", [], name: name,
            attributes: ["dtype": .type(.float32), "shape": .shape([4, 3]), "shared_name": .string(name)])
          : g.graph.add("VariableV2", [], name: name, attributes: ["dtype": .type(.float32), "shape": .shape([4, 3])])
      }
      let session = Session(graph: g.graph)
      func set(_ variable: Output, _ value: Tensor) throws {
        try session.run(
          g.graph.addNode(
            op: usesResources ? "AssignVariableOp" : "Assign", inputs: [variable, g.constant(value)],
            attributes: usesResources ? ["dtype": .type(.float32)] : [:]))
      }
      let variables = try (["v"] + slots).map { try variable($0) }
      try set(variables[0], Golden.tensor(sparse["initial"]))
      for (slot, variable) in zip(slots, variables.dropFirst()) {
        try set(variable, Tensor([Float](repeating: Self.start(slot, parameters), count: 12), shape: [4, 3]))
      }
      let values = try g.placeholder(.float32, [3, 3])
      let step = try g.placeholder(.int64, [])
      let rows = try #require(sparse["indices"] as? [Int])
      let train: Node
      if op == "ScatterSub" {
        let scaled = try g("Mul", values, g.float(Float(try #require(parameters["learning_rate"] as? Double))))
        train = try g.graph.addNode(
          op: usesResources ? "ResourceScatterSub" : op, inputs: [variables[0], g.ints(rows), scaled],
          attributes: usesResources ? ["dtype": .type(.float32)] : [:])
      } else {
        // Rows named twice are added up first.
        let unique = try g.all("Unique", [g.ints(rows)])
        let count = try g(
          "StridedSlice", g("Shape", unique[0]), g.ints([0]), g.ints([1]), g.ints([1]),
          attributes: ["shrink_axis_mask": .int(1)])
        let summed = try g("UnsortedSegmentSum", values, unique[1], count)
        let inputs = try names.map { name -> Output in
          switch name {
          case "grad": return summed
          case "indices": return unique[0]
          case "step": return step
          default: return try g.float(Float((parameters[name] as? NSNumber)?.doubleValue ?? 0))
          }
        }
        var attributes: [String: AttributeValue] = [:]
        if let nesterov = parameters["use_nesterov"] as? Bool { attributes["use_nesterov"] = .bool(nesterov) }
        train = try g.graph.addNode(
          op: (usesResources ? "Resource" : "") + op, inputs: variables + inputs, attributes: attributes)
      }
      for (index, expected) in try #require(sparse["steps"] as? [[String: Any]]).enumerated() {
        try session.run(train, feeds: [values: gradients[index], step: Tensor(Int64(index + 1))])
        let found = try variables.map { variable in
          try session.run(
            usesResources ? g("ReadVariableOp", variable, attributes: ["dtype": .type(.float32)]) : variable)
        }
        let states = try #require(expected["slots"] as? [String: Any])
        let wanted = try [expected["var"]] + slots.map { states[$0] }
        for (name, (value, golden)) in zip(["v"] + slots, zip(found, wanted)) {
          let difference = Golden.difference(value, try Golden.tensor(golden), relative: 1e-5)
          #expect(difference == nil, "\(number) \(op), step \(index), \(name): \(difference ?? "")")
        }
      }
      checked += 1
    }
    #expect(checked == 13)
  }

  @Test func gradientsOfGatheredRowsStayRows() throws {
    let g = GraphMaker()
    let table = try g.placeholder(.float32, [4, 2])
    let read = try g("Identity", table)
    let rows = try g("GatherV2", read, g.ints([1, 3, 1]), g.int(0))
    let loss = try g.total(g("Square", rows))
    guard case .sparse(let slices)? = try rowGradients([loss], [table])[0] else {
      Issue.record("the gradient of a gather is dense")
      return
    }
    let feeds = [table: Tensor((0..<8).map(Float.init), shape: [4, 2])]
    let session = Session(graph: g.graph)
    let results = try session.run([slices.indices, slices.values, slices.denseShape], feeds: feeds)
    #expect(results[0].scalars(Int32.self) == [1, 3, 1])
    #expect(results[1].scalars(Float.self) == [4, 6, 12, 14, 4, 6])
    #expect(results[2].scalars(Int32.self) == [4, 2])
    // Two gathers join their rows; a dense use makes all dense.
    let more = try g.total(g("GatherV2", read, g.ints([0]), g.int(0)))
    guard case .sparse(let joined)? = try rowGradients([g("Add", loss, more)], [table])[0] else {
      Issue.record("two gathers give rows")
      return
    }
    #expect(try session.run(joined.indices, feeds: feeds).elementCount == 4)
    let dense = try #require(try gradients([g("Add", loss, g.total(table))], [table])[0])
    #expect(try session.run(dense, feeds: feeds).scalars(Float.self) == [1, 1, 9, 13, 1, 1, 13, 15])
  }
}
