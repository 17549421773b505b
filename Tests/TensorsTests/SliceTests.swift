import Testing

@testable import Tensors

struct SliceTests {
  private func slice(_ text: String, _ tensor: Tensor) throws -> Tensor {
    tensor.sliced(try ResolvedSlice(SliceRange.parse(text), of: tensor.shape))
  }

  private let matrix = Tensor((0..<12).map(Int32.init), shape: [3, 4])

  @Test(arguments: [
    ("", [3, 4], Array(0..<12)), (":", [3, 4], Array(0..<12)), ("1", [4], [4, 5, 6, 7]), ("-1", [4], [8, 9, 10, 11]),
    ("0:2,:,", [], []), (":,1", [3], [1, 5, 9]), ("...,1", [3], [1, 5, 9]), ("1,...", [4], [4, 5, 6, 7]),
    ("0:10,:2", [3, 2], [0, 1, 4, 5, 8, 9]), ("::2,::-1", [2, 4], [3, 2, 1, 0, 11, 10, 9, 8]), ("2,3", [], [11]),
    ("[ -2: , 1:-1 ]", [2, 2], [5, 6, 9, 10]), ("2:1", [0, 4], []), ("::-2,0", [2], [8, 0]),
    (":,-100:100:3", [3, 2], [0, 3, 4, 7, 8, 11]), ("5:", [0, 4], []), ("3::-1,0", [3], [8, 4, 0]),
  ]) func slicesFollowPython(_ text: String, _ shape: [Int], _ values: [Int]) throws {
    if text.hasSuffix(",") {
      #expect(throws: SliceError.self) { try slice(text, matrix) }
      return
    }
    let result = try slice(text, matrix)
    #expect(result.shape.dimensions == shape)
    #expect(result.scalars(Int32.self).map(Int.init) == values)
  }

  @Test(arguments: [
    ("1,2,3", "2"), ("3", "outside"), ("-4", "outside"), ("a", "not a number"), ("1:2:3:4", "colons"), ("::0", "step"),
    ("[1", "bracket"), ("...,...", "once"), ("1,,2", "empty"), ("99999999999999999999", "not a number"),
  ]) func errorsSayWhatIsWrong(_ text: String, _ reason: String) {
    #expect {
      try slice(text, matrix)
    } throws: { "\($0)".contains(reason) }
  }

  @Test func extremeNumbersNeverTrap() throws {
    for text in [
      "\(Int.min)::\(Int.min)", "\(Int.max):\(Int.min):-1", "::\(Int.max)", "\(Int.min):\(Int.max)", "\(Int.max)",
    ] {
      for shape in [[3], [0], [Int.max]] as [Shape] { _ = try? ResolvedSlice(SliceRange.parse(text), of: shape) }
    }
    #expect(try ResolvedSlice(SliceRange.parse("::\(Int.min)"), of: [3]).axes == [.init(start: 2, count: 1)])
  }

  @Test func aScalarAndStringsCanBeSliced() throws {
    #expect(try slice("", Tensor(Float(2))).scalars(Float.self) == [2])
    #expect(throws: SliceError.self) { try slice("0", Tensor(Float(2))) }
    let names = Tensor(strings: ["a", "b", "c"].map { Array($0.utf8) }, shape: [3])
    #expect(try slice("1:", names).strings == [Array("b".utf8), Array("c".utf8)])
  }

  @Test func rangesPrintAsTheyAreWritten() throws {
    #expect(try SliceRange.parse("0:10,:,3,...,::-1").map(\.description) == ["0:10", ":", "3", "...", "::-1"])
  }
}
