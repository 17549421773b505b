import Records

/// Writes a table file as TensorFlow does, byte for byte: plain blocks, restarts every 16 keys, data blocks of 256 KiB,
/// shortened keys in the index.
///
/// The file is built in memory: an index of 100,000 tensors takes about 10 MB.
struct TableWriter {
  private(set) var bytes: [UInt8] = []
  private var data = BlockBuilder(restartInterval: TableFormat.restartInterval)
  private var index = BlockBuilder(restartInterval: 1)
  /// The last data block written, whose index entry waits for the next key: the separator can then be shorter.
  private var pending: BlockHandle?
  private let dataBlockSize: Int

  init(dataBlockSize: Int = TableFormat.dataBlockSize) { self.dataBlockSize = dataBlockSize }

  /// Adds an entry. Keys must ascend.
  mutating func add(key: [UInt8], value: [UInt8]) {
    precondition(data.isEmpty || precedes(data.lastKey, key), "keys must ascend")
    if let handle = pending {
      index.add(key: Self.separator(data.lastKey, key), value: Self.encode(handle))
      pending = nil
    }
    data.add(key: key, value: value)
    if data.sizeEstimate >= dataBlockSize { flush() }
  }

  /// Writes what is left, the index and the footer; `bytes` then is the whole file.
  mutating func finish() {
    flush()
    let metaIndex = write(BlockBuilder(restartInterval: 1).finished())
    if let handle = pending { index.add(key: Self.successor(data.lastKey), value: Self.encode(handle)) }
    let indexHandle = write(index.finished())
    var footer = Self.encode(metaIndex) + Self.encode(indexHandle)
    footer += [UInt8](repeating: 0, count: TableFormat.footerHandlesSize - footer.count)
    footer.appendFixed64(TableFormat.magic)
    bytes += footer
  }

  private mutating func flush() {
    guard data.count > 0 else { return }
    pending = write(data.finished())
    data.reset()
  }

  private mutating func write(_ block: [UInt8]) -> BlockHandle {
    let handle = BlockHandle(offset: UInt64(bytes.count), size: UInt64(block.count))
    let typed = block + [TableFormat.plain]
    bytes += typed
    bytes.appendFixed32(CRC32C.mask(CRC32C.checksum(typed)))
    return handle
  }

  private static func encode(_ handle: BlockHandle) -> [UInt8] {
    var result: [UInt8] = []
    result.appendVarint(handle.offset)
    result.appendVarint(handle.size)
    return result
  }

  /// A short key that is not before `a` and is before `b`.
  static func separator(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
    let shared = zip(a, b).prefix { $0 == $1 }.count
    guard shared < min(a.count, b.count), a[shared] < 0xff, a[shared] + 1 < b[shared] else { return a }
    return a[..<shared] + [a[shared] + 1]
  }

  /// A short key that is not before `a`.
  static func successor(_ a: [UInt8]) -> [UInt8] {
    guard let first = a.firstIndex(where: { $0 != 0xff }) else { return a }
    return a[..<first] + [a[first] + 1]
  }
}

/// Packs the entries of one block.
private struct BlockBuilder {
  private var bytes: [UInt8] = []
  private var restarts: [UInt32] = [0]
  private var sinceRestart = 0
  private let restartInterval: Int
  /// Stays after `reset`: the next block's index entry needs it.
  private(set) var lastKey: [UInt8] = []
  private(set) var count = 0
  private(set) var isEmpty = true

  init(restartInterval: Int) { self.restartInterval = restartInterval }

  var sizeEstimate: Int { bytes.count + restarts.count * 4 + 4 }

  mutating func add(key: [UInt8], value: [UInt8]) {
    var shared = 0
    if sinceRestart < restartInterval {
      if count > 0 { shared = zip(lastKey, key).prefix { $0 == $1 }.count }
    } else {
      restarts.append(UInt32(bytes.count))
      sinceRestart = 0
    }
    bytes.appendVarint(UInt64(shared))
    bytes.appendVarint(UInt64(key.count - shared))
    bytes.appendVarint(UInt64(value.count))
    bytes += key[shared...]
    bytes += value
    lastKey = key
    sinceRestart += 1
    count += 1
    isEmpty = false
  }

  func finished() -> [UInt8] {
    var result = bytes
    for restart in restarts { result.appendFixed32(restart) }
    result.appendFixed32(UInt32(restarts.count))
    return result
  }

  /// Begins the next block.
  mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    restarts = [0]
    sinceRestart = 0
    count = 0
  }
}
