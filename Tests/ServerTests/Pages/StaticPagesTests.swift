import Foundation
import Testing
import WebPages

@testable import Server

@Suite struct StaticPagesTests {
  @Test func everyFileOfThePagesIsServedWithItsType() async throws {
    try await TestServer.with { test in
      let types = [
        "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
      ]
      let paths = try StaticPages(folder: WebPages.folder, prefix: "").paths
      #expect(paths.contains("/js/main.js"))
      for path in paths {
        let answer = try await test.client.get(path)
        #expect(answer.status == 200, "\(path)")
        #expect(answer["content-type"] == types[(path as NSString).pathExtension], "\(path)")
        let tag = try #require(answer["etag"])
        let again = try await test.client.get(path, headers: [("If-None-Match", tag)])
        #expect(again.status == 304)
      }
    }
  }

  @Test(arguments: [
    "/", "/curves", "/curves/", "/graph/a%2Fb/c", "/checkpoints/run/tensor?slice=0:1", "/status",
    "/runs?x=%3Cscript%3E",
    "/sessions", "/histograms/a", "/images", "/text",
  ])
  func everyPageAddressShowsThePage(target: String) async throws {
    try await TestServer.with { test in
      let answer = try await test.client.get(target)
      #expect(answer.status == 200)
      #expect(answer["content-type"] == "text/html; charset=utf-8")
      #expect(answer.text.contains("/js/main.js"))
      #expect(!answer.text.contains("<script>"))
    }
  }

  @Test func otherAddressesAreNotFound() async throws {
    try await TestServer.with { test in
      for target in ["/nowhere", "/js", "/js/none.js", "/index.html", "/test/a.js", "/WebPages.swift", "/package.json"]
      {
        expect(status: 404, try await test.client.get(target), "\(target)")
      }
    }
  }

  @Test func prefixComesBeforeEveryAddress() async throws {
    try await TestServer.with(options: .test { $0.pathPrefix = "/team/ts/" }) { test in
      let page = try await test.client.get("/team/ts/curves")
      #expect(page.status == 200)
      #expect(page.text.contains("src=\"/team/ts/js/main.js\""))
      #expect(!page.text.contains("=\"/js/") && !page.text.contains("=\"/css/"))
      expect(status: 200, try await test.client.get("/team/ts"))
      expect(status: 200, try await test.client.get("/team/ts/js/main.js"))
      expect(status: 200, try await test.client.get("/team/ts/api/v1/runs"))
      for target in ["/", "/curves", "/api/v1/runs", "/team/tsx/curves", "/team"] {
        expect(status: 404, try await test.client.get(target), "\(target)")
      }
    }
  }

  @Test func linksAndHiddenFilesOfTheFolderAreLeftOut() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pages-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("js/.git"), withIntermediateDirectories: true)
    for name in ["index.html", "js/a.js", "js/.git/b.js", ".c.js", "js/d.txt"] {
      try "x".write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.appendingPathComponent("js/e.js").path, withDestinationPath: "/etc/passwd")
    #expect(try StaticPages(folder: folder, prefix: "").paths == ["/js/a.js"])
  }

  @Test func folderWithoutAPageIsAnError() {
    #expect(throws: StaticPagesError.self) {
      try StaticPages(folder: URL(fileURLWithPath: "/nonexistent"), prefix: "")
    }
  }
}
