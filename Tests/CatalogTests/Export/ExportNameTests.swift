import Foundation
import Testing

@testable import Catalog

/// File names for names that come out of files.
@Suite struct ExportNameTests {
  @Test(arguments: [
    ("loss", "loss"), ("loss/train", "loss%2Ftrain"), ("..", "%2E%2E"), (".", "%2E"), (".hidden", "%2Ehidden"),
    ("", "%"),
    ("a b", "a b"), (" a ", "%20a%20"), ("-rf", "%2Drf"), ("50%", "50%25"), ("a\\b", "a%5Cb"), ("a:b", "a%3Ab"),
    ("a\u{0}b", "a%00b"), ("a\nb", "a%0Ab"), ("\u{1b}[31m", "%1B[31m"), ("Größe", "Größe"), ("損失", "損失"), ("🎉", "🎉"),
    ("a\u{202e}b", "a%E2%80%AEb"), ("e\u{301}", "e%CC%81"), ("CON", "%43ON"), ("nul.txt", "%6Eul.txt"),
    ("console", "console"),
    ("~", "%7E"), ("$HOME", "%24HOME"), ("a\u{fffd}", "a\u{fffd}"), ("a.", "a%2E"), ("v1.2", "v1.2"),
  ])
  func `names become safe components of a path`(_ name: String, _ wanted: String) {
    #expect(Array(ExportName.component(name).utf8) == Array(wanted.utf8))
  }

  @Test func `runs become folders that never look like files`() {
    #expect(ExportName.folders(run: ".") == [])
    #expect(ExportName.folders(run: "a/b") == ["a", "b"])
    #expect(ExportName.folders(run: "../../etc") == ["%2E%2E", "%2E%2E", "etc"])
    #expect(ExportName.folders(run: "/etc//x") == ["%", "etc", "%", "x"])
    #expect(ExportName.folders(run: "a/loss.csv") == ["a", "loss%2Ecsv"])
    #expect(ExportName.folder("x.PNG") == "x%2EPNG")
  }

  @Test func `long names are cut, and stay different`() {
    let long = String(repeating: "a", count: 5000)
    let name = ExportName.component(long)
    #expect(name.utf8.count <= 180 && name != ExportName.component(long + "b"))
    #expect(ExportName.component(String(repeating: "損", count: 3000)).utf8.count <= 180)
  }

  @Test func `values are named by step`() {
    #expect(ExportName.value(step: 100, occurrence: 0, part: nil) == "step_00000100")
    #expect(ExportName.value(step: -5, occurrence: 0, part: nil) == "step_-00000005")
    #expect(ExportName.value(step: .min, occurrence: 0, part: nil) == "step_-9223372036854775808")
    #expect(ExportName.value(step: 7, occurrence: 1, part: 2) == "step_00000007-2_2")
  }

  @Test func `any name is one safe component, and different names are different ones`() {
    var generator = SeededGenerator(seed: 7)
    let alphabet: [Unicode.Scalar] = [
      "/", ".", "%", "\\", "\u{0}", "a", "b", "~", "\n", " ", "-", "é", "\u{301}", "\u{212b}", "Å",
    ]
    var seen: [[UInt8]: [UInt8]] = [:]
    for _ in 0..<20_000 {
      var name = ""
      for _ in 0..<Int.random(in: 0...6, using: &generator) {
        name.unicodeScalars.append(alphabet.randomElement(using: &generator)!)
      }
      let component = ExportName.component(name)
      let bytes = Array(component.utf8)
      #expect(!bytes.isEmpty && bytes.count < 256 && !bytes.contains(0) && !bytes.contains(0x2f))
      #expect(component != "." && component != ".." && !component.hasPrefix("-"))
      #expect(seen[bytes] == nil || seen[bytes] == Array(name.utf8), "\(name) and another are \(component)")
      seen[bytes] = Array(name.utf8)
    }
  }
}
