import Engine
import Tensors
import Testing

@testable import Training

@Suite struct TracebackTests {
  private func scale(_ x: Output, in graph: Graph) throws -> Output { try graph.multiply(x, Float(2), name: "scaled") }

  @Test func nodesRememberWhereTheyWereMade() throws {
    let graph = Graph()
    let x = try graph.placeholder(.float32, shape: [], name: "x")
    #expect(x.node.traceback == nil, "only where asked for")
    graph.recordsTracebacks = true
    let y = try scale(x, in: graph)
    let frames = try #require(y.node.traceback).frames
    #expect(frames.first?.file.hasSuffix("TracebackTests.swift") == true)
    #expect(frames.first?.line == 8)
    #expect(frames.first?.function.contains("scale") == true)
    #expect(frames.dropFirst().first?.file.hasSuffix("TracebackTests.swift") == true)

    let session = graph.makeSession()
    let recorder = RunRecorder()
    _ = try session.run([.output(y)], feeds: [x: Tensor(Float(1))], observer: recorder)
    let run = recorder.debugRun(number: 1, fetches: [.output(y)], feeds: [:], error: nil)
    let shell = DebuggerShell(run: run, filters: [], readSource: { _ in "one\ntwo\n\n\n\n\n\neight" })
    func answer(_ line: String) throws -> String {
      shell.answer(try DebuggerCommand(line, definitions: DebuggerCommand.all))
    }
    let listing = try answer("ls")
    let row = listing.split(separator: "\n").first { $0.contains("TracebackTests.swift") }
    #expect(row?.hasSuffix("2 node(s), from line 8") == true, "\(listing)")
    #expect(try answer("ps TracebackTests.swift -b 7").hasSuffix("L7 \nL8 eight\n    scaled/y\n    scaled"))
    #expect(try answer("ni -t scaled").contains("  Line:     8\n"))
    #expect(try answer("ps Elsewhere.swift").hasPrefix("ERROR: No node was made in \"Elsewhere.swift\""))
  }
}
