import Testing

@testable import Terminal

/// Pictures of `tail`, character by character.
@Suite struct TailViewTests {
  /// A curve that falls from 1 towards 0, and one that rises; both of exact arithmetic.
  private static func falling(_ number: Int, breaks: [Double] = []) -> CurveChart.Curve {
    var points: [(x: Double, y: Double)] = []
    for step in 0...400 where !breaks.contains(Double(step)) {
      let x = Double(step)
      points.append((x: x, y: 64 / (64 + x)))
    }
    return CurveChart.Curve(number: number, points: points, breaks: breaks)
  }

  private static func rising(_ number: Int) -> CurveChart.Curve {
    var points: [(x: Double, y: Double)] = []
    for step in stride(from: 0, through: 400, by: 10) {
      let x = Double(step)
      points.append((x: x, y: x / (100 + x)))
    }
    return CurveChart.Curve(number: number, points: points)
  }

  private static let view = TailView(
    title: "trainscope tail logs", status: "14:03:21",
    charts: [
      CurveChart(title: "loss", curves: [falling(0, breaks: [300]), rising(1)]),
      CurveChart(title: "accuracy", curves: [rising(0)]),
    ],
    runs: [
      TailView.Run(name: "mlp/train", step: 400, rate: 20, values: [0.1379, 0.8]),
      TailView.Run(name: "mlp/test", step: 400, rate: 2.041, values: [.nan, nil]),
    ], hiddenRuns: 10, hiddenTags: 2, warnings: ["mlp/train, loss: 1 value is not finite; the first (NaN) at step 300"])

  private func picture(_ columns: Int, _ rows: Int, _ style: TerminalStyle) -> [String] {
    Self.view.grid(columns: columns, rows: rows, style: style).lines(style)
  }

  private static let braille = """
    trainscope tail logs                                                    14:03:21
    loss
       1┤⠱⢄                                                     !
        │  ⠑⠦⣀                                            ⣀⣀⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠔⠒b
        │    ⠈⠙⠢⢤⣀                ⣀⣀⣀⡠⠤⠤⠤⠤⠤⠒⠒⠒⠒⠒⠊⠉⠉⠉⠉⠉⠉⠉⠉⠉
     0.5┤         ⠉⠑⠒⠤⠤⣀⣠⡤⠤⠤⠔⠒⠉⠉⠉⠉
        │       ⣀⡠⠤⠒⠒⠉⠉  ⠉⠉⠙⠒⠒⠲⠤⠤⠤⢤⣀⣀⣀⣀⣀
        │   ⢀⠤⠒⠉                       ⠈⠉⠉⠉⠉⠉⠉⠓⠒⠒⠒⠒⠒⠒⠒⠒⠦⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀a
       0┤⡠⠔⠊⠁
         0                                  200                                 400
    accuracy
     0.8┤                                         ⢀⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠤⠤⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉
        │                         ⣀⣀⣀⡠⠤⠤⠤⠒⠒⠒⠒⠒⠒⠉⠉⠉⠁
        │               ⢀⣀⡠⠤⠔⠒⠒⠒⠉⠉
     0.4┤         ⢀⡠⠤⠒⠒⠉⠁
        │     ⣀⠤⠒⠊⠁
        │  ⢀⠔⠉
       0┤⡠⠒⠁
         0                                  200                                 400
      run  (+ 10 runs, + 2 tags)               step    steps/s       loss   accuracy
    a mlp/train                                 400         20     0.1379        0.8
    b mlp/test                                  400       2.04        NaN          -
    ! mlp/train, loss: 1 value is not finite; the first (NaN) at step 300

    """

  private static let ascii = """
    trainscope tail logs                                                    14:03:21
    loss
       1+||.                                                    !
        |  '|.                                           ...............-----------b
        |     '-|..               .....--------''''''''''
     0.5+         ''--|...----''''
        |      ..----''  ''''----|.......
        |   ..|                         '''''''''|--------------|..................a
       0+.-'
         0                                  200                                 400
    accuracy
     0.8+                                           .........-------------'''''''''
        |                         .....------'''''''
        |                ...--''''
     0.4+          ..--''
        |     .--''
        |   .-'
       0+.-'
         0                                  200                                 400
      run  (+ 10 runs, + 2 tags)               step    steps/s       loss   accuracy
    a mlp/train                                 400         20     0.1379        0.8
    b mlp/test                                  400       2.04        NaN          -
    ! mlp/train, loss: 1 value is not finite; the first (NaN) at step 300

    """

  @Test func `a terminal of 80 by 24 shows curves, runs and warnings without colour`() {
    #expect(
      picture(80, 24, TerminalStyle())
        == Self.braille.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
  }

  @Test func `ASCII stands in where characters beyond it do not show`() {
    let lines = picture(80, 24, TerminalStyle(unicode: false))
    #expect(lines == Self.ascii.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    #expect(lines.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } })
  }

  @Test func `colours change nothing but colours`() {
    let plain = picture(80, 24, TerminalStyle())
    for color in [TerminalStyle.Color.basic, .indexed, .direct] {
      let colored = picture(80, 24, TerminalStyle(color: color))
      #expect(colored.map(Self.withoutColors) == plain)
      #expect(colored.joined().contains("\u{1b}["))
      // No line leaves its colour to the next.
      #expect(colored.allSatisfy { !$0.contains("\u{1b}[") || $0.hasSuffix("\u{1b}[0m") || $0.contains("\u{1b}[0m") })
    }
    #expect(
      picture(80, 24, TerminalStyle(color: .direct)).contains { $0.hasPrefix("\u{1b}[38;2;79;134;222ma \u{1b}[0mmlp") })
    #expect(picture(80, 24, TerminalStyle(color: .indexed)).contains { $0.hasPrefix("\u{1b}[38;5;68ma \u{1b}[0mmlp") })
  }

  @Test func `any size has exactly its rows and columns`() {
    for columns in [1, 5, 20, 39, 80, 200] {
      for rows in [1, 2, 3, 5, 10, 24, 60] {
        for unicode in [true, false] {
          let lines = picture(columns, rows, TerminalStyle(unicode: unicode))
          #expect(lines.count == rows)
          #expect(lines.allSatisfy { SafeText.columns($0) <= columns })
        }
      }
    }
  }

  @Test func `names cannot command the terminal`() {
    var view = Self.view
    view.title = "a\u{1b}[2Jb"
    view.runs[0].name = "evil\u{1b}]0;owned\u{7}"
    view.charts[0].title = "loss\u{202e}\n"
    view.warnings = ["bad\rthing"]
    let text = view.grid(columns: 80, rows: 24, style: TerminalStyle()).lines(TerminalStyle()).joined()
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f || $0.value == 0x202e })
    #expect(text.contains("\\u{1b}"))
  }

  @Test func `what is extreme is drawn without a crash`() {
    let big = Double.greatestFiniteMagnitude
    let cases: [[(x: Double, y: Double)]] = [
      [], [(0, 1)], [(0, 5), (1, 5)], [(0, -big), (1, big)], [(0, 0), (0, 1)], [(-1e18, 1), (9e18, 2)],
      [(0, 5e-324), (1, 0)],
    ]
    for points in cases {
      let chart = CurveChart(title: "x", curves: [CurveChart.Curve(number: 0, points: points)])
      let view = TailView(title: "t", charts: [chart])
      #expect(view.grid(columns: 60, rows: 12, style: TerminalStyle()).lines(TerminalStyle()).count == 12)
    }
    let nothing = CurveChart(title: "x", curves: [CurveChart.Curve(number: 0, points: [], breaks: [1, 2])])
    let lines = TailView(title: "t", charts: [nothing]).grid(columns: 60, rows: 12, style: TerminalStyle())
      .lines(TerminalStyle())
    #expect(lines.contains { $0.contains("no finite value yet") })
  }

  @Test func `charts stand side by side where there is room`() {
    #expect(TailView.capacity(columns: 80, rows: 24, runs: 4, warnings: 0) == 2)
    #expect(TailView.capacity(columns: 120, rows: 24, runs: 4, warnings: 0) == 4)
    #expect(TailView.capacity(columns: 240, rows: 60, runs: 4, warnings: 2) == 24)
    #expect(TailView.capacity(columns: 20, rows: 5, runs: 4, warnings: 2) == 1)
  }

  private static func withoutColors(_ line: String) -> String {
    var result = ""
    var isEscape = false
    for character in line {
      if character == "\u{1b}" {
        isEscape = true
      } else if !isEscape {
        result.append(character)
      } else if character == "m" {
        isEscape = false
      }
    }
    return result
  }
}

@Suite struct TerminalStyleTests {
  @Test(
    arguments: [
      (["TERM": "xterm-256color", "LANG": "C.UTF-8"], .indexed, true),
      (["TERM": "xterm", "LANG": "en_US.utf8"], .basic, true),
      (["TERM": "xterm", "COLORTERM": "truecolor"], .direct, false),
      (["TERM": "xterm", "COLORTERM": "24bit", "NO_COLOR": "1"], .none, false),
      (["TERM": "xterm", "NO_COLOR": ""], .basic, false),
      (["TERM": "dumb", "LC_ALL": "C", "LANG": "C.UTF-8"], .none, false),
      ([:], .none, false), (["TERM": "xterm", "LC_ALL": "", "LC_CTYPE": "de_DE.UTF-8", "LANG": "C"], .basic, true),
    ] as [([String: String], TerminalStyle.Color, Bool)])
  func `the environment tells colours and characters`(
    _ environment: [String: String], _ color: TerminalStyle.Color, _ unicode: Bool
  ) {
    #expect(TerminalStyle.of(environment, isTerminal: true) == TerminalStyle(color: color, unicode: unicode))
    #expect(TerminalStyle.of(environment, isTerminal: false).color == .none)
  }

  @Test(
    arguments: [
      (0, "0"), (1, "1"), (0.1379, "0.1379"), (-12_345.6, "-12346"), (1e5, "100000"), (123_456, "123456"),
      (1.2e-7, "1.2e-7"), (3e20, "3e20"),
      (.nan, "NaN"), (-.infinity, "-Infinity"), (0.00012346, "0.0001235"),
    ] as [(Double, String)])
  func `numbers are short`(_ value: Double, _ text: String) {
    #expect(NumberText.short(value) == text)
    #expect(NumberText.short(value).count <= 10)
  }
}
