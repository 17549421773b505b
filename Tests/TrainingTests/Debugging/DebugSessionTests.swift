import Engine
import Foundation
import Tensors
import Testing

@testable import Training

/// The model and the run that TensorFlow's own debugger was recorded at: `w = [1, -1]`, and the logarithm of `w * x`.
@Suite struct DebugSessionTests {
  struct Expected: Decodable {
    struct Dump: Decodable {
      let node: String
      let slot: Int
      let op: String
      let value: JSONTensor
      let hasInfOrNan: Bool
    }
    struct Edges: Decodable {
      let op: String
      let inputs: [String]
      let recipients: [String]
    }
    let dumpedTensorsSortedByName: [Dump]
    let nodesPassingHasInfOrNanInTimeOrder: [String]
    let nodes: [String: Edges]
  }

  /// Runs the model once in a debugger that is typed `lines`.
  private func debug(_ lines: [String], dumpRoot: String? = nil) throws -> (ScriptedInterface, DebugSession) {
    let graph = Graph()
    let saver = try #require(try graph.importMetaGraph(Fixture.path("tfdbg/model.meta")))
    let session = graph.makeSession()
    try saver.restore(session, from: Fixture.path("tfdbg/model"))
    let interface = ScriptedInterface(lines)
    let debugged = DebugSession(session, interface: interface, dumpRoot: dumpRoot)
    let fetches = [try graph.element(named: "loss:0"), try graph.element(named: "GradientDescent")]
    let x = try graph.output(named: "x:0")
    do {
      _ = try debugged.run(fetches, feeds: [x: Tensor([1, 2] as [Float])])
    } catch is DebuggerExit {}
    return (interface, debugged)
  }

  @Test func dumpsAreThoseOfTensorFlowsDebugger() throws {
    let expected = try Fixture.json(Expected.self, "tfdbg/expected.json")
    let run = try #require(try debug(["run", "exit"]).1.lastRun)
    var compared = 0
    for dump in expected.dumpedTensorsSortedByName {
      // TensorFlow's optimizer put a constant there before the run.
      guard dump.node != "gradients/AddN" || run.node(dump.node)?.op == "Const" else { continue }
      let found = try #require(run.tensors(node: dump.node, slot: dump.slot).first, "\(dump.node)")
      let value = try #require(found.value)
      #expect(found.op == dump.op)
      #expect(NumPyText().array(value) == NumPyText().array(try dump.value.tensor), "\(dump.node)")
      #expect(hasInfOrNaN(found) == dump.hasInfOrNan)
      compared += 1
    }
    #expect(compared >= 14)
    let passing = run.tensors.filter(hasInfOrNaN).map(\.node)
    #expect(
      passing.filter { expected.nodesPassingHasInfOrNanInTimeOrder.contains($0) }
        == expected.nodesPassingHasInfOrNanInTimeOrder)
    for (name, edges) in expected.nodes {
      let node = try #require(run.node(name))
      #expect(node.op == edges.op)
      #expect(node.inputs.map(\.node) == edges.inputs)
      #expect(
        run.recipients(of: name).map(\.name).filter { !$0.hasPrefix("gradients/") }
          == edges.recipients.filter { !$0.hasPrefix("_retval") })
    }
  }

  @Test func commandsAnswerInTensorFlowsWords() throws {
    let (interface, _) = try debug([
      "r -f has_inf_or_nan", "ni Discrim/add_2", "li Discrim/logit", "pt Discrim/logit:0", "pt Discrim/logit:0[0]",
      "pt nope:0", "ni nope", "pf x:0", "zzz", "lt -n .*logit$", "lt -t Add -s tensor_name -r", "first_offending_op",
      "lo -t -d 2 -r Discrim/mul", "ni -a Discrim/logit", "exit",
    ])
    let answers = Array(interface.answers.dropFirst(3))
    #expect(answers[0].hasPrefix("run-end: run #1: 2 fetches; 1 feed (x:0)\n"))
    #expect(answers[0].contains("dumped tensor(s) passing filter \"has_inf_or_nan\":"))
    #expect(
      answers[1].hasPrefix(
        """
        Node Discrim/add_2

          Op: Add
          Device: /job:localhost/replica:0/task:0/device:CPU:0

          2 input(s) + 0 control input(s):
            2 input(s):
              [AddV2] Discrim/add
              [Log] Discrim/logit


        """), "\(answers[1])")
    #expect(answers[1].contains("      [Sum] loss\n"))
    #expect(
      answers[2] == """
        Inputs to node "Discrim/logit" (Depth limit = 1):
        |- (1) Discrim/mul
           |- ...

        Legend:
          (d): recursion depth = d.

        """)
    #expect(
      answers[3] == """
        Tensor "Discrim/logit:0:DebugIdentity":
          dtype: float32
          shape: (2,)

        array([ 0., nan], dtype=float32)

        """)
    #expect(answers[4] == "Tensor \"Discrim/logit:0:DebugIdentity[0]\":\n\n0.0\n")
    #expect(answers[5] == "ERROR: Node \"nope\" does not exist in partition graphs\n")
    #expect(answers[6] == "ERROR: There is no node named \"nope\" in the partition graphs\n")
    #expect(answers[7].hasPrefix("Tensor \"x:0 (feed)\":") && answers[7].contains("array([1., 2.], dtype=float32)"))
    #expect(answers[8] == "ERROR: Invalid command prefix \"zzz\"\n")
    #expect(
      answers[9].hasPrefix("1 dumped tensor(s):\nNode name regex filter: \".*logit$\"\n\nt (ms)"), "\(answers[9])")
    let sorted = answers[10].split(separator: "\n").dropFirst(3).map { $0.split(separator: " ").last ?? "" }
    #expect(sorted == sorted.sorted().reversed() && sorted.count >= 2)
    #expect(
      answers[11].hasPrefix("'Discrim/logit' (Log) is the first op of the step that gave NaN or infinite values."))
    #expect(answers[11].contains("from Discrim/mul:0 float32[2]: 0 NaN, 0 infinite, min -2.0, max 1.0"))
    #expect(answers[12].contains("|- (1) [Log] Discrim/logit\n"))
    #expect(answers[13].contains("Node attributes:\n  T:\n    type: DT_FLOAT"))
    #expect(interface.isExhausted)
  }

  @Test func runsAreSkippedAndWatchedAsAsked() throws {
    let graph = Graph()
    let x = try graph.placeholder(.float32, shape: [], name: "x")
    let y = try graph.log(x, name: "y")
    let interface = ScriptedInterface(["run -n", "run -t 3", "run -f positive", "lt", "exit"])
    let debugged = DebugSession(graph.makeSession(), interface: interface)
    debugged.addFilter("positive") { $0.node == "y" && ($0.value?.scalar(Float.self) ?? 0) > 2 }
    func run(_ value: Float) throws -> Float? {
      try debugged.run([.output(y)], feeds: [x: Tensor(value)])[0]?.scalar(Float.self)
    }
    #expect(try run(1) == 0)
    #expect(debugged.lastRun == nil)
    #expect(try run(1) == 0)
    #expect(try run(1) == 0)
    #expect(debugged.lastRun == nil)
    #expect(try run(1) == 0)
    #expect(debugged.lastRun?.number == 4)
    // `run -f positive` was typed after it: no question until a tensor passes.
    #expect(try run(2) == Float(0.6931472))
    #expect(throws: DebuggerExit.self) { try run(10) }
    #expect(debugged.lastRun?.number == 6)
    #expect(interface.isExhausted)
    #expect(interface.output.contains("1 dumped tensor(s) passing filter \"positive\":"))
  }

  @Test func aFailedRunShowsWhatRanBefore() throws {
    let graph = Graph()
    let x = try graph.placeholder(.float32, shape: [nil], name: "x")
    let y = try graph.placeholder(.float32, shape: [nil], name: "y")
    let sum = try graph.add(graph.square(x, name: "square"), y, name: "sum")
    let interface = ScriptedInterface(["run", "lt", "run"])
    let debugged = DebugSession(graph.makeSession(), interface: interface)
    #expect(throws: EngineError.self) {
      try debugged.run([.output(sum)], feeds: [x: Tensor([1, 2] as [Float]), y: Tensor([1, 2, 3] as [Float])])
    }
    #expect(interface.output.contains("The run failed:"))
    #expect(debugged.lastRun?.tensors.map(\.name) == ["x:0", "y:0", "square:0"])
  }

  @Test func theWordBeingTypedIsCompleted() throws {
    let run = try #require(try debug(["run", "exit"]).1.lastRun)
    let shell = DebuggerShell(run: run, filters: [("has_inf_or_nan", hasInfOrNaN)])
    #expect(shell.completions(line: "", word: "list_t") == ["list_tensors"])
    #expect(shell.completions(line: "pt ", word: "Discrim/lo") == ["Discrim/logit:0"])
    #expect(
      shell.completions(line: "ni -a ", word: "Discrim/add") == ["Discrim/add", "Discrim/add/y", "Discrim/add_2"])
    #expect(shell.completions(line: "lt -f ", word: "has") == ["has_inf_or_nan"])
    #expect(shell.completions(line: "pf ", word: "") == ["x:0"])
  }
}
