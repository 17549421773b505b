/// Writes a view as a picture of its own, the same as the page draws. Colours follow the viewer's light or dark theme; where
/// that is not supported, the light one is used.
enum SVGWriter {
  /// Hues of repeated structures, in the order in which the page uses them.
  private static let hues = [
    "#3f74d1", "#d98324", "#2f9d6b", "#a65fc0", "#cf5350", "#1f9bb0", "#94852a", "#7a66d6", "#cc5490", "#5f9330",
  ]

  static func hue(_ template: Int) -> String { hues[((template % hues.count) + hues.count) % hues.count] }

  /// The hue mixed with white, for forms without transparency.
  static func tint(_ template: Int) -> String {
    let hex = Array(hue(template).utf8.dropFirst())
    func digit(_ byte: UInt8) -> Int { byte < 58 ? Int(byte) - 48 : Int(byte) - 87 }
    let digits = Array("0123456789abcdef")
    var result = "#"
    for index in stride(from: 0, to: 6, by: 2) {
      let value = (digit(hex[index]) * 16 + digit(hex[index + 1])) / 5 + 204
      result += "\(digits[value / 16])\(digits[value % 16])"
    }
    return result
  }

  static func write(_ view: GraphView, title: String) -> String {
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(view.width)" height="\(view.height)" \
      viewBox="0 0 \(view.width) \(view.height)" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, \
      sans-serif">
      <title>\(escaped(title))</title>
      <style>
      \(style)
      </style>
      <rect class="page" width="100%" height="100%"/>

      """
    let isDown = view.direction == .topToBottom
    func divider(_ at: Double, _ from: Double, _ to: Double) {
      let d = isDown ? "M\(at) \(from)V\(to)" : "M\(from) \(at)H\(to)"
      out += "<path class=\"divider\" d=\"\(d)\"/>\n"
    }
    for node in view.nodes where node.open { frame(node, &out) }
    if let at = view.divider { divider(at, 16, (isDown ? view.height : view.width) - 16) }
    for node in view.nodes {
      guard node.open, let at = node.divider else { continue }
      divider(at, (isDown ? node.y : node.x) + 30, (isDown ? node.y + node.height : node.x + node.width) - 12)
    }
    // Wide lines first, so that narrow ones stay visible.
    for edge in view.edges.sorted(by: { $0.width > $1.width }) { line(edge, isDown, &out) }
    for node in view.nodes where node.open {
      out +=
        "<text class=\"title\" x=\"\(node.x + 12)\" y=\"\(node.y + 19)\" font-size=\"12.5\">\(escaped(node.label))</text>\n"
    }
    for node in view.nodes where !node.open {
      marks(node, isDown, &out)
      box(node, &out)
    }
    return out + "</svg>\n"
  }

  private static let style = """
    .page{fill:#ffffff}.frame{fill:#5b636e;fill-opacity:.05;stroke:#c4cad2}.box{fill:#f4f5f7;stroke:#aab2bd}
    .op{fill:#ffffff;stroke:#aab2bd}.label{fill:#1a1d21;text-anchor:middle}.title{fill:#1a1d21;font-weight:600;paint-order:stroke;stroke:#ffffff;stroke-width:4px;stroke-linejoin:round}
    .small{fill:#5b636e;text-anchor:middle}.mark{fill:#ffffff;stroke:#8b93a0}.stub{stroke:#aab2bd;fill:none}
    .line{stroke:#9099a5;fill:none}.control{stroke-dasharray:4 3}.reference{stroke:#c2691c}.head{fill:#7a8490}
    .refhead{fill:#c2691c}.shape{fill:#5b636e;text-anchor:middle;paint-order:stroke;stroke:#ffffff;stroke-width:3px}
    .proxy{fill:#5b636e}.divider{stroke:#c4cad2;stroke-dasharray:2 4;fill:none}
    @media (prefers-color-scheme:dark){.page{fill:#15171b}.frame{stroke:#3d444d;fill:#a3abb8}
    .box{fill:#23272e;stroke:#59616c}.op{fill:#1b1e23;stroke:#59616c}.label,.title{fill:#e8eaed}
    .small,.shape,.proxy{fill:#a3abb8}.shape,.title{stroke:#15171b}.mark{fill:#15171b;stroke:#6d7683}.stub{stroke:#59616c}
    .line{stroke:#6d7683}.head{fill:#8b93a0}.reference{stroke:#e0995a}.refhead{fill:#e0995a}.divider{stroke:#3d444d}}
    """

  private static func tinted(_ node: GraphView.Node, opacity: Double) -> String {
    guard let template = node.template else { return "" }
    return " style=\"fill:\(hue(template));fill-opacity:\(opacity);stroke:\(hue(template))\""
  }

  private static func frame(_ node: GraphView.Node, _ out: inout String) {
    out +=
      "<rect class=\"frame\" x=\"\(node.x)\" y=\"\(node.y)\" width=\"\(node.width)\" height=\"\(node.height)\" rx=\"9\""
    out += "\(tinted(node, opacity: 0.06))/>\n"
  }

  private static func box(_ node: GraphView.Node, _ out: inout String) {
    let radius = node.kind == .op ? 13.0 : 7.0
    let shape = node.kind == .op ? "op" : "box"
    func rect(_ shift: Double) {
      out += "<rect class=\"\(shape)\" x=\"\(node.x + shift)\" y=\"\(node.y + shift)\" width=\"\(node.width)\" "
      out += "height=\"\(node.height)\" rx=\"\(min(radius, node.height / 2))\"\(tinted(node, opacity: 0.16))/>\n"
    }
    out += "<g><title>\(escaped(node.id))</title>\n"
    if node.kind == .series { rect(3) }
    if node.template != nil {
      out += "<rect class=\"page\" x=\"\(node.x)\" y=\"\(node.y)\" width=\"\(node.width)\" height=\"\(node.height)\" "
      out += "rx=\"\(min(radius, node.height / 2))\"/>\n"
    }
    rect(0)
    let centre = node.x + node.width / 2
    let middle = node.y + node.height / 2
    let isOp = node.kind == .op || node.kind == .series
    let second =
      node.kind == .op
      ? GraphView.Node.subtitle(op: node.op ?? "", label: node.label) : node.kind == .series ? "" : node.opsText
    let size = isOp ? BoxMetrics.opFont : BoxMetrics.scopeFont
    let weight = isOp ? "" : " font-weight=\"600\""
    out +=
      "<text class=\"label\" x=\"\(centre)\" y=\"\(middle + (second.isEmpty ? 4 : -2))\" font-size=\"\(size)\"\(weight)>"
    out += "\(escaped(node.label))</text>\n"
    if !second.isEmpty {
      out += "<text class=\"small\" x=\"\(centre)\" y=\"\(middle + 11)\" font-size=\"9.5\">\(escaped(second))</text>\n"
    }
    out += "</g>\n"
  }

  private static func marks(_ node: GraphView.Node, _ isDown: Bool, _ out: inout String) {
    for input in [true, false] {
      let marks = node.marks.filter { $0.input == input }
      let more = input ? node.moreInputMarks : node.moreOutputMarks
      for (index, mark) in marks.enumerated() {
        if isDown {
          let rows = Double(marks.count + (more > 0 ? 1 : 0))
          let y = node.y + node.height / 2 + (Double(index) - (rows - 1) / 2) * BoxMetrics.markSpacing
          let x = input ? node.x - 12 : node.x + node.width + 12
          out +=
            "<path class=\"stub\(mark.control ? " control" : "")\" d=\"M\(x) \(y)H\(input ? node.x : node.x + node.width)\"/>"
          dot(mark, x, y, &out)
          if mark.kind == .proxy {
            out += "<text class=\"proxy\" x=\"\(x + (input ? -6 : 6))\" y=\"\(y + 3)\" font-size=\"9\" "
            out += "text-anchor=\"\(input ? "end" : "start")\">\(escaped(mark.label))</text>\n"
          }
        } else {
          let x = node.x + 12 + Double(index) * BoxMetrics.markSpacing
          let y = input ? node.y - 9 : node.y + node.height + 9
          out += "<path class=\"stub\" d=\"M\(x) \(y)V\(input ? node.y : node.y + node.height)\"/>"
          dot(mark, x, y, &out)
        }
      }
      if more > 0, isDown {
        let y = node.y + node.height / 2 + (Double(marks.count) - Double(marks.count) / 2) * BoxMetrics.markSpacing
        out +=
          "<text class=\"proxy\" x=\"\(input ? node.x - 8 : node.x + node.width + 8)\" y=\"\(y + 3)\" font-size=\"9\" "
        out += "text-anchor=\"\(input ? "end" : "start")\">+\(more)</text>\n"
      }
    }
  }

  private static func dot(_ mark: GraphView.Mark, _ x: Double, _ y: Double, _ out: inout String) {
    let title = "<title>\(escaped(mark.id))</title>"
    switch mark.kind {
    case .constant: out += "<circle class=\"mark\" cx=\"\(x)\" cy=\"\(y)\" r=\"3\">\(title)</circle>\n"
    case .summary:
      out +=
        "<path class=\"mark\" d=\"M\(x - 3) \(y + 3)V\(y)M\(x) \(y + 3)V\(y - 3)M\(x + 3) \(y + 3)V\(y - 1)\">\(title)</path>\n"
    case .proxy:
      out +=
        "<path class=\"mark\" d=\"M\(x - 3.5) \(y)L\(x) \(y - 3.5)L\(x + 3.5) \(y)L\(x) \(y + 3.5)Z\">\(title)</path>\n"
    }
  }

  private static func line(_ edge: GraphView.Edge, _ isDown: Bool, _ out: inout String) {
    guard edge.points.count > 1 else { return }
    var d = "M\(edge.points[0][0]) \(edge.points[0][1])"
    for index in 1..<edge.points.count {
      let (p, q) = (edge.points[index - 1], edge.points[index])
      let across = isDown ? 0 : 1
      if abs(p[across] - q[across]) < 0.06 {
        d += "L\(q[0]) \(q[1])"
      } else if isDown {
        let middle = Mathematics.tenth((p[1] + q[1]) / 2)
        d += "C\(p[0]) \(middle) \(q[0]) \(middle) \(q[0]) \(q[1])"
      } else {
        let middle = Mathematics.tenth((p[0] + q[0]) / 2)
        d += "C\(middle) \(p[1]) \(middle) \(q[1]) \(q[0]) \(q[1])"
      }
    }
    let classes = "line\(edge.control ? " control" : "")\(edge.reference ? " reference" : "")"
    out += "<path class=\"\(classes)\" stroke-width=\"\(edge.width)\" d=\"\(d)\"/>\n"
    out += "<path class=\"\(edge.reference ? "refhead" : "head")\" d=\"\(head(edge, isDown))\"/>\n"
    if !edge.label.isEmpty, let at = labelPlace(edge, isDown) {
      out += "<text class=\"shape\" x=\"\(at.0)\" y=\"\(at.1)\" font-size=\"9\">\(escaped(edge.label))</text>\n"
    }

  }

  /// A triangle at the end, pointing along the flow.
  private static func head(_ edge: GraphView.Edge, _ isDown: Bool) -> String {
    let end = edge.points[edge.points.count - 1]
    let before = edge.points[edge.points.count - 2]
    let along = isDown ? 1 : 0
    let sign = end[along] >= before[along] ? 1.0 : -1.0
    let length = 5 + edge.width * 0.7
    let half = 2.6 + edge.width * 0.55
    func point(_ across: Double, _ back: Double) -> String {
      let p = isDown ? (end[0] + across, end[1] - sign * back) : (end[0] - sign * back, end[1] + across)
      return "\(Mathematics.tenth(p.0)) \(Mathematics.tenth(p.1))"
    }
    return "M\(point(0, 0))L\(point(-half, length))L\(point(half, length))Z"
  }

  /// The middle of the first stretch that leaves the source, where lines are furthest apart.
  private static func labelPlace(_ edge: GraphView.Edge, _ isDown: Bool) -> (Double, Double)? {
    let (p, q) = (edge.points[0], edge.points[1])
    let along = isDown ? 1 : 0
    let length = abs(p[along] - q[along])
    guard length >= 26 else { return nil }
    // Long runs carry the label near their start.
    let t = length > 90 ? 30 / length : 0.5
    return (Mathematics.tenth(p[0] + (q[0] - p[0]) * t), Mathematics.tenth(p[1] + (q[1] - p[1]) * t + 3))
  }

  /// Text for XML: markup escaped, characters that XML does not allow left out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result += " "
      case _ where scalar.value < 32 || scalar.value == 0xfffe || scalar.value == 0xffff: result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
