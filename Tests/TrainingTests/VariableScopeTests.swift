import Engine
import Tensors
import Testing

@testable import Training

/// The rules and messages were taken from TensorFlow 1.15.5.
@Suite struct VariableScopeTests {
  @Test func aVariableIsSharedOnlyWhereReuseSaysSo() throws {
    let tf = Graph()
    let made = try tf.variableScope("test") { _ in try tf.getVariable("weights", shape: [5, 3]) }
    let taken = try tf.variableScope("test", reuse: .always) { _ in try tf.getVariable("weights", shape: [5, 3]) }
    #expect(taken === made)
    let error = #expect(throws: BuildError.self) {
      try tf.variableScope("test") { _ in try tf.getVariable("weights", shape: [5, 3]) }
    }
    #expect(
      error?.message
        == "Variable test/weights already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE "
        + "in VarScope?")
  }

  @Test func aMissingVariableIsNotMadeUnderReuse() throws {
    let tf = Graph()
    let error = #expect(throws: BuildError.self) {
      try tf.variableScope("test", reuse: .always) { _ in try tf.getVariable("nope", shape: [1]) }
    }
    #expect(
      error?.message
        == "Variable test/nope does not exist, or was not created with tf.get_variable(). Did you mean to set "
        + "reuse=tf.AUTO_REUSE in VarScope?")
  }

  @Test func automaticReuseMakesOnceAndTakesThen() throws {
    let tf = Graph()
    let both = try (0..<2).map { _ in
      try tf.variableScope("layer", reuse: .automatic) { _ in try tf.getVariable("w", shape: [2]) }
    }
    #expect(both[0] === both[1])
    #expect(tf.globalVariables.count == 1)
  }

  @Test func shapesAndTypesOfSharedVariablesMustFit() throws {
    let tf = Graph()
    _ = try tf.getVariable("test/weights", shape: [5, 3])
    try tf.variableScope("test", reuse: .always) { _ in
      #expect(
        throws: BuildError.value(
          "Trying to share variable test/weights, but specified shape (5, 4) and found shape (5, 3).")
      ) { try tf.getVariable("weights", shape: [5, 4]) }
      #expect(
        throws: BuildError.value(
          "Trying to share variable test/weights, but specified dtype int32 and found dtype float32_ref.")
      ) { try tf.getVariable("weights", shape: [5, 3], dtype: .int32) }
    }
  }

  @Test func reuseIsInheritedAndHoldsForItsBlock() throws {
    let tf = Graph()
    _ = try tf.variableScope("a") { _ in try tf.variableScope("b") { _ in try tf.getVariable("w", shape: [1]) } }
    try tf.variableScope("a", reuse: .always) { _ in
      try tf.variableScope("b") { scope in
        #expect(scope.reuse == .always)
        _ = try tf.getVariable("w", shape: [1])
      }
    }
    try tf.variableScope("a") { outer in
      outer.reuseVariables()
      try tf.variableScope("b") { _ in _ = try tf.getVariable("w", shape: [1]) }
    }
    try tf.variableScope("a") { #expect($0.reuse == .inherit) }
    let open = try tf.currentVariableScope.name
    #expect(open.isEmpty)
  }

  @Test func scopesHandOnInitializerAndType() throws {
    let tf = Graph()
    try tf.variableScope("s", initializer: .constant(3), dtype: .float64) { _ in
      try tf.variableScope("inner") { _ in
        let v = try tf.getVariable("v", shape: [2])
        #expect(v.dtype == .float64)
        #expect(v.initialValue?.node.op == "Const")
      }
    }
  }

  @Test func nameScopesDoNotNameVariablesOfGetVariable() throws {
    let tf = Graph()
    let (got, made) = try tf.nameScope("ns") {
      (try tf.getVariable("w", shape: [1]), try tf.variable(1.0, name: "v"))
    }
    #expect(got.name == "w:0")
    #expect(made.name == "ns/v:0")
  }

  @Test func wrongArgumentsAreExplained() throws {
    let tf = Graph()
    #expect(throws: BuildError.type("If default_name is None then name_or_scope is required")) {
      try tf.variableScope(nil) { _ in }
    }
    #expect(throws: BuildError.value("reuse=True cannot be used without a name_or_scope")) {
      try tf.variableScope(nil, default: "d", reuse: .always) { _ in }
    }
    #expect(throws: BuildError.value("If initializer is a constant, do not specify shape.")) {
      try tf.getVariable("c", shape: [1], initializer: .value(Tensor(1 as Float)))
    }
    let error = #expect(throws: BuildError.self) { try tf.getVariable("n") }
    #expect(error?.message.hasPrefix("The initializer passed is not valid.") == true)
    #expect(throws: EngineError.self) { try tf.nameScope("a b") {} }
    #expect(throws: (any Error).self) { try tf.variable(tf.placeholder(.float32)) }
  }

  @Test func collectionsHoldWhatTensorFlowPutsThere() throws {
    let tf = Graph()
    let w = try tf.getVariable("w", shape: [1])
    let fixed = try tf.variable(1.0, name: "fixed", trainable: false)
    let own = try tf.variable(1.0, name: "own", collections: ["mine"])
    #expect(tf.globalVariables == [w, fixed])
    #expect(tf.trainableVariables == [w, own])
    #expect(tf.variables(in: "mine") == [own])
    #expect(tf.collection("nothing").isEmpty)
  }

  @Test func initialValuesAreMadeOutsideOfControlDependencies() throws {
    let tf = Graph()
    let first = try tf.noOp(name: "first")
    let v = try tf.controlDependencies([first]) { try tf.variable([1.0, 2.0], name: "v") }
    #expect(v.initializer.controlInputs.isEmpty)
    #expect(v.initialValue?.node.controlInputs.isEmpty == true)
  }
}
