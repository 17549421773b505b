import Foundation

/// A file of the pages, ready to send.
struct PageFile: Sendable, Equatable {
  var contentType: String
  var bytes: [UInt8]
  /// Of the content, in quotes.
  var etag: String

  init(contentType: String, bytes: [UInt8]) {
    self.contentType = contentType
    self.bytes = bytes
    // FNV-1a, 64 bits: enough to tell versions of a file apart.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    etag = "\"\(String(hash, radix: 16))\""
  }
}

/// The files of the pages, all in memory.
///
/// They are read once, from one folder, and found by comparing names: no path of a request ever reaches the file system.
struct StaticPages: Sendable {
  /// By path, with a slash at the start: `/js/main.js`. The HTML page is not among them.
  private var files: [String: PageFile]
  private let document: HTMLDocument

  /// The first parts of page addresses. All show the one HTML page; what follows is read by its script.
  static let pages: Set<String> = [
    "", "curves", "runs", "histograms", "images", "text", "graph", "checkpoints", "sessions", "status",
  ]

  private static let largestFile = 4 << 20
  private static let contentTypes = [
    "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
    "png": "image/png", "ico": "image/x-icon", "json": ContentType.json, "woff2": "font/woff2",
  ]

  /// - Parameters:
  ///   - folder: the folder with `index.html`; links in it are not followed.
  ///   - prefix: what comes before every path, such as `/trainscope`; empty at the root of a server.
  /// - Throws: ``StaticPagesError`` where there is no page.
  init(folder: URL, prefix: String) throws {
    files = [:]
    let base = folder.resolvingSymlinksInPath().path
    for case let path as String in FileManager.default.enumerator(atPath: base) ?? .init() {
      let file = "\(base)/\(path)"
      guard let type = Self.contentTypes[(path as NSString).pathExtension.lowercased()],
        !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
        let attributes = try? FileManager.default.attributesOfItem(atPath: file),
        attributes[.type] as? FileAttributeType == .typeRegular,
        (attributes[.size] as? Int ?? .max) <= Self.largestFile,
        let bytes = FileManager.default.contents(atPath: file)
      else { continue }
      let content = path.hasSuffix(".js") ? ScriptText.withoutComments(Array(bytes)) : Array(bytes)
      files["/\(path)"] = PageFile(contentType: type, bytes: content)
    }
    guard let html = FileManager.default.contents(atPath: "\(base)/index.html") else {
      throw StaticPagesError.noPage(folder: base)
    }
    document = HTMLDocument(template: String(decoding: html, as: UTF8.self), prefix: prefix, files: files)
  }

  /// The file or page at a path, still percent-encoded; nil where there is none.
  func file(at path: String) -> PageFile? {
    if let file = files[path] { return file }
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    let name = parts.first.map(String.init) ?? ""
    guard Self.pages.contains(name) else { return nil }
    return document.page(named: name)
  }

  /// Paths of all files, for tests.
  var paths: [String] { files.keys.sorted() }
}

/// Why the pages cannot be served.
enum StaticPagesError: Error, CustomStringConvertible {
  /// The folder has no `index.html`. The program was moved without the folder of pages that belongs beside it.
  case noPage(folder: String)

  var description: String {
    switch self {
    case .noPage(let folder):
      "\(folder) holds no index.html: the program needs its folder of pages beside it. Build it again or give --web DIR."
    }
  }
}
