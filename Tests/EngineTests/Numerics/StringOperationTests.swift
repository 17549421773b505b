import Tensors
import Testing

@testable import Engine

/// Operations on byte strings; results are those of TensorFlow 1.15.
@Suite struct StringOperationTests {
  private func run(
    _ op: String, _ inputs: [Tensor], _ attributes: [String: AttributeValue] = [:]
  ) throws -> [Tensor] {
    let g = GraphMaker()
    return try Session(graph: g.graph).run(
      g.all(op, inputs.map { try g.constant($0) }, attributes: attributes))
  }

  private func strings(_ texts: [String], shape: Shape? = nil) -> Tensor {
    Tensor(strings: texts.map { Array($0.utf8) }, shape: shape ?? [texts.count])
  }

  @Test func numbersBecomeStringsAndBack() throws {
    #expect(try run("AsString", [Tensor([1, -20] as [Int32])])[0] == strings(["1", "-20"]))
    #expect(try run("AsString", [Tensor([1.5, -0.25] as [Float])])[0] == strings(["1.500000", "-0.250000"]))
    #expect(
      try run("AsString", [Tensor([1.5] as [Float])], ["precision": .int(2), "width": .int(6), "fill": .string("0")])[0]
        == strings(["001.50"]))
    #expect(try run("AsString", [Tensor([true, false])])[0] == strings(["true", "false"]))
    #expect(try run("StringToNumber", [strings(["1.5", " -2e3 "])])[0] == Tensor([1.5, -2000] as [Float]))
    #expect(throws: EngineError.self) { try run("StringToNumber", [strings(["1.5x"])]) }
  }

  @Test func joiningFollowsTheOrderOfAxes() throws {
    let letters = strings(["a", "b", "c", "d"], shape: [2, 2])
    func joined(_ axes: [Int32]) throws -> Tensor {
      try run("ReduceJoin", [letters, Tensor(axes, shape: [axes.count])])[0]
    }
    #expect(try joined([0]) == strings(["ac", "bd"]))
    #expect(try joined([-1]) == strings(["ab", "cd"]))
    #expect(try joined([0, 1]) == Tensor("acbd"))
    #expect(try joined([1, 0]) == Tensor("abcd"))
  }

  @Test func partsAreTakenAndSplit() throws {
    let words = strings(["hello", "world"])
    #expect(try run("Substr", [words, Tensor(Int32(1)), Tensor(Int32(3))])[0] == strings(["ell", "orl"]))
    #expect(try run("Substr", [words, Tensor(Int32(-2)), Tensor(Int32(9))])[0] == strings(["lo", "ld"]))
    #expect(throws: EngineError.self) { try run("Substr", [words, Tensor(Int32(6)), Tensor(Int32(1))]) }
    let parts = try run("StringSplit", [strings(["a b", " c"]), Tensor(" ")])
    #expect(parts[0] == Tensor([0, 0, 0, 1, 1, 0] as [Int64], shape: [3, 2]))
    #expect(parts[1] == strings(["a", "b", "c"]) && parts[2] == Tensor([2, 2] as [Int64]))
    let python = try run("StringSplitV2", [strings(["a,,b"]), Tensor(",")])
    #expect(python[1] == strings(["a", "", "b"]))
    #expect(try run("StringLength", [strings(["né"])])[0] == Tensor([3] as [Int32]))
    #expect(try run("StringLength", [strings(["né"])], ["unit": .string("UTF8_CHAR")])[0] == Tensor([2] as [Int32]))
  }

  @Test func lettersAndCodes() throws {
    #expect(try run("StringUpper", [strings(["aé"])])[0] == strings(["Aé"]))
    #expect(try run("StringUpper", [strings(["aé"])], ["encoding": .string("utf-8")])[0] == strings(["AÉ"]))
    #expect(try run("StringStrip", [strings([" a b\n"])])[0] == strings(["a b"]))
    let bytes = Tensor(strings: [[251, 255, 0]], shape: [1])
    let coded = try run("EncodeBase64", [bytes])[0]
    #expect(coded == strings(["-_8A"]))
    #expect(try run("DecodeBase64", [coded])[0] == bytes)
  }
}
