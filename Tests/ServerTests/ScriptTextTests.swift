import Testing

@testable import Server

@Suite struct ScriptTextTests {
  private func sent(_ script: String) -> String {
    String(decoding: ScriptText.withoutComments(Array(script.utf8)), as: UTF8.self)
  }

  @Test func commentLinesAreEmptiedAndLinesStayInPlace() {
    let script = "/**\n * Types.\n */\nlet a = 1;\n  // why\n/* one line */\nlet b = 2; // beside code\n"
    #expect(sent(script) == "\n\n\nlet a = 1;\n\n\nlet b = 2; // beside code\n")
  }

  @Test func codeIsNeverTouched() {
    let script =
      #"const url = "https://x"; const c = a /* mid */ + b;\#n/** @type {T} */ (x).y();\#n  const r = 4 / 2;"#
    #expect(sent(script) == script)
  }

  @Test func aCommentThatNeverEndsGivesWhatCameBefore() {
    #expect(sent("let a;\n/* open\nlet b;") == "let a;\n\n")
  }

  @Test func emptyScriptsAndBytesThatAreNoTextSurvive() {
    #expect(sent("") == "")
    let bytes: [UInt8] = [0xFF, 0x0A, 0x2F, 0x2F, 0xFE, 0x0A, 0xC0]
    #expect(ScriptText.withoutComments(bytes) == [0xFF, 0x0A, 0x0A, 0xC0])
  }
}
