import Foundation
import Testing

/// Runs every example as its own program, and looks at what it says.
@Suite struct ExamplesTests {
  /// Runs an example; answers its lines, at least `count` of them.
  private func lines(_ arguments: String..., count: Int) throws -> [String] {
    // A file rather than a pipe: reading it is not interrupted by the end of the program.
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("example-\(UUID().uuidString).txt").path
    try #require(FileManager.default.createFile(atPath: path, contents: nil))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let output = try #require(FileHandle(forWritingAtPath: path))
    let process = Process()
    process.executableURL = try program()
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    try output.close()
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    #expect(process.terminationStatus == 0, "\(arguments): \(text)")
    let lines = text.split(separator: "\n").map(String.init)
    try #require(lines.count >= count, "\(arguments): \(text)")
    return lines
  }

  /// The program stands beside the tests' own bundle.
  private func program() throws -> URL {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for _ in 0..<6 {
      let candidate = folder.appendingPathComponent("trainscope-examples")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    throw CocoaError(.fileNoSuchFile)
  }

  @Test func variablesAreMade() throws {
    let lines = try lines("create-variables", count: 6)
    #expect(lines[0] == "not initialized: weights, biases, halved, steps, ramp, turned")
    #expect(lines[1] == "not initialized: 0 variables")
    #expect(lines.contains("biases are all 0: true"))
    #expect(lines.contains("ramp: [1.0, 2.0, 3.0, 3.0], the last value repeats"))
    #expect(lines.last == "steps counted: 3")
  }

  @Test func aModelIsSavedAndRestored() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("examples-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let lines = try lines("save-and-restore", "--directory", folder, count: 3)
    #expect(lines[0].hasPrefix("trained: "))
    #expect(lines[1].hasPrefix("restored at step 60: loss "))
    #expect(lines[2] == "kept: 2 checkpoints")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(
      files.contains("line.ckpt-60.meta") && files.contains("checkpoint") && !files.contains("line.ckpt-20.index"))
  }

  @Test func variablesAreRenamed() throws {
    let lines = try lines("rename-variables", count: 4)
    #expect(lines[0] == #"saved: ["v1"]"#)
    #expect(lines[1] == "encoder/weights: [1.0, 2.0, 3.0]")
    #expect(lines.last?.contains("notFound") == true)
  }

  @Test func scopesNameAndShare() throws {
    let lines = try lines("variable-scopes", count: 8)
    #expect(lines[0].contains("vs/w:0") && lines[0].contains("ns/vs/v:0") && lines[0].contains("ns/vs/sum:0"))
    #expect(lines[1] == "shared: vs/w:0; ops stand in vs/")
    #expect(lines[2] == "made unique: layer/w:0" && lines[3] == "made unique: layer_1/w:0")
    #expect(lines.contains { $0.contains("already exists, disallowed") })
    #expect(lines.contains { $0.contains("does not exist, or was not created with tf.get_variable()") })
    #expect(lines.contains { $0.contains("specified shape (3,) and found shape (2,)") })
  }

  @Test func filtersAreShared() throws {
    let lines = try lines("shared-filters", count: 2)
    #expect(lines[0] == "variables: conv1/weights, conv1/biases, conv2/weights, conv2/biases")
    #expect(lines[1].hasSuffix("the difference is 0.0"))
  }

  @Test func anImportedGraphIsExtended() throws {
    let lines = try lines("extend-imported-graph", count: 3)
    #expect(lines[0] == "(5 + 5) * 1.5 = 15.0")
    #expect(lines[1] == "doubled: 30.0")
    #expect(lines[2].contains("refers to an Operation, not a Tensor"))
  }

  @Test func theSlimNetworkLearns() throws {
    let lines = try lines("slim-network", count: 2)
    #expect(lines == ["losses: 1, regularizers: 3, updates: 2", "test accuracy above 0.85: true"])
  }

  @Test func averagesAreKeptAndRestored() throws {
    let lines = try lines("moving-averages", count: 4)
    #expect(lines[0] == "w = 10.0")
    #expect(lines[1].hasPrefix("w/ExponentialMovingAverage = 9."))
    #expect(lines[2] == #"in the file: ["global_step", "w", "w/ExponentialMovingAverage"]"#)
    let average = lines[1].split(separator: " ").last
    #expect(lines[3].split(separator: " ").last == average)
  }

  @Test func examplesAreReadInBatches() throws {
    let lines = try lines("record-pipeline", "--examples", "30", "--epochs", "3", count: 4)
    #expect(
      lines == [
        "wrote 30 examples", "a batch of images: [16,2,3]", "6 batches, 30 labels", "every label came 3 times: true",
      ])
  }

  @Test func theOriginOfANaNIsFound() throws {
    let lines = try lines("debug-a-run", "--script", "run -f has_inf_or_nan; fo; pt scaled:0; exit", count: 10)
    #expect(lines.contains("2 dumped tensor(s) passing filter \"has_inf_or_nan\":"))
    #expect(lines.contains("'logarithm' (Log) is the first op of the step that gave NaN or infinite values."))
    #expect(lines.contains("array([1., 0.], dtype=float32)"))
    #expect(lines.contains("left the debugger"))
    #expect(lines.contains("At step 4 a value became NaN or infinite."))
  }
}
