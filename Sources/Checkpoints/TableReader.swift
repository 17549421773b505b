import CSnappy
import Records

/// Reads a table file. Opening reads the footer and the index block; data blocks are read, and verified, when asked for.
struct TableReader: Sendable {
  let source: any RandomAccess
  /// The data blocks in key order, each with a key that is not before any of its keys.
  let blocks: [(separator: [UInt8], handle: BlockHandle)]

  /// Throws `CheckpointError.damagedIndex` where footer or index block are damaged.
  init(_ source: any RandomAccess) throws {
    self.source = source
    let footerSize = UInt64(TableFormat.footerSize)
    guard source.size >= footerSize else {
      throw CheckpointError.damagedIndex(
        path: source.path, offset: 0,
        reason: "\(source.size) bytes are too few for a table file (its footer alone has \(footerSize)); "
          + "the file was probably cut off")
    }
    let footerOffset = source.size - footerSize
    let footer = try source.read(at: footerOffset, count: TableFormat.footerSize)
    guard footer.count == TableFormat.footerSize else {
      throw CheckpointError.damagedIndex(path: source.path, offset: footerOffset, reason: "the file shrank while read")
    }
    var magic = ByteCursor(footer, TableFormat.footerHandlesSize..<TableFormat.footerSize)
    guard magic.fixed64() == TableFormat.magic else {
      throw CheckpointError.damagedIndex(
        path: source.path, offset: footerOffset + UInt64(TableFormat.footerHandlesSize),
        reason: "not a table file, or its end is cut off or damaged (bad magic number)")
    }
    var cursor = ByteCursor(footer, 0..<TableFormat.footerHandlesSize)
    guard Self.handle(&cursor) != nil, let indexHandle = Self.handle(&cursor) else {
      throw CheckpointError.damagedIndex(
        path: source.path, offset: footerOffset, reason: "the footer does not say where the index block is")
    }
    let index = try Self.block(at: indexHandle, in: source)
    blocks = try index.entries().map { entry in
      var cursor = ByteCursor(index.bytes, entry.value)
      guard let handle = Self.handle(&cursor) else {
        throw CheckpointError.damagedIndex(
          path: source.path, offset: indexHandle.offset, reason: "an index entry does not name a block")
      }
      return (entry.key, handle)
    }
  }

  /// All entries of data block `number`.
  func entries(inBlock number: Int) throws -> (block: TableBlock, entries: [TableBlock.Entry]) {
    let block = try Self.block(at: blocks[number].handle, in: source)
    return (block, try block.entries())
  }

  /// The value under `key`, nil where there is none. Reads one block.
  func value(forKey key: [UInt8]) throws -> [UInt8]? {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if precedes(blocks[middle].separator, key) { low = middle + 1 } else { high = middle }
    }
    guard low < blocks.count else { return nil }
    let block = try Self.block(at: blocks[low].handle, in: source)
    return try block.entries().first { $0.key == key }.map { Array(block.bytes[$0.value]) }
  }

  private static func handle(_ cursor: inout ByteCursor) -> BlockHandle? {
    guard let offset = cursor.varint(), let size = cursor.varint() else { return nil }
    return BlockHandle(offset: offset, size: size)
  }

  /// Reads a block, verifies its checksum and unpacks it.
  private static func block(at handle: BlockHandle, in source: any RandomAccess) throws -> TableBlock {
    func damaged(_ reason: String) -> CheckpointError {
      .damagedIndex(path: source.path, offset: handle.offset, reason: reason)
    }
    let trailer = UInt64(TableFormat.blockTrailerSize)
    // The sum is checked so that a damaged handle neither overflows nor allocates more than the file holds.
    guard handle.size <= source.size, handle.offset <= source.size - handle.size,
      source.size - handle.size - handle.offset >= trailer
    else { throw damaged("a block of \(handle.size) bytes would pass the end of the file") }
    var bytes = try source.read(at: handle.offset, count: Int(handle.size + trailer))
    guard bytes.count == Int(handle.size + trailer) else { throw damaged("the file shrank while read") }
    let stored = littleEndian32(bytes, bytes.count - 4)
    bytes.removeLast(4)
    guard CRC32C.mask(CRC32C.checksum(bytes)) == stored else {
      throw damaged("the checksum of the block of \(handle.size) bytes does not match")
    }
    let type = bytes.removeLast()
    switch type {
    case TableFormat.plain: break
    case TableFormat.snappy: bytes = try unsnap(bytes) ?? { throw damaged("the block does not unpack (snappy)") }()
    default: throw damaged("the block has the unknown compression type \(type)")
    }
    return try TableBlock(bytes, path: source.path, offset: handle.offset)
  }

  /// Unpacks snappy; nil for damaged input.
  static func unsnap(_ bytes: [UInt8]) -> [UInt8]? {
    bytes.withUnsafeBytes { packed -> [UInt8]? in
      let start = packed.bindMemory(to: CChar.self).baseAddress
      var length = 0
      guard let start, snappy_uncompressed_length(start, packed.count, &length) == SNAPPY_OK,
        length <= packed.count * TableFormat.snappyMaximumRatio + 64
      else { return nil }
      var valid = false
      let unpacked = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
        var size = length
        valid = buffer.withMemoryRebound(to: CChar.self) {
          snappy_uncompress(start, packed.count, $0.baseAddress!, &size) == SNAPPY_OK
        }
        filled = valid ? size : 0
      }
      return valid ? unpacked : nil
    }
  }
}

/// One unpacked block.
struct TableBlock: Sendable {
  struct Entry: Equatable, Sendable {
    var key: [UInt8]
    /// Where the value lies in the block's bytes.
    var value: Range<Int>
  }

  let bytes: [UInt8]
  let restarts: [Int]
  private let path: String
  private let offset: UInt64
  private let entriesEnd: Int

  init(_ bytes: [UInt8], path: String, offset: UInt64) throws {
    self.bytes = bytes
    self.path = path
    self.offset = offset
    let damaged = { (reason: String) in CheckpointError.damagedIndex(path: path, offset: offset, reason: reason) }
    guard bytes.count >= 4 else { throw damaged("the block is too short") }
    let count = Int(littleEndian32(bytes, bytes.count - 4))
    guard count <= (bytes.count - 4) / 4 else { throw damaged("the block claims \(count) restart points") }
    entriesEnd = bytes.count - 4 - 4 * count
    restarts = (0..<count).map { [entriesEnd] in Int(littleEndian32(bytes, entriesEnd + 4 * $0)) }
    // An empty block may hold one restart at 0, which is then its end.
    guard restarts.allSatisfy({ [entriesEnd] in $0 <= entriesEnd }) else {
      throw damaged("a restart point lies outside of its block")
    }
  }

  /// The entries in order. Throws where one is cut off or keys do not ascend.
  func entries() throws -> [Entry] {
    var cursor = ByteCursor(bytes, 0..<entriesEnd)
    var result: [Entry] = []
    result.reserveCapacity(restarts.count * TableFormat.restartInterval)
    var key: [UInt8] = []
    while !cursor.isAtEnd {
      let start = cursor.position
      guard let shared = cursor.count(), let unshared = cursor.count(), let size = cursor.count(),
        shared <= key.count, let suffix = cursor.range(unshared), let value = cursor.range(size)
      else { throw damaged("an entry is cut off", at: start) }
      let previous = key
      key.removeLast(key.count - shared)
      key.append(contentsOf: bytes[suffix])
      guard result.isEmpty || precedes(previous, key) else { throw damaged("the keys do not ascend", at: start) }
      result.append(Entry(key: key, value: value))
    }
    return result
  }

  private func damaged(_ reason: String, at position: Int) -> CheckpointError {
    .damagedIndex(path: path, offset: offset, reason: "\(reason) (byte \(position) of the block)")
  }
}
