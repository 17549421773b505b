import Foundation
import Testing

@testable import Server

@Suite struct JSONWriterTests {
  private func written(_ write: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    write(&json)
    return json.text
  }

  @Test func objectsAndArraysNestWithCommasBetween() {
    let text = written {
      $0.object {
        $0.member("a", 1)
        $0.member("b") { $0.array([1.5, 2]) { $0.value($1) } }
        $0.member("c") { $0.object { _ in } }
        $0.member("d") { $0.array { _ in } }
        $0.member("e", true)
        $0.member("f", Optional<Int>.none)
        $0.member("g", ["x", "y"])
      }
    }
    #expect(text == #"{"a":1,"b":[1.5,2.0],"c":{},"d":[],"e":true,"f":null,"g":["x","y"]}"#)
  }

  @Test func nonFiniteNumbersAreStrings() {
    let text = written { $0.array([Double.nan, .infinity, -.infinity]) { $0.value($1) } }
    #expect(text == #"["NaN","Infinity","-Infinity"]"#)
    #expect(written { $0.array([Float.nan, -.infinity]) { $0.value($1) } } == #"["NaN","-Infinity"]"#)
  }

  @Test(arguments: [
    0.1, -0.0, 1e300, 5e-324, .greatestFiniteMagnitude, 1 / 3, 123_456_789_012_345_678, .ulpOfOne,
  ])
  func float64ReadsBackExactly(number: Double) throws {
    let text = written { $0.value(number) }
    let read = try #require(Double(text))
    #expect(read.bitPattern == number.bitPattern)
    let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? Double
    #expect(parsed == number)
  }

  @Test func float32ReadsBackExactlyAndShort() {
    #expect(written { $0.value(Float(0.1)) } == "0.1")
    var bits: UInt32 = 1
    for _ in 0..<2_000 {
      bits = bits &* 1_664_525 &+ 1_013_904_223
      let number = Float(bitPattern: bits)
      guard number.isFinite else { continue }
      #expect(Float(written { $0.value(number) })?.bitPattern == bits)
    }
  }

  @Test(arguments: [
    "", "loss", "Ünïcode 漢字 🙂", "a\"b\\c", "\u{0}\u{1}\u{1F}\u{7F}", "tab\tline\nreturn\r", "</script><b>&amp;",
    "\u{2028}\u{202E}",
  ])
  func textReadsBackExactly(text: String) throws {
    let json = written { $0.value(text) }
    let parsed = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed) as? String
    #expect(parsed.map { Array($0.utf8) } == Array(text.utf8))
    #expect(!json.contains("<") && !json.contains(">") && !json.contains("&"))
  }

  @Test func largestIntegersPrintInFull() {
    #expect(written { $0.array([Int64.min, .max]) { $0.value($1) } } == "[\(Int64.min),\(Int64.max)]")
    #expect(written { $0.value(UInt64.max) } == "18446744073709551615")
  }
}
