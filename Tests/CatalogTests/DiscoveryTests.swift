import Foundation
import Glibc
import Testing

@testable import Catalog

@Suite struct DiscoveryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(name)", withDestinationPath: target)
  }

  @Test func `runs are folders relative to the root, files go by their name`() throws {
    try folder.write([], to: "events.out.tfevents.1.a")
    try folder.write([], to: "a/b/my.tfevents.renamed")
    try folder.write([], to: "a/b/events.out.tfevents.2.profile-empty")
    try folder.write([], to: "a/notes.txt")
    try folder.write([], to: ".trainscope/events.out.tfevents.9.x")
    let discovery = try Discovery.walk(root: folder.path)
    let files = discovery.folders.map { ($0.path, $0.eventFiles.map(\.path)) }
    #expect(files.map(\.0) == [".", "a", "a/b"])
    #expect(files.map(\.1) == [["events.out.tfevents.1.a"], [], ["a/b/my.tfevents.renamed"]])
  }

  @Test func `links inside the root are followed once, loops end, links out are told`() throws {
    try folder.write([], to: "real/events.out.tfevents.1.a")
    try link("alias", to: "real")
    try link("real/loop", to: "..")
    try link("out", to: "/usr")
    try link("nowhere", to: "missing")
    let discovery = try Discovery.walk(root: folder.path)
    #expect(discovery.folders.flatMap(\.eventFiles).map(\.path) == ["real/events.out.tfevents.1.a"])
    #expect(discovery.notices.map(\.path).sorted() == ["nowhere", "out"])
    #expect(discovery.notices.allSatisfy { $0.kind == .link })
  }

  @Test func `pipes named like event files do not hang`() throws {
    #expect(mkfifo("\(folder.path)/events.out.tfevents.1.pipe", 0o644) == 0)
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    let health = try catalog.health()
    #expect(health.map(\.kind) == ["not_a_file"] && health.allSatisfy { !$0.ok })
  }

  @Test func `a signature changes with files beside the event files`() throws {
    func signature() throws -> UInt64 { try Discovery.walk(root: folder.path).folders[0].signature }
    try folder.write([1], to: "model-1.index")
    let first = try signature()
    #expect(try signature() == first)
    try folder.append([2], to: "model-1.index")
    let second = try signature()
    #expect(second != first)
    try folder.write([1], to: "events.out.tfevents.1.a")
    #expect(try signature() == second)
  }

  @Test func `network file systems are told by the mount they lie on`() {
    let mounts = """
      /dev/sda1 / ext4 rw 0 0
      server:/export /data nfs4 rw 0 0
      /dev/sdb1 /data/local ext4 rw 0 0
      me@host: /home/me/far\\040away fuse.sshfs rw 0 0
      """
    #expect(CatalogLocation.isOnNetwork("/data/logs", mounts: mounts))
    #expect(!CatalogLocation.isOnNetwork("/data/local/logs", mounts: mounts))
    #expect(CatalogLocation.isOnNetwork("/home/me/far away/logs", mounts: mounts))
    #expect(!CatalogLocation.isOnNetwork("/database", mounts: mounts))
  }

  @Test func `read only makes nothing, and finds what writing made`() throws {
    let environment = ["HOME": "/home/me"]
    func path(readOnly: Bool) -> String {
      CatalogLocation.path(root: folder.path, explicit: nil, readOnly: readOnly, environment: environment)
    }
    let looked = path(readOnly: true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    #expect(looked == path(readOnly: false) && looked == "\(folder.path)/.trainscope/catalog.sqlite")
    #expect(throws: CatalogError.nothingToRead(path: looked)) { try Catalog.open(root: folder.path, readOnly: true) }
  }

  @Test func `the cache folder gives each root a name of its own`() {
    let environment = ["HOME": "/home/me"]
    let first = CatalogLocation.cachePath(root: "/a/logs", environment: environment)
    #expect(first.hasPrefix("/home/me/.cache/trainscope/logs-") && first.hasSuffix(".sqlite"))
    #expect(first != CatalogLocation.cachePath(root: "/b/logs", environment: environment))
    #expect(CatalogLocation.cachePath(root: "/a", environment: ["XDG_CACHE_HOME": "/c"]).hasPrefix("/c/trainscope/a-"))
  }
}
