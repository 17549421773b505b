import Synchronization
import Testing

@testable import Training

@Suite struct ProgressBarTests {
  @Test func linesAreWrittenOnceATenth() {
    let text = Mutex("")
    var bar = ProgressBar(total: 100, style: .lines) { part in text.withLock { $0 += part } }
    for step in 1...100 { bar.update(step, detail: "loss \(step)") }
    bar.finish()
    let lines = text.withLock { $0 }.split(separator: "\n")
    #expect(lines.count == 10)
    #expect(lines.first == "step 10 of 100  loss 10")
    #expect(lines.last == "step 100 of 100  loss 100")
  }

  @Test func theBarFitsTheTerminal() {
    #expect(ProgressBar.line(done: 5, total: 10, detail: "loss 1", columns: 30) == "[#######.......] 5/10  loss 1")
    let narrow = ProgressBar.line(done: 5, total: 10, detail: String(repeating: "x", count: 90), columns: 40)
    #expect(narrow.count <= 39)
  }

  @Test func theLastStepIsAlwaysDrawn() {
    let text = Mutex("")
    var bar = ProgressBar(total: 3, style: .bar(columns: 60)) { part in text.withLock { $0 += part } }
    for step in 1...3 { bar.update(step, detail: "") }
    bar.message("saved")
    bar.finish()
    let written = text.withLock { $0 }
    #expect(written.contains("3/3"))
    #expect(written.hasSuffix("saved\n"))
  }
}
