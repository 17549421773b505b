/// The one HTML page, completed for the address it is served at.
///
/// Two things are added to `index.html`: the path prefix in front of every address, and for each page the list of modules
/// its script imports, so that the browser asks for all of them at once and not level by level.
struct HTMLDocument: Sendable {
  private var pages: [String: PageFile] = [:]
  private var usual: PageFile

  /// - Parameters:
  ///   - template: `index.html`. Its addresses begin with a slash.
  ///   - prefix: put in front of them.
  ///   - files: the scripts, by path.
  init(template: String, prefix: String, files: [String: PageFile]) {
    let modules = ModuleGraph(files: files)
    let common = modules.closure(of: ["/js/main.js"])
    func page(_ paths: [String]) -> PageFile {
      let links = paths.filter { !template.contains("href=\"\($0)\"") && $0 != "/js/main.js" }
        .map { "  <link rel=\"modulepreload\" href=\"\($0)\">\n  " }.joined()
      var html = template
      if let end = html.range(of: "</head>") { html.insert(contentsOf: links, at: end.lowerBound) }
      if !prefix.isEmpty {
        html = html.replacing("href=\"/", with: "href=\"\(prefix)/").replacing("src=\"/", with: "src=\"\(prefix)/")
      }
      return PageFile(contentType: ContentType.html, bytes: Array(html.utf8))
    }
    usual = page(common)
    for name in StaticPages.pages {
      let script = "/js/page/\(name.isEmpty ? "curves" : name).js"
      if files[script] != nil { pages[name] = page(modules.closure(of: ["/js/main.js", script])) }
    }
  }

  func page(named name: String) -> PageFile { pages[name] ?? usual }
}

/// Which module imports which, from the `import` and `export … from` statements of the scripts.
struct ModuleGraph: Sendable {
  private var imports: [String: [String]] = [:]

  init(files: [String: PageFile]) {
    for (path, file) in files where path.hasSuffix(".js") {
      imports[path] = Self.specifiers(in: String(decoding: file.bytes, as: UTF8.self)).compactMap { specifier in
        guard let target = Self.resolve(specifier, from: path), files[target] != nil else { return nil }
        return target
      }
    }
  }

  /// The modules and all that they import, directly or not, in the order they are met.
  func closure(of paths: [String]) -> [String] {
    var found: [String] = []
    var seen = Set<String>()
    var next = paths[...]
    while let path = next.popFirst() {
      guard imports[path] != nil, seen.insert(path).inserted else { continue }
      found.append(path)
      next.append(contentsOf: imports[path] ?? [])
    }
    return found
  }

  /// The addresses in static imports. Dynamic ones (`import("…")`) are loaded when they are needed.
  static func specifiers(in source: String) -> [String] {
    var specifiers: [String] = []
    let bytes = Array(source.utf8)
    for keyword in ["from", "import"] {
      let word = Array(keyword.utf8)
      var index = 0
      while index + word.count < bytes.count {
        guard bytes[index] == word[0], bytes[index..<(index + word.count)].elementsEqual(word) else {
          index += 1
          continue
        }
        index += word.count
        var start = index
        while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") || bytes[start] == UInt8(ascii: "'"),
          let end = bytes[(start + 1)...].firstIndex(of: bytes[start])
        else { continue }
        specifiers.append(String(decoding: bytes[(start + 1)..<end], as: UTF8.self))
      }
    }
    return specifiers
  }

  /// The path a relative address means; nil for others and for those that leave the folder.
  static func resolve(_ specifier: String, from path: String) -> String? {
    guard specifier.hasPrefix("./") || specifier.hasPrefix("../") else { return nil }
    var parts = path.split(separator: "/").dropLast()
    for part in specifier.split(separator: "/") {
      switch part {
      case ".": continue
      case "..":
        guard !parts.isEmpty else { return nil }
        parts.removeLast()
      default: parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }
}
