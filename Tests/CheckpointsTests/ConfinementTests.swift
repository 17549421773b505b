import Foundation
import Tensors
import Testing

@testable import Checkpoints

/// Which files a prefix leads to, and that links lead out of the root to none.
struct ConfinementTests {
  private let folder: TemporaryFolder
  private let root: String

  /// `root/in` and, beside the root, `out`: a checkpoint `m` each.
  init() throws {
    folder = try TemporaryFolder()
    root = folder.file("root")
    for (name, value) in [("root/in", 1), ("out", 2)] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
      let writer = try CheckpointWriter(prefix: folder.file(name + "/m"))
      try writer.add(name: "x", tensor: Tensor([Float(value)]))
      try writer.finish()
    }
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(root)/\(name)", withDestinationPath: target)
  }

  private func value(_ reader: CheckpointReader) throws -> Float {
    try reader.tensor(named: "x").scalars(Float.self)[0]
  }

  @Test func anIndexOutsideIsNotRead() throws {
    try link("link.ckpt.index", to: "../out/m.index")
    try link("link.ckpt.data-00000-of-00001", to: "../out/m.data-00000-of-00001")
    #expect(throws: CheckpointError.outside(path: "\(root)/link.ckpt.index")) {
      try CheckpointReader(prefix: "\(root)/link.ckpt", confinedTo: root)
    }
    let found = CheckpointDiscovery.checkpoints(inDirectory: root, confinedTo: root)
    #expect(found.count == 1 && found[0].tensors == 0 && found[0].bytes == 0)
    #expect(found[0].problem?.contains("leads out of the root") == true)
    // Without a root, links are followed as anywhere.
    #expect(try value(CheckpointReader(prefix: "\(root)/link.ckpt")) == 2)
  }

  @Test func aDataFileOutsideIsNotRead() throws {
    try FileManager.default.copyItem(atPath: folder.file("out/m.index"), toPath: "\(root)/m.index")
    try link("m.data-00000-of-00001", to: "../out/m.data-00000-of-00001")
    let reader = try CheckpointReader(prefix: "\(root)/m", confinedTo: root)
    let path = "\(root)/m.data-00000-of-00001"
    #expect(throws: CheckpointError.outside(path: path)) { try reader.tensor(named: "x") }
    #expect(throws: CheckpointError.outside(path: path)) {
      try reader.tensor(named: "x", slice: SliceRange.parse("0"))
    }
    #expect(CheckpointReport.listing(reader).contains("leads out of the root"))
    let found = CheckpointDiscovery.checkpoints(inDirectory: root, confinedTo: root)
    #expect(found.count == 1 && found[0].tensors == 1 && found[0].problem?.contains("leads out of the root") == true)
  }

  @Test func aTableFileOutsideIsNotRead() throws {
    let old = Fixtures.folder("v1_format") + "/old.ckpt-12"
    try link("old.ckpt-12", to: old)
    #expect(CheckpointDiscovery.checkpoints(inDirectory: root, confinedTo: root).isEmpty)
    #expect(throws: CheckpointError.self) { try CheckpointReader(prefix: "\(root)/old.ckpt-12", confinedTo: root) }
    #expect(try CheckpointReader(prefix: "\(root)/old.ckpt-12").format == .v1)
  }

  @Test func linksInsideAreFollowed() throws {
    try link("best.index", to: "in/m.index")
    try link("best.data-00000-of-00001", to: "\(root)/in/m.data-00000-of-00001")
    try link("alias", to: "in")
    for prefix in ["best", "alias/m"] {
      #expect(try value(CheckpointReader(prefix: "\(root)/\(prefix)", confinedTo: root)) == 1)
    }
    // The root may itself be given by a link, or end in a slash.
    try FileManager.default.createSymbolicLink(atPath: folder.file("logs"), withDestinationPath: "root")
    #expect(try value(CheckpointReader(prefix: folder.file("logs/best"), confinedTo: folder.file("logs/"))) == 1)
    #expect(CheckpointDiscovery.checkpoints(inDirectory: root, confinedTo: root).map(\.problem) == [nil])
    // A folder whose name starts as the root's is not inside of it.
    #expect(throws: CheckpointError.self) {
      try CheckpointReader(prefix: folder.file("root/in/m"), confinedTo: folder.file("roo"))
    }
  }

  @Test func aPrefixGoesBeforeAFolderOfItsName() throws {
    let folder = "\(root)/in/m"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let outside = self.folder.file("out/m")
    try CheckpointStateFile.write(
      CheckpointState(modelCheckpointPath: outside, allModelCheckpointPaths: [outside]), directory: folder)
    #expect(try value(CheckpointReader(prefix: folder, confinedTo: root)) == 1)
    #expect(try value(CheckpointReader(prefix: folder)) == 1)
    #expect(try value(CheckpointReader(path: folder)) == 1)
    // The folder alone: a person may mean what its state file names; an exact prefix never does.
    try FileManager.default.removeItem(atPath: folder + ".index")
    #expect(try value(CheckpointReader(path: folder)) == 2)
    #expect(throws: CheckpointError.self) { try CheckpointReader(prefix: folder) }
  }
}
