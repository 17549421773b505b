import Testing

@testable import Terminal

@Suite struct UnitTextTests {
  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1234, "1.2 kB"), (9949, "9.9 kB"), (9960, "10 kB"),
      (999_499, "999 kB"),
      (999_500, "1.0 MB"), (34_000_000, "34 MB"), (5_600_000_000, "5.6 GB"), (Int64.max, "9.2 EB"), (-5, "0 B"),
    ] as [(Int64, String)])
  func `sizes have at most three digits`(_ bytes: Int64, _ text: String) { #expect(UnitText.bytes(bytes) == text) }

  @Test(
    arguments: [
      (0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.4, "99 s"), (100, "2 min"), (3600, "60 min"),
      (7200, "2 h"), (86_400 * 30, "30 d"), (.infinity, "-"), (.nan, "-"), (-1, "-"), (1e300, "-"),
    ] as [(Double, String)])
  func `times have one unit`(_ seconds: Double, _ text: String) { #expect(UnitText.seconds(seconds) == text) }

  @Test(
    arguments: [
      (0, "0"), (812, "812"), (12.5, "12.5"), (999.5, "1.0k"), (12_345, "12.3k"), (123_456, "123k"),
      (4_100_000, "4.1M"),
      (-2000, "-2.0k"), (.infinity, "-"), (1e30, "1000000000000E"),
    ] as [(Double, String)])
  func `counts have a prefix`(_ count: Double, _ text: String) { #expect(UnitText.count(count) == text) }

  @Test func `progress fits its line`() {
    #expect(ProgressText.line(done: 0.5, text: "12 of 24", columns: 40) == "[###########...........] 50 %  12 of 24")
    #expect(ProgressText.line(done: 0.999, text: "x", columns: 80).contains(" 99 %"))
    #expect(ProgressText.line(done: 1, text: "x", columns: 80).hasSuffix("]100 %  x"))
    for columns in 0...90 {
      for done in [-1, 0, 0.3, 1, 7, .nan] as [Double] {
        #expect(
          ProgressText.line(done: done, text: "3.1 of 4.2 GB, 210 MB/s", columns: columns).count < max(columns, 10))
      }
    }
  }

  @Test func `a loading tells pace, time and what is missing`() {
    #expect(
      ProgressText.loading(
        bytesDone: 1_200_000_000, bytes: 3_400_000_000, files: 40, filesLeft: 28, bytesPerSecond: 2e8, secondsLeft: 11)
        == "1.2 GB of 3.4 GB, 200 MB/s, 11 s left, 28 of 40 files missing")
    #expect(
      ProgressText.loading(bytesDone: 0, bytes: 10, files: 1, filesLeft: 1, bytesPerSecond: 0, secondsLeft: nil)
        == "0 B of 10 B, 1 of 1 file missing")
  }
}

@Suite struct SafeTextTests {
  @Test func `what would command a terminal is shown instead`() {
    #expect(SafeText.escaped("a\u{1b}[2Jb\u{7}\u{202e}c\n") == "a\\u{1b}[2Jb\\u{7}\\u{202e}c\\u{a}")
    #expect(SafeText.escaped("Größe 損失 🎉") == "Größe 損失 🎉")
  }

  @Test(arguments: [
    ("loss", 6, "loss  "), ("loss", 4, "loss"), ("abcdefghij", 7, "abc…hij"), ("abcdefghij", 1, "."), ("abc", 0, ""),
    ("損失損失", 5, "損…失"), ("損失損失", 6, "損…失 "), ("e\u{301}e\u{301}", 3, "e\u{301}e\u{301} "), ("", 2, "  "),
  ])
  func `text fits its columns`(_ text: String, _ width: Int, _ wanted: String) {
    let fitted = SafeText.fitted(text, columns: width)
    #expect(fitted == wanted)
    #expect(SafeText.columns(fitted) == width)
  }
}
