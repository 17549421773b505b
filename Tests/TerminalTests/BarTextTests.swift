import Terminal
import Testing

@Suite struct BarTextTests {
  @Test(arguments: [
    (1.0, "████"), (0.5, "██"), (0, ""), (0.25, "█"), (0.28125, "█▏"), (1e-9, "▏"), (2, "████"), (-1, ""), (.nan, ""),
    (0.96875, "███▉"),
  ]) func `bars are drawn in eighths`(fraction: Double, text: String) {
    #expect(BarText.bar(fraction, width: 4) == text)
  }

  @Test func `columns are as high as their part of the highest`() {
    #expect(BarText.columns([0, 1, 2, 4, 8, 0.001]) == " ▁▂▄█▁")
    #expect(BarText.columns([0, 0]) == "  " && BarText.columns([]) == "")
    #expect(BarText.columns([.nan, .infinity, -1, 2]) == "   █")
  }

  @Test func `no width draws nothing`() { #expect(BarText.bar(1, width: 0) == "") }
}
