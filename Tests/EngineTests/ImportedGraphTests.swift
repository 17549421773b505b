import Foundation
import Protos
import Tensors
import Testing

@testable import Engine

/// Graphs written by TensorFlow 1.15: import, restore through the graph's own saver nodes, run, compare.
@Suite struct ImportedGraphTests {
  static let runnable = [
    "linear", "mlp_sgd", "mlp_momentum", "mlp_adam_resource", "mlp_adagrad", "mlp_rmsprop", "mlp_ftrl",
    "mlp_adagrad_da", "lstm", "lstm_train", "while_cond", "cnn_get_variable", "cnn_slim", "seed_import_meta",
  ]

  @Test(arguments: runnable)
  func givesTensorFlowsValues(name: String) throws {
    let meta = try Fixture.metaGraph(name)
    let expected = try Golden.object("graphs/\(name)/expected.json")
    let prefix = try Fixture.url("graphs/\(name)/model").path
    let graph = try Graph(graphDef: meta.graphDef, definitions: meta.metaInfoDef.strippedOpList)
    for run in try #require(expected["runs"] as? [[String: Any]]) {
      let session = Session(graph: graph, configuration: .init(checkpoints: TestCheckpointStore()))
      _ = try session.run([meta.saverDef.restoreOpName], feeds: [meta.saverDef.filenameTensorName: Tensor(prefix)])
      for (index, call) in try #require(run["calls"] as? [[String: Any]]).enumerated() {
        let feeds = try #require(call["feeds"] as? [String: Any]).mapValues { try Golden.tensor($0) }
        let fetches = try #require(call["fetches"] as? [String: Any])
        let names = fetches.keys.sorted()
        let results = try session.run(names, feeds: feeds)
        for (fetch, result) in zip(names, results) {
          if fetches[fetch] is NSNull {
            #expect(result == nil)
            continue
          }
          // A variable fetched beside the step that changes it: before or after, no edge decides.
          let isVariable = try ["VariableV2", "VarHandleOp"].contains(graph.output(named: fetch).node.op)
          if isVariable, fetches.values.contains(where: { $0 is NSNull }) { continue }
          var value = try #require(fetches[fetch] as? [String: Any])
          var found = try #require(result)
          if let first = value["first_64"] as? [Any] {
            // Of large tensors the first elements are known.
            #expect(found.shape.dimensions == value["shape"] as? [Int])
            found = Tensor(Array(found.scalars(Float.self).prefix(first.count)))
            (value["data"], value["shape"]) = (first, [first.count])
          }
          let difference = Golden.difference(found, try Golden.tensor(value), relative: 1e-4, absolute: 1e-5)
          #expect(difference == nil, "\(name), \(run["name"] ?? ""), call \(index), \(fetch): \(difference ?? "")")
        }
      }
    }
  }

  @Test func importedGraphsCanBeExtended() throws {
    let meta = try Fixture.metaGraph("seed_import_meta")
    let graph = try Graph(graphDef: meta.graphDef)
    let stored = try graph.output(named: "op_to_store:0")
    let two = try graph.constant(Tensor(Float(2)))
    let doubled = try graph.add("Mul", [stored, two], name: "doubled")
    let session = Session(graph: graph, configuration: .init(checkpoints: TestCheckpointStore()))
    let prefix = try Fixture.url("graphs/seed_import_meta/model").path
    _ = try session.run([meta.saverDef.restoreOpName], feeds: [meta.saverDef.filenameTensorName: Tensor(prefix)])
    let expected = try Golden.object("graphs/seed_import_meta/expected.json")
    let feeds = try #require(
      ((expected["runs"] as? [[String: Any]])?.first?["calls"] as? [[String: Any]])?.first?["feeds"] as? [String: Any])
    var values: [Output: Tensor] = [:]
    for (name, value) in feeds { values[try graph.output(named: name)] = try Golden.tensor(value) }
    let once = try session.run(stored, feeds: values)
    #expect(try session.run(doubled, feeds: values).scalar(Float.self) == 2 * once.scalar(Float.self))
  }
}
