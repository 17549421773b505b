import Testing

@testable import Records

@Suite struct ByteTextTests {
  @Test func whatIsTextStaysAsItIs() {
    for text in ["", "loss", "Größe", "e\u{301}", "訓練", "🏃", "a\u{FFFD}b", "\u{FFFD}E", "\u{FFFD}e9"] {
      #expect(Array(ByteText.text(text.utf8).utf8) == Array(text.utf8))
      #expect(ByteText.bytes(text) == Array(text.utf8))
    }
  }

  @Test func bytesThatAreNoTextAreShownByTheirValue() {
    #expect(ByteText.text([0x63, 0x61, 0x66, 0xE9]) == "caf\u{FFFD}E9")
    #expect(ByteText.text([0xFF, 0xFE]) == "\u{FFFD}FF\u{FFFD}FE")
    #expect(ByteText.text([0x61, 0, 0x62]) == "a\u{FFFD}00b")
    #expect(ByteText.bytes("caf\u{FFFD}E9") == [0x63, 0x61, 0x66, 0xE9])
    // A text that looks like an escape is told from one.
    let lookalike = Array("caf\u{FFFD}E9".utf8)
    #expect(ByteText.text(lookalike) == "caf\u{FFFD}EF\u{FFFD}BF\u{FFFD}BDE9")
    #expect(ByteText.bytes(ByteText.text(lookalike)) == lookalike)
  }

  @Test func anyBytesComeBack() {
    var random = SplitMix(state: 21)
    // Few values, so that marks, digits and halves of characters meet.
    let values: [UInt8] = [0, 0x30, 0x41, 0x45, 0x39, 0xEF, 0xBF, 0xBD, 0xC3, 0xA9, 0xFF, 0xF0, 0x9F]
    var texts: [String: [UInt8]] = [:]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...9, using: &random)).map { _ in values.randomElement(using: &random)! }
      let text = ByteText.text(bytes)
      #expect(ByteText.bytes(text) == bytes)
      #expect(texts[text] == nil || texts[text] == bytes)
      texts[text] = bytes
      let isName = !text.utf8.contains(0)
      #expect(isName)
    }
  }

  @Test func fileNamesReachTheSystemAsTheirBytes() {
    func length(_ name: UnsafePointer<CChar>) -> Int { String(cString: name).utf8.count }
    #expect(
      ByteText.withFileName("/a\u{FFFD}E9b") { name in (0..<5).map { UInt8(bitPattern: name[$0]) } }
        == [0x2F, 0x61, 0xE9, 0x62, 0])
    #expect(ByteText.withFileName("/tmp", length) == 4)
  }
}
