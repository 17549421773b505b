import ArgumentParser
import Engine
import Training

/// Which name a variable or an op gets, and when a variable is shared.
struct VariableScopes: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Name things with scopes, and share variables.")

  func run() throws {
    let tf = Graph()
    try tf.nameScope("ns") {
      try tf.variableScope("vs") { _ in
        let w = try tf.getVariable("w", shape: [2], initializer: .zeros)
        let v = try tf.variable([1.0], name: "v")
        let sum = try tf.reduceSum(w, name: "sum")
        print("getVariable ignores name scopes: \(w.name); variable does not: \(v.name); nor do ops: \(sum.name)")
      }
    }
    try tf.variableScope("vs", reuse: .always) { scope in
      let w = try tf.getVariable("w", shape: [2])
      print("shared: \(w.name); ops stand in \(scope.originalNameScope)")
    }
    for _ in 0..<2 {
      let name = try tf.variableScope(nil, default: "layer") { _ in
        try tf.getVariable("w", shape: [1]).name
      }
      print("made unique: \(name)")
    }
    try tf.variableScope("small", initializer: .constant(0.1), regularizer: .l2(0.01)) { _ in
      let w = try tf.getVariable("w", shape: [2, 2])
      print("\(w.name) has the scope's initializer and regularizer: \(tf.regularizationLosses().map(\.name))")
    }
    refuse("making a variable twice") {
      try tf.variableScope("vs") { _ in _ = try tf.getVariable("w", shape: [2]) }
    }
    refuse("taking one that does not exist") {
      try tf.variableScope("vs", reuse: .always) { _ in _ = try tf.getVariable("nope", shape: [2]) }
    }
    refuse("taking one of another shape") {
      try tf.variableScope("vs", reuse: .always) { _ in _ = try tf.getVariable("w", shape: [3]) }
    }
  }

  private func refuse(_ what: String, _ body: () throws -> Void) {
    do {
      try body()
      print("\(what): went through")
    } catch {
      print("\(what): \(error)")
    }
  }
}
