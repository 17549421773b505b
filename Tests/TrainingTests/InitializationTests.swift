import Engine
import Foundation
import Tensors
import Testing

@testable import Training

/// Values that variables begin with, and what can be asked about them.
@Suite struct InitializationTests {
  @Test(arguments: [Shape([5, 3]), Shape([3, 5]), Shape([2, 2, 6])])
  func orthogonalMatricesAre(shape: Shape) throws {
    let tf = Graph()
    let v = try tf.getVariable("v", shape: shape, initializer: .orthogonal(gain: 2, seed: 4))
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let values: [Float] = try session.run(v).scalars()
    let columns = shape.dimensions[shape.rank - 1]
    let rows = values.count / columns
    // The shorter side's vectors have length 2 and stand at right angles.
    let vectors =
      rows < columns
      ? (0..<rows).map { row in (0..<columns).map { values[row * columns + $0] } }
      : (0..<columns).map { column in (0..<rows).map { values[$0 * columns + column] } }
    for (i, left) in vectors.enumerated() {
      for (j, right) in vectors.enumerated() {
        let product = zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(product - (i == j ? 4 : 0)) < 1e-5)
      }
    }
  }

  @Test func initialValuesFollowOtherVariables() throws {
    let tf = Graph()
    let w = try tf.variable([1.0, 2.0], name: "w")
    let twice = try tf.variable(w.initializedValue() * 2.0, name: "twice")
    let thrice = try tf.variable(w * 3.0, name: "thrice")
    let session = tf.makeSession()
    // Without `w` having a value, its initial value counts; it stays without one.
    try session.run(tf.variablesInitializer([twice, thrice]))
    #expect(try session.run(twice).scalars(Float.self) == [2, 4])
    #expect(try session.run(thrice).scalars(Float.self) == [3, 6])
    #expect(try session.run(tf.isVariableInitialized(w)).scalars(Bool.self) == [false])
    // With a value, that counts.
    try session.run(w.assign([10.0, 20.0]).node)
    try session.run(tf.variablesInitializer([twice, thrice]))
    #expect(try session.run(twice).scalars(Float.self) == [20, 40])
    #expect(try session.run(thrice).scalars(Float.self) == [30, 60])
  }

  @Test func resourceVariablesHoldTheirValues() throws {
    let tf = Graph()
    let v = try tf.variable([1.0, 2.0], name: "v", useResource: true)
    let later = try tf.variable(v.initializedValue() * 2.0, name: "later", useResource: true)
    let sum = try v + [1.0, 1.0]
    let session = tf.makeSession()
    #expect(throws: EngineError.self) { try session.run(sum) }
    try session.run(tf.globalVariablesInitializer())
    #expect(try session.run(v.assignAdd([1.0, 1.0])).scalars(Float.self) == [2, 3])
    #expect(try session.run(v.assignSub([0.5, 0.5])).scalars(Float.self) == [1.5, 2.5])
    #expect(try session.run(sum).scalars(Float.self) == [2.5, 3.5])
    #expect(try session.run(v.readValue()).scalars(Float.self) == [1.5, 2.5])
    #expect(try session.run(later).scalars(Float.self) == [2, 4])
    #expect(v.dtype == .float32 && v.shape == [2])
    #expect(throws: BuildError.value("Shapes (2,) and (3,) are incompatible")) { try v.assign([1.0, 2.0, 3.0]) }
  }

  @Test func averagesAreTensorFlows() throws {
    struct File: Decodable {
      struct Case: Decodable {
        struct Step: Decodable {
          let numUpdates: Int64
          let variable: JSONTensor
          let shadow: JSONTensor
          let shadowOfTensor2V: JSONTensor
        }
        let decay: Double
        let numUpdates: Bool
        let zeroDebias: Bool
        let initialVariable: JSONTensor
        let steps: [Step]
      }
      let ema: [Case]
    }
    for item in try Fixture.json(File.self, "numerics/schedules.json").ema {
      let tf = Graph()
      let v = try tf.variable(item.initialVariable.tensor, name: "v")
      let count = try tf.placeholder(.int64, shape: [])
      let doubled = try v * 2.0
      let average = ExponentialMovingAverage(
        decay: item.decay, updateCount: item.numUpdates ? count : nil, zeroDebias: item.zeroDebias)
      let update = try average.apply([v], outputs: [doubled], in: tf)
      let next = try tf.placeholder(.float32, shape: [3])
      let set = try v.assign(next).node
      let shadows = [try #require(average.average(of: v)), try #require(average.average(of: doubled))]
      let session = tf.makeSession()
      try session.run(tf.globalVariablesInitializer())
      for step in item.steps {
        try session.run(set, feeds: [next: step.variable.tensor])
        try session.run(update, feeds: [count: Tensor(step.numUpdates)])
        let found: [[Float]] = try shadows.map { try session.run($0).scalars() }
        #expect(largestDifference(found[0], step.shadow.floats) < 1e-5)
        #expect(largestDifference(found[1], step.shadowOfTensor2V.floats) < 1e-5)
      }
    }
  }

  @Test func averagesAreRestoredInPlaceOfVariables() throws {
    let tf = Graph()
    let w = try tf.variable([1.0], name: "w")
    let step = try tf.globalStep()
    let average = ExponentialMovingAverage(decay: 0.9)
    let names = average.variablesToRestore(in: tf)
    #expect(names.keys.sorted() == ["global_step", "w/ExponentialMovingAverage"])
    #expect(names["w/ExponentialMovingAverage"] === w && names["global_step"] === step)
    let number = try tf.variable(3, name: "number")
    #expect(throws: BuildError.type("The variables must be half, float, or double: number:0")) {
      try average.apply([number], in: tf)
    }
  }

  @Test func ratesChangeInSteps() throws {
    let tf = Graph()
    let step = try tf.globalStep()
    let rate = try tf.piecewiseConstant(step, boundaries: [10, 20], values: [1, 0.5, 0.1])
    let session = tf.makeSession()
    let found: [Float] = try [Int64(0), 10, 11, 20, 21, 500].map {
      try session.run(rate, feeds: [step.value: Tensor($0)]).scalar()
    }
    #expect(found == [1, 1, 0.5, 0.5, 0.1, 0.1])
    #expect(throws: BuildError.value("The length of boundaries should be 1 less than the length of values")) {
      try tf.piecewiseConstant(step, boundaries: [1], values: [1])
    }
  }
}
