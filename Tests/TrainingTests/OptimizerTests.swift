import Engine
import Tensors
import Testing

@testable import Training

/// Updates and whole trainings against TensorFlow 1.15.5 (`numerics/optimizers.json`, `numerics/training.json`).
@Suite struct OptimizerTests {
  struct OptimizerFile: Decodable {
    struct Case: Decodable {
      let optimizer: String
      let params: [String: Parameter]
      let slotVariableNames: [String: [String: String]]
      let initial: State
      let steps: [State]
      let globalStepAfter: Int64
      let sparse: Sparse
    }
    struct Sparse: Decodable {
      struct Step: Decodable {
        let `var`: JSONTensor
        let slots: [String: JSONTensor]
      }
      let initial: JSONTensor
      let indices: [Int]
      let steps: [Step]
    }
    struct State: Decodable {
      let vars: [String: JSONTensor]
      let slots: [String: [String: JSONTensor]]
    }
    enum Parameter: Decodable {
      case number(Double)
      case flag(Bool)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
          self = .flag(flag)
        } else {
          self = .number(try container.decode(Double.self))
        }
      }
    }
    let gradients: [[String: JSONTensor]]
    let sparseValues: [JSONTensor]
    let cases: [Case]
  }

  static func optimizer(
    _ name: String, _ parameters: [String: OptimizerFile.Parameter], globalStep: Variable
  ) throws -> Optimizer? {
    func number(_ key: String, _ fallback: Double) -> Double {
      if case .number(let value)? = parameters[key] { value } else { fallback }
    }
    func flag(_ key: String) -> Bool {
      if case .flag(let flag)? = parameters[key] { flag } else { false }
    }
    let rate = number("learning_rate", 0.001)
    switch name {
    case "GradientDescent": return GradientDescentOptimizer(learningRate: rate)
    case "Momentum":
      return MomentumOptimizer(
        learningRate: rate, momentum: number("momentum", 0), useNesterov: flag("use_nesterov"))
    case "Adam":
      return AdamOptimizer(
        learningRate: rate, beta1: number("beta1", 0.9), beta2: number("beta2", 0.999),
        epsilon: number("epsilon", 1e-8))
    case "Adagrad":
      return try AdagradOptimizer(
        learningRate: rate, initialAccumulator: number("initial_accumulator_value", 0.1))
    case "AdagradDA":
      return try AdagradDAOptimizer(
        learningRate: rate, globalStep: globalStep,
        initialSquaredAccumulator: number("initial_gradient_squared_accumulator_value", 0.1),
        l1: number("l1_regularization_strength", 0), l2: number("l2_regularization_strength", 0))
    case "Ftrl":
      return try FtrlOptimizer(
        learningRate: rate, learningRatePower: number("learning_rate_power", -0.5),
        initialAccumulator: number("initial_accumulator_value", 0.1), l1: number("l1_regularization_strength", 0),
        l2: number("l2_regularization_strength", 0),
        l2Shrinkage: number("l2_shrinkage_regularization_strength", 0))
    case "RMSProp":
      return RMSPropOptimizer(
        learningRate: rate, decay: number("decay", 0.9), momentum: number("momentum", 0),
        epsilon: number("epsilon", 1e-10), centered: flag("centered"))
    default: return nil
    }
  }

  @Test func everyStepAndSlotIsTensorFlows() throws {
    let file = try Fixture.json(OptimizerFile.self, "numerics/optimizers.json")
    var compared = 0
    for item in file.cases {
      let tf = Graph()
      var variables: [String: Variable] = [:]
      var feeds: [String: Output] = [:]
      for name in ["a", "b"] {
        let value = try #require(item.initial.vars[name]).tensor
        variables[name] = try tf.variable(value, name: name)
        feeds[name] = try tf.placeholder(.float32, shape: PartialShape(value.shape))
      }
      let step = try tf.globalStep()
      guard let optimizer = try Self.optimizer(item.optimizer, item.params, globalStep: step) else { continue }
      compared += 1
      let pairs = try ["a", "b"].map { (Optional(try #require(feeds[$0])), try #require(variables[$0])) }
      let train = try optimizer.applyGradients(pairs, globalStep: step)
      for (slot, names) in item.slotVariableNames {
        for (variable, name) in names {
          let owner = try #require(variables[variable])
          #expect(optimizer.slot(slot, of: owner)?.node.name == name)
        }
      }
      let session = tf.makeSession()
      try session.run(tf.globalVariablesInitializer())
      for (gradients, expected) in zip(file.gradients, item.steps) {
        try session.run(
          train, feeds: Dictionary(uniqueKeysWithValues: feeds.map { ($1, try #require(gradients[$0]).tensor) }))
        for (name, value) in expected.vars {
          let found: [Float] = try session.run(#require(variables[name])).scalars()
          #expect(largestDifference(found, value.floats) < 1e-5, "\(item.optimizer) \(name)")
        }
        for (slot, values) in expected.slots {
          for (name, value) in values {
            let owner = try #require(variables[name])
            let variable = try #require(optimizer.slot(slot, of: owner))
            let found: [Float] = try session.run(variable).scalars()
            #expect(largestDifference(found, value.floats) < 1e-5, "\(item.optimizer) slot \(slot) of \(name)")
          }
        }
      }
      #expect(try session.run(step).scalar(Int64.self) == item.globalStepAfter)
    }
    #expect(compared == 15)
  }

  @Test(arguments: [false, true]) func everyStepOnRowsIsTensorFlows(useResource: Bool) throws {
    let file = try Fixture.json(OptimizerFile.self, "numerics/optimizers.json")
    for item in file.cases {
      let tf = Graph()
      let table = try tf.variable(item.sparse.initial.tensor, name: "table", useResource: useResource)
      let values = try tf.placeholder(.float32, shape: [3, 3])
      let ids = try tf.constant(item.sparse.indices)
      // What flows back through the gather is what is fed.
      let loss = try tf.reduceSum(tf.gather(table, indices: ids) * values)
      let step = try tf.globalStep()
      let optimizer = try #require(try Self.optimizer(item.optimizer, item.params, globalStep: step))
      let train = try optimizer.minimize(loss, globalStep: step)
      let session = tf.makeSession()
      try session.run(tf.globalVariablesInitializer())
      for (gradient, expected) in zip(file.sparseValues, item.sparse.steps) {
        try session.run(train, feeds: [values: gradient.tensor])
        let found: [Float] = try session.run(table).scalars()
        #expect(largestDifference(found, expected.var.floats) < 1e-5, "\(item.optimizer)")
        for (slot, value) in expected.slots {
          let variable = try #require(optimizer.slot(slot, of: table))
          let found: [Float] = try session.run(variable).scalars()
          #expect(largestDifference(found, value.floats) < 1e-5, "\(item.optimizer) slot \(slot)")
        }
      }
    }
  }

  struct TrainingFile: Decodable {
    struct Run: Decodable {
      let optimizer: String
      let lossBeforeEachStep: [JSONNumber]
      let final: [String: JSONTensor]
    }
    let x: JSONTensor
    let y: JSONTensor
    let initial: [String: JSONTensor]
    let runs: [Run]
  }

  @Test func fortyStepsGoAsInTensorFlow() throws {
    let file = try Fixture.json(TrainingFile.self, "numerics/training.json")
    var compared = 0
    for run in file.runs {
      let tf = Graph()
      let x = try tf.placeholder(.float32, shape: [nil, 6])
      let y = try tf.placeholder(.int64, shape: [nil])
      var variables: [String: Variable] = [:]
      for name in ["w1", "b1", "w2", "b2"] {
        variables[name] = try tf.variable(#require(file.initial[name]).tensor, name: name)
      }
      let (w1, b1) = (try #require(variables["w1"]), try #require(variables["b1"]))
      let (w2, b2) = (try #require(variables["w2"]), try #require(variables["b2"]))
      let hidden = try tf.relu(tf.matmul(x, w1) + b1)
      let logits = try tf.matmul(hidden, w2) + b2
      let loss = try tf.reduceMean(tf.sparseSoftmaxCrossEntropy(labels: y, logits: logits)) + 0.001 * tf.l2Loss(w1)
      let step = try tf.globalStep()
      let optimizer: Optimizer
      switch run.optimizer {
      case "GradientDescent(0.1)": optimizer = GradientDescentOptimizer(learningRate: 0.1)
      case "Momentum(0.05, 0.9)": optimizer = MomentumOptimizer(learningRate: 0.05, momentum: 0.9)
      case "Adam(0.01)": optimizer = AdamOptimizer(learningRate: 0.01)
      case "Adagrad(0.1)": optimizer = try AdagradOptimizer(learningRate: 0.1)
      case "AdagradDA(0.1)": optimizer = try AdagradDAOptimizer(learningRate: 0.1, globalStep: step)
      case "Ftrl(0.1)": optimizer = try FtrlOptimizer(learningRate: 0.1)
      case "RMSProp(0.01)": optimizer = RMSPropOptimizer(learningRate: 0.01)
      default: continue
      }
      compared += 1
      let train = try optimizer.minimize(loss, globalStep: step)
      let session = tf.makeSession()
      try session.run(tf.globalVariablesInitializer())
      let data = LabelledImages(images: try file.x.tensor, labels: try file.y.tensor)
      var losses: [Float] = []
      for step in 0..<40 {
        let batch = data.rows((0..<8).map { (step * 8 + $0) % 24 })
        losses.append(try session.run(train, fetching: [loss], feeds: [x: batch.images, y: batch.labels])[0].scalar())
      }
      let expected = run.lossBeforeEachStep.map { Float($0.double) }
      #expect(largestDifference(losses, expected) < 1e-5, "\(run.optimizer)")
      for (name, value) in run.final {
        let found: [Float] = try session.run(#require(variables[name])).scalars()
        #expect(largestDifference(found, value.floats) < 1e-4, "\(run.optimizer) \(name)")
      }
    }
    #expect(compared == 7)
  }

  @Test func mistakesAreReportedAsInTensorFlow() throws {
    let tf = Graph()
    let v = try tf.variable([1.0, 2.0], name: "v")
    let other = try tf.variable([1.0], name: "other")
    let optimizer = GradientDescentOptimizer(learningRate: 0.1)
    #expect(throws: BuildError.value("No variables to optimize.")) {
      try optimizer.computeGradients(tf.reduceSum(v), variables: [])
    }
    #expect(throws: BuildError.value("No variables provided.")) { try optimizer.applyGradients([]) }
    let wholeNumber = try tf.constant(3, name: "three")
    #expect(throws: BuildError.self) { try optimizer.minimize(wholeNumber) }
    let error = #expect(throws: BuildError.self) { try optimizer.minimize(tf.reduceSum(v), variables: [other]) }
    #expect(error?.message.hasPrefix("No gradients provided for any variable, check your graph") == true)
    _ = try tf.createGlobalStep()
    #expect(throws: BuildError.value("\"global_step\" already exists.")) { try tf.createGlobalStep() }
  }

  struct ScheduleFile: Decodable {
    struct Decay: Decodable {
      let learningRate: Double
      let decaySteps: Int
      let decayRate: Double
      let staircase: Bool
      let globalStep: [Int64]
      let value: [JSONNumber]
    }
    let exponentialDecay: [Decay]
  }

  @Test func learningRatesFallAsInTensorFlow() throws {
    for decay in try Fixture.json(ScheduleFile.self, "numerics/schedules.json").exponentialDecay {
      let tf = Graph()
      let step = try tf.globalStep()
      let rate = try tf.exponentialDecay(
        decay.learningRate, globalStep: step, decaySteps: decay.decaySteps, decayRate: decay.decayRate,
        staircase: decay.staircase)
      let session = tf.makeSession()
      let found: [Float] = try decay.globalStep.map { number in
        try session.run(rate, feeds: [step.value: Tensor(number)]).scalar()
      }
      #expect(largestDifference(found, decay.value.map { Float($0.double) }, floor: 1e-9) < 1e-5)
    }
  }
}
