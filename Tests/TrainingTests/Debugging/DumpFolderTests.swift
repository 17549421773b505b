import Engine
import Foundation
import Tensors
import Testing

@testable import Training

@Suite struct DumpFolderTests {
  private func recordedRun() throws -> (Graph, DebugRun) {
    let graph = Graph()
    let x = try graph.placeholder(.float32, shape: [2], name: "in/x")
    let text = try graph.constant(Tensor(strings: [[1, 2], []], shape: [2]), name: "text")
    let w = try graph.variable(Tensor([1, 2] as [Float]), name: "w")
    let product = try graph.multiply(w, x, name: "a/product")
    let session = graph.makeSession()
    try session.run(graph.globalVariablesInitializer())
    let recorder = RunRecorder()
    let fetches: [GraphElement] = [.output(product), .output(text)]
    let feeds = [x: Tensor([.nan, 3] as [Float])]
    _ = try session.run(fetches, feeds: feeds, observer: recorder)
    return (graph, recorder.debugRun(number: 7, fetches: fetches, feeds: feeds, error: nil))
  }

  @Test func aWrittenRunReadsBack() throws {
    let (graph, run) = try recordedRun()
    let folder = TemporaryFolder()
    try DumpFolder.write(run, of: graph, to: folder.path)
    let (back, problems) = try DumpFolder.read(folder.path)
    #expect(problems.isEmpty)
    #expect(back.number == 7)
    #expect(back.fetches.sorted() == run.fetches.sorted())
    #expect(back.feeds.map(\.name) == ["in/x:0"])
    #expect(back.nodes.map(\.name).sorted() == run.nodes.map(\.name).sorted())
    #expect(back.tensors.map(\.name) == run.tensors.map(\.name))
    for (one, other) in zip(run.tensors, back.tensors) {
      #expect(one.timestamp == other.timestamp)
      #expect(one.op == other.op)
      #expect(one.value.map(NumPyText().array) == other.value.map(NumPyText().array), "\(one.name)")
    }
  }

  @Test func oneDamagedDumpHidesNoOther() throws {
    let (graph, run) = try recordedRun()
    let folder = TemporaryFolder()
    try DumpFolder.write(run, of: graph, to: folder.path)
    let device = folder.path + "/_tfdbg_device_,job_localhost,replica_0,task_0,device_CPU_0"
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: device + "/a").first)
    try Data([0xff, 0xff, 0xff]).write(to: URL(fileURLWithPath: device + "/a/" + name))
    try Data().write(to: URL(fileURLWithPath: device + "/stray"))
    let (back, problems) = try DumpFolder.read(folder.path)
    #expect(back.tensors.count == run.tensors.count - 1)
    #expect(problems.map { ($0.path as NSString).lastPathComponent }.sorted() == [name, "stray"].sorted())
    #expect(throws: DumpFolder.DumpError.self) { try DumpFolder.read(folder.path + "/nowhere") }
  }

  @Test func namesThatClimbOutAreNotWritten() throws {
    let (graph, run) = try recordedRun()
    let folder = TemporaryFolder()
    let hostile = DebugRun(
      number: 1, fetches: [], feeds: [],
      tensors: run.tensors + [DumpedTensor(node: "a/../../../out", slot: 0, op: "", value: nil, timestamp: 1)],
      nodes: run.nodes)
    try DumpFolder.write(hostile, of: graph, to: folder.path + "/inner")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["inner"])
    #expect(try DumpFolder.read(folder.path + "/inner").run.tensors.count == run.tensors.count)
  }
}
