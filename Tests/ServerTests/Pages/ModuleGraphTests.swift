import Testing

@testable import Server

@Suite struct ModuleGraphTests {
  private func script(_ text: String) -> PageFile { PageFile(contentType: "text/javascript", bytes: Array(text.utf8)) }

  @Test func staticImportsAreFoundAndDynamicOnesAreNot() {
    let source = """
      import { a } from "./a.js";
      import b from './b.js';
      import "./c.js";
      export { d } from "./d.js";
      import {
        e,
      } from "./e.js";
      const f = () => import("./f.js");
      const from = "not this";
      """
    #expect(ModuleGraph.specifiers(in: source).sorted() == ["./a.js", "./b.js", "./c.js", "./d.js", "./e.js"])
  }

  @Test(arguments: [
    ("./a.js", "/js/a.js"), ("../css/a.js", "/css/a.js"), ("./x/../a.js", "/js/a.js"), ("../../a.js", nil),
    ("a.js", nil), ("/a.js", nil), ("https://evil.example/a.js", nil),
  ])
  func addressesResolveInsideTheFolder(specifier: String, path: String?) {
    #expect(ModuleGraph.resolve(specifier, from: "/js/main.js") == path)
  }

  @Test func closureHasEveryModuleOnceAlsoInCycles() {
    let graph = ModuleGraph(files: [
      "/js/main.js": script(#"import "./a.js"; import "./b.js"; import "./missing.js";"#),
      "/js/a.js": script(#"import "./b.js";"#),
      "/js/b.js": script(#"import "./a.js"; import "./main.js";"#),
      "/js/other.js": script(""),
    ])
    #expect(graph.closure(of: ["/js/main.js"]) == ["/js/main.js", "/js/a.js", "/js/b.js"])
    #expect(graph.closure(of: ["/js/none.js"]).isEmpty)
  }

  @Test func documentListsTheModulesOfItsPageBelowThePrefix() {
    let files = [
      "/js/main.js": script(#"import "./a.js";"#), "/js/a.js": script(""),
      "/js/page/graph.js": script(#"import "../graph/view.js";"#), "/js/graph/view.js": script(""),
    ]
    let template =
      #"<html><head><link href="/css/a.css"></head><body><script src="/js/main.js"></script></body></html>"#
    let document = HTMLDocument(template: template, prefix: "/p", files: files)
    let graph = String(decoding: document.page(named: "graph").bytes, as: UTF8.self)
    for path in ["/p/css/a.css", "/p/js/a.js", "/p/js/page/graph.js", "/p/js/graph/view.js"] {
      #expect(graph.contains("href=\"\(path)\""))
    }
    #expect(graph.contains("src=\"/p/js/main.js\""))
    #expect(!graph.contains("\"/js/"))
    let other = String(decoding: document.page(named: "status").bytes, as: UTF8.self)
    #expect(other.contains("/p/js/a.js") && !other.contains("graph"))
  }
}
