import Foundation
import Testing

@testable import Catalog

@Suite struct FileInspectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The index of a checkpoint of two float tensors of shape [2], `a` and `b`, that claim 2^64-1 bytes each.
  private static let hugeIndex =
    "AAAGCAEaAggBAAETYQgBEgQSAggCKP///////////wEAARNiCAESBBICCAIo////////////AQAAAAABAAAAAEPNU1gAAAAAAQAA"
    + "AADA8qGwAAECYwA/AAAAAAEAAAAAatUUV0QIUQ4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABX+4CLJHVH2w=="
    + ""

  @Test func `sizes that do not add up to a number are counted as the most there is`() throws {
    try folder.write(Array(try #require(Data(base64Encoded: Self.hugeIndex))), to: "m.index")
    try folder.write([0, 0, 0, 0], to: "m.data-00000-of-00001")
    for path in ["m.index", "m", "."] {
      let answers = try FileInspection.inspect("\(folder.path)/\(path)")
      #expect(answers.count == 1)
      let answer = try #require(answers.first)
      #expect(answer.kind == "checkpoint" && !answer.ok && answer.skipped.count == 2)
      #expect(answer.bytesLost == .max)
    }
  }

  @Test func `a checkpoint is inspected inside its folder only`() throws {
    try folder.write(Array(try #require(Data(base64Encoded: Self.hugeIndex))), to: "out/m.index")
    try folder.write([], to: "root/notes.txt")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/root/m.index", withDestinationPath: "../out/m.index")
    let answers = try FileInspection.inspect("\(folder.path)/root")
    #expect(answers.count == 1 && answers.allSatisfy { !$0.ok && $0.skipped.isEmpty })
    #expect(answers.first?.message?.contains("leads out of the root") == true)
  }
}
