import Foundation
import Records
import Synchronization
import Tensors

/// Reads a checkpoint: V2, object-based, SavedModel or V1.
///
/// Opening reads the index only; tensor bytes are read when asked for, whole ones with their checksum verified. A
/// missing data file or a damaged tensor makes only the tensors concerned fail. Files stay open from first use, so a
/// checkpoint that is replaced meanwhile is still read consistently. Safe to use from many tasks.
public final class CheckpointReader: Sendable {
  public let prefix: String
  public let format: CheckpointFormat
  /// The tensors, by the bytes of their names.
  public let entries: [CheckpointEntry]
  /// Parts of the index that could not be read, as sentences; everything else is in `entries`.
  public let problems: [String]
  /// Bytes at once while a tensor is streamed: a multiple of every element width.
  static let chunkSize = 1 << 20

  private let isBigEndian: Bool
  private let positions: [String: Int]
  private let paths: [String]
  private let confinement: Confinement?
  private let tables: [Int: TableReader]
  /// The index files as they were when opened.
  private let identity: [String: FileStatus]
  private let files = Mutex<[Int: RandomAccessFile]>([:])
  private let names = Mutex<[String: String]?>(nil)

  /// Opens the checkpoint that `path` means: see `CheckpointLocation.resolve`. Throws `CheckpointError`.
  public convenience init(path: String) throws { try self.init(CheckpointLocation.resolve(path)) }

  /// Opens the checkpoint with exactly this prefix: see `CheckpointLocation.exactly`. With a root, its data files too are
  /// opened only there. Throws `CheckpointError`.
  public convenience init(prefix: String, confinedTo root: String? = nil) throws {
    try self.init(CheckpointLocation.exactly(prefix, confinedTo: root))
  }

  public init(_ location: CheckpointLocation) throws {
    prefix = location.prefix
    confinement = location.confinement
    let indexFiles = location.indexFiles
    identity = Dictionary(indexFiles.compactMap { path in FileStatus(path).map { (path, $0) } }) { $1 }
    switch location.files {
    case .bundle:
      let index = try BundleIndex(TableReader(RandomAccessFile(path: prefix + ".index", within: confinement)))
      entries = index.entries
      problems = index.problems
      isBigEndian = index.header.isBigEndian
      let shardCount = max(1, index.header.shardCount)
      paths = (0..<shardCount).map { [prefix] in dataFilePath(prefix: prefix, shard: $0, of: shardCount) }
      tables = [:]
      let holdsObjects = entries.contains { $0.name == BundleIndex.objectGraphKey }
      let folder = split(split(prefix).directory).directory
      let isSavedModel =
        prefix.hasSuffix("variables/variables")
        && ["saved_model.pb", "saved_model.pbtxt"].contains { FileStatus(joined(folder, $0)) != nil }
      format = isSavedModel ? .savedModel : holdsObjects ? .object : .v2
    case .tables(let paths):
      let contents = try TableCheckpoint(paths: paths, within: confinement)
      entries = contents.entries
      problems = contents.problems
      isBigEndian = false
      self.paths = paths
      tables = contents.tables
      format = .v1
    }
    positions = Dictionary(
      entries.indices.map { [entries] in (entries[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The data files the entries refer to (of a V1 checkpoint, its table files), whether they are there or not.
  public var dataFiles: [String] {
    let shards = Set(entries.flatMap { $0.slices.map(\.shard) })
    return shards.sorted().map { paths[$0] }
  }

  /// Whether the index on disk is still the one that was opened. If not, open the checkpoint anew.
  public var isCurrent: Bool { identity.allSatisfy { FileStatus($0.key) == $0.value } }

  /// Those of `dataFiles` that are not there.
  public var missingDataFiles: [String] { dataFiles.filter { FileStatus($0) == nil } }

  /// What keeps `dataFiles` from being read, a sentence each, as far as that shows without opening them.
  public var dataFileProblems: [String] {
    dataFiles.compactMap { path in
      guard let status = FileStatus(path) else {
        return "\(path): data file missing; the tensors in it cannot be read"
      }
      if confinement?.isOutside(path) == true { return "\(CheckpointError.outside(path: path))" }
      return status.isRegular ? nil : "\(path): not a regular file; the tensors in it cannot be read"
    }
  }

  public func entry(named name: String) throws -> CheckpointEntry {
    guard let position = positions[name] else { throw CheckpointError.noSuchTensor(name: name, path: prefix) }
    return entries[position]
  }

  /// The tensor, or a slice of it.
  ///
  /// Without a slice the checksum is verified. With one, only the parts of the file that hold it are read (in windows of
  /// 1 MiB), so the checksum, which covers the whole tensor, is not; sizes are.
  public func tensor(named name: String, slice: [SliceRange]? = nil) throws -> Tensor {
    let entry = try entry(named: name)
    if let slice { return try tensor(named: name, slice: resolve(slice, of: entry)) }
    if entry.dtype == .string { return Tensor(strings: try strings(of: entry), shape: entry.shape) }
    if entry.isPartitioned {
      for piece in entry.slices { try verify(piece, of: entry) }
      return try tensor(named: name, slice: ResolvedSlice(entry.shape))
    }
    guard let piece = entry.slices.first else { throw missingSlices(entry) }
    let count = try open(piece, of: entry).count
    return try Tensor(dtype: entry.dtype, shape: entry.shape, byteCount: count) { target in
      var filled = 0
      try forEachVerifiedChunk(of: piece, entry) { chunk in
        UnsafeMutableRawBufferPointer(rebasing: target[filled..<filled + chunk.count]).copyMemory(from: chunk)
        filled += chunk.count
      }
    }
  }

  /// A slice already fitted to the tensor's shape.
  public func tensor(named name: String, slice: ResolvedSlice) throws -> Tensor {
    let entry = try entry(named: name)
    if entry.dtype == .string {
      let strings = try strings(of: entry)
      // Nothing to pick from, though the other dimensions may be of any size.
      if strings.isEmpty { return Tensor(strings: [], shape: slice.shape) }
      return Tensor(strings: strings, shape: entry.shape).sliced(slice)
    }
    return try Tensor(dtype: entry.dtype, shape: slice.shape, bytes: bytes(of: entry, slice: slice))
  }

  /// Fits a slice to a tensor; throws `CheckpointError.invalidSlice`.
  public func resolve(_ slice: [SliceRange], of entry: CheckpointEntry) throws -> ResolvedSlice {
    do { return try ResolvedSlice(slice, of: entry.shape) } catch let error as SliceError {
      throw CheckpointError.invalidSlice(name: entry.name, reason: error.description)
    }
  }

  /// The name each key's variable had in its program, where the checkpoint holds an object graph that tells; empty
  /// otherwise. Reads the graph on first use.
  public var fullNames: [String: String] {
    get throws {
      if let known = names.withLock({ $0 }) { return known }
      guard let entry = try? entry(named: BundleIndex.objectGraphKey), let bytes = try strings(of: entry).first else {
        return [:]
      }
      let found = ObjectGraph.fullNames(try ObjectGraph.decode(bytes, path: prefix))
      names.withLock { $0 = found }
      return found
    }
  }

  // MARK: Bytes

  /// Calls `body` with the whole tensor in row-major little-endian order, in chunks of whole elements, and verifies its
  /// checksums. Where they do not match the error comes after the last chunk. Of a string tensor, with each element.
  public func forEachChunk(of entry: CheckpointEntry, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if entry.dtype == .string {
      for string in try strings(of: entry) { try string.withUnsafeBytes(body) }
    } else if entry.isPartitioned {
      for piece in entry.slices { try verify(piece, of: entry) }
      try forEachBlockOfRows(of: entry, body)
    } else if let piece = entry.slices.first {
      try forEachVerifiedChunk(of: piece, entry, body)
    } else {
      throw missingSlices(entry)
    }
  }

  /// The raw bytes of a slice, row-major and little-endian. Not for string tensors.
  func bytes(of entry: CheckpointEntry, slice: ResolvedSlice) throws -> [UInt8] {
    guard let width = entry.dtype.byteWidth else {
      throw CheckpointError.undecodable(name: entry.name, dtype: entry.dtype.name)
    }
    // The product of an empty slice fits whatever its other dimensions are; of another, at most the tensor's.
    guard let wanted = Shape(slice.axes.map(\.count)).checkedElementCount() else { throw missingSlices(entry) }
    if wanted == 0 { return [] }
    let gathers = entry.slices.map { PieceGather(slice: slice, ranges: $0.ranges, width: width) }
    // Checked before memory is taken for a shape that the stored pieces do not fill.
    guard gathers.map(\.elementCount).saturatingSum() == wanted else { throw missingSlices(entry) }
    let pieces = try zip(entry.slices, gathers).filter { $1.elementCount > 0 }
      .map { (try open($0, of: entry), $1, $0) }
    var result = [UInt8](repeating: 0, count: wanted * width)
    for (piece, gather, slice) in pieces {
      do { try gather.copy(from: piece, to: &result) } catch let damage as StringTensor.Damage {
        throw damaged(slice, entry, damage.reason)
      }
    }
    return result
  }

  private func forEachBlockOfRows(of entry: CheckpointEntry, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    // An empty tensor may have any number of rows.
    if entry.shape.elementCount == 0 { return }
    let width = entry.dtype.byteWidth ?? 1
    let rows = entry.shape.dimensions.first ?? 1
    let rowBytes = max(1, entry.shape.elementCount / max(1, rows) * width)
    let step = max(1, Self.chunkSize / rowBytes)
    for start in stride(from: 0, to: rows, by: step) {
      var slice = ResolvedSlice(entry.shape)
      if !slice.axes.isEmpty {
        slice.axes[0].start = start
        slice.axes[0].count = min(step, rows - start)
      }
      try bytes(of: entry, slice: slice).withUnsafeBytes(body)
    }
  }

  private func verify(_ piece: CheckpointSlice, of entry: CheckpointEntry) throws {
    try forEachVerifiedChunk(of: piece, entry) { _ in }
  }

  private func forEachVerifiedChunk(
    of piece: CheckpointSlice, _ entry: CheckpointEntry, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let bytes = try open(piece, of: entry)
    var checksum: UInt32 = 0
    var start = 0
    while start < bytes.count {
      var chunk = try bytes.source.read(
        at: bytes.offset + UInt64(start), count: min(Self.chunkSize, bytes.count - start))
      guard chunk.count == min(Self.chunkSize, bytes.count - start) else {
        throw damaged(piece, entry, "the data file was cut off while it was read")
      }
      start += chunk.count
      // The checksum is of the bytes as they lie in the file.
      chunk.withUnsafeBytes { checksum = CRC32C.extend(checksum, $0) }
      if bytes.swapWidth > 1 { PieceBytes.swap(&chunk, width: bytes.swapWidth) }
      try chunk.withUnsafeBytes(body)
    }
    if let stored = piece.maskedChecksum, stored != CRC32C.mask(checksum) {
      throw damaged(piece, entry, "the checksum of its \(bytes.count) bytes does not match")
    }
  }

  private func strings(of entry: CheckpointEntry) throws -> [[UInt8]] {
    guard entry.dtype == .string, let piece = entry.slices.first, !entry.isPartitioned else {
      throw CheckpointError.undecodable(name: entry.name, dtype: entry.dtype.name)
    }
    if let key = piece.tableKey {
      return try TableCheckpoint.strings(key, in: table(piece, entry), entry)
    }
    let bytes = try open(piece, of: entry)
    let stored = try bytes.source.read(at: bytes.offset, count: bytes.count)
    do {
      return try StringTensor.decode(
        stored, count: entry.shape.elementCount, maskedChecksum: piece.maskedChecksum)
    } catch let damage as StringTensor.Damage { throw damaged(piece, entry, damage.reason) }
  }

  /// Opens the file of a piece and checks that the piece fits it and its shape.
  private func open(_ piece: CheckpointSlice, of entry: CheckpointEntry) throws -> PieceBytes {
    guard entry.dtype == .string || entry.dtype.byteWidth != nil else {
      throw CheckpointError.undecodable(name: entry.name, dtype: entry.dtype.name)
    }
    if let key = piece.tableKey {
      let bytes = try TableCheckpoint.bytes(key, in: table(piece, entry), entry, shape: piece.shape)
      return PieceBytes(
        source: MemoryBytes(path: paths[piece.shard], bytes: bytes), offset: 0, count: bytes.count, swapWidth: 1)
    }
    let file = try dataFile(piece.shard, entry)
    let offset = piece.offset ?? 0
    if let width = entry.dtype.byteWidth {
      guard let count = piece.shape.checkedElementCount(),
        case (let bytes, let overflow) = count.multipliedReportingOverflow(by: width), !overflow,
        UInt64(bytes) == piece.byteCount
      else {
        throw damaged(
          piece, entry,
          "the index says \(piece.byteCount) bytes, but shape \(piece.shape) of \(entry.dtype.name) takes another number"
        )
      }
    }
    guard offset <= file.size, piece.byteCount <= file.size - offset else {
      throw damaged(
        piece, entry, "the data file ends at byte \(file.size), but the tensor's \(piece.byteCount) bytes pass that")
    }
    let component = (entry.dtype.byteWidth ?? 1) / (entry.dtype.isComplex ? 2 : 1)
    return PieceBytes(
      source: file, offset: offset, count: Int(piece.byteCount), swapWidth: isBigEndian ? component : 1)
  }

  private func dataFile(_ shard: Int, _ entry: CheckpointEntry) throws -> RandomAccessFile {
    if let file = files.withLock({ $0[shard] }) { return file }
    // Not under the lock: a slow file system must not hold up those who read other files.
    let file: RandomAccessFile
    do { file = try RandomAccessFile(path: paths[shard], within: confinement) } catch CheckpointError.notFound(
      let path, _)
    {
      throw CheckpointError.missingShard(name: entry.name, path: path)
    }
    return files.withLock { files in
      // All use the file that came first, so that a tensor is never read from two.
      if let earlier = files[shard] { return earlier }
      files[shard] = file
      return file
    }
  }

  private func table(_ piece: CheckpointSlice, _ entry: CheckpointEntry) throws -> TableReader {
    guard let table = tables[piece.shard] else {
      throw CheckpointError.missingShard(name: entry.name, path: paths[piece.shard])
    }
    return table
  }

  private func damaged(_ piece: CheckpointSlice, _ entry: CheckpointEntry, _ reason: String) -> CheckpointError {
    .damagedTensor(name: entry.name, path: paths[piece.shard], offset: piece.offset ?? 0, reason: reason)
  }

  private func missingSlices(_ entry: CheckpointEntry) -> CheckpointError {
    .damagedTensor(
      name: entry.name, path: prefix, offset: 0,
      reason: entry.contradiction ?? "the stored slices do not cover shape \(entry.shape)")
  }
}
