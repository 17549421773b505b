/// Writes a view for Graphviz: open scopes as clusters, merged edges with their labels. Graphviz does its own layout.
enum DOTWriter {
  static func write(_ view: GraphView) -> String {
    var lines = [
      "digraph graph_picture {",
      "  rankdir=\(view.direction == .topToBottom ? "TB" : "LR"); compound=true;",
      "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f5f7\", fontname=\"Helvetica\", fontsize=11];",
      "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#6b7480\"];",
    ]
    var children: [String?: [GraphView.Node]] = [:]
    for node in view.nodes { children[node.parent, default: []].append(node) }
    // Frames nest at most as deep as the scope tree, which is bounded.
    func body(of parent: String?, indent: String) {
      for node in children[parent] ?? [] {
        if node.open {
          lines.append("\(indent)subgraph \(quoted("cluster_" + node.id)) {")
          lines.append(
            "\(indent)  label=\(quoted(node.label)); style=rounded; color=\"#9aa3ad\"; fontname=\"Helvetica\";")
          body(of: node.id, indent: indent + "  ")
          lines.append("\(indent)}")
        } else {
          var attributes = ["label=\(quoted(label(node)))"]
          if node.kind == .op { attributes.append("style=\"rounded\"") }
          if node.kind == .series { attributes.append("peripheries=2") }
          if let template = node.template { attributes.append("fillcolor=\"\(SVGWriter.tint(template))\"") }
          lines.append("\(indent)\(quoted(node.id)) [\(attributes.joined(separator: ", "))];")
        }
      }
    }
    body(of: nil, indent: "  ")
    for edge in view.edges {
      var attributes: [String] = []
      if !edge.label.isEmpty { attributes.append("label=\(quoted(edge.label))") }
      if edge.control { attributes.append("style=dashed") }
      if edge.reference { attributes.append("color=\"#c2691c\"") }
      if edge.width > 1.5 { attributes.append("penwidth=\(edge.width)") }
      if edge.back { attributes.append("constraint=false") }
      lines.append(
        "  \(quoted(edge.from)) -> \(quoted(edge.to))\(attributes.isEmpty ? "" : " [\(attributes.joined(separator: ", "))]");"
      )
    }
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func label(_ node: GraphView.Node) -> String {
    switch node.kind {
    case .op:
      GraphView.Node.subtitle(op: node.op ?? "", label: node.label).isEmpty
        ? node.label : "\(node.label)\n\(node.op ?? "")"
    case .series: node.label
    case .scope, .function: "\(node.label)\n\(node.opsText)"
    }
  }

  /// A double-quoted DOT string: quotes and backslashes escaped, line ends as `\n`.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where character.value < 32: result += " "
      default: result.unicodeScalars.append(character)
      }
    }
    return result + "\""
  }
}
