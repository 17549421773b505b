import Glibc
import Tensors
import Testing

@testable import Checkpoints

/// What can stand in the place of a checkpoint's file.
struct OpeningTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    var made = HandMadeCheckpoint()
    made.add("x", shape: [1], [0, 0, 0x80, 0x3f])
    try made.write(to: folder, "m")
  }

  @Test(.timeLimit(.minutes(1))) func aPipeInPlaceOfADataFileIsRefusedAtOnce() throws {
    let path = folder.file("m.data-00000-of-00001")
    unlink(path)
    try #require(mkfifo(path, 0o600) == 0)
    let reader = try CheckpointReader(path: folder.file("m"))
    #expect(throws: CheckpointError.fileAccess(path: path, action: "read", reason: "it is not a regular file")) {
      try reader.tensor(named: "x")
    }
  }

  @Test(.timeLimit(.minutes(1))) func aPipeInPlaceOfAnIndexOrStateFileIsRefusedAtOnce() throws {
    for name in ["m.index", "checkpoint", "pipe.ckpt"] {
      unlink(folder.file(name))
      try #require(mkfifo(folder.file(name), 0o600) == 0)
    }
    #expect(throws: CheckpointError.self) { try CheckpointReader(path: folder.file("m")) }
    #expect(throws: CheckpointError.self) { try CheckpointReader(path: folder.file("pipe.ckpt")) }
    #expect(throws: CheckpointError.self) { try CheckpointStateFile.read(directory: folder.path) }
    #expect(latestCheckpoint(in: folder.path) == nil)
    #expect(CheckpointDiscovery.checkpoints(inDirectory: folder.path).map(\.prefix) == [folder.file("m")])
  }
}
