/// Sizes of boxes: from their text, and from the marks beside them.
struct BoxMetrics {
  static let scopeFont = 12.5
  static let opFont = 11.5
  static let smallFont = 9.5
  static let markFont = 9.0
  static let markSpacing = 11.0
  static let maximumMarks = 4
  /// Space inside a frame: for its title, and around its content.
  static let title = 30.0
  static let padding = 16.0

  var width: Double
  var height: Double
  /// Space needed beyond the box on either side of the axis across the flow, for marks.
  var before: Double
  var after: Double
  let label: String

  init(
    label: String, kind: ScopeTree.Kind, op: String?, ops: Int, marks: [GraphView.Mark], moreInputs: Int,
    moreOutputs: Int,
    direction: GraphView.Direction
  ) {
    switch kind {
    case .scope, .function:
      self.label = TextMetrics.shortened(label, size: Self.scopeFont, limit: 210)
      let subtitle = TextMetrics.width("\(ops) ops", size: Self.smallFont)
      width = max(84, TextMetrics.width(self.label, size: Self.scopeFont) * 1.06 + 30, subtitle + 30)
      height = 42
    case .series:
      self.label = TextMetrics.shortened(label, size: Self.opFont, limit: 200)
      width = max(70, TextMetrics.width(self.label, size: Self.opFont) + 28)
      height = 32
    case .op:
      self.label = TextMetrics.shortened(label, size: Self.opFont, limit: 190)
      let second = GraphView.Node.subtitle(op: op ?? "", label: label)
      width = max(
        54, TextMetrics.width(self.label, size: Self.opFont) + 22, TextMetrics.width(second, size: Self.smallFont) + 20)
      height = second.isEmpty ? 26 : 36
    }
    let inputs = marks.filter(\.input)
    let outputs = marks.filter { !$0.input }
    before = 0
    after = 0
    if direction == .topToBottom {
      let rows = max(inputs.count + (moreInputs > 0 ? 1 : 0), outputs.count + (moreOutputs > 0 ? 1 : 0))
      height = max(height, Double(rows) * Self.markSpacing + 4)
      before = Self.space(inputs, more: moreInputs)
      after = Self.space(outputs, more: moreOutputs)
    } else {
      width = max(width, Double(max(inputs.count, outputs.count)) * Self.markSpacing + 20)
      before = inputs.isEmpty ? 0 : 14
      after = outputs.isEmpty ? 0 : 14
    }
  }

  private static func space(_ marks: [GraphView.Mark], more: Int) -> Double {
    guard !marks.isEmpty else { return 0 }
    let text = marks.map { $0.kind == .proxy ? TextMetrics.width($0.label, size: markFont) + 8 : 0 }.max() ?? 0
    return 18 + max(text, more > 0 ? 16 : 0)
  }
}

extension GraphView.Node {
  /// `1 op`, `23 ops`.
  var opsText: String { ops == 1 ? "1 op" : "\(ops) ops" }

  /// The second line of an op's box: its type, unless the name says the same.
  static func subtitle(op: String, label: String) -> String {
    let name = SeriesFolding.base(of: label.hasPrefix("(") ? String(label.dropFirst().dropLast()) : label)
    return name == op ? "" : TextMetrics.shortened(op, size: BoxMetrics.smallFont, limit: 180)
  }
}
