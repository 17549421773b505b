import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of a record file as they were before it was compressed with gzip or zlib; those of a file that is not
/// compressed as they are. Which it is shows from the first bytes, once they are there.
///
/// Offsets are those of the decompressed bytes. Memory stays bounded whatever the file claims to hold: one buffer of
/// 256 KiB for the file's bytes, and at most 64 places (40 KiB each) from which reading can go on, so that going back
/// does not mean beginning again. A file that grows is read on. Damaged data is passed over up to the next gzip member.
public final class DecompressedSource<Base: ByteSource>: ByteSource {
  public let base: Base
  private let state = Mutex(DecompressionState())

  public init(_ base: Base) { self.base = base }

  public var path: String { base.path }

  /// How the file is compressed; nil where it is not, or where too little is there to tell.
  public func compression() throws -> Compression? { try state.withLock { try $0.compression(base) } }

  /// How many bytes there are at present, decompressed. Costs a walk through all of a compressed file.
  public func size() throws -> UInt64 {
    try state.withLock {
      guard try $0.compression(base) != nil else { return try base.size() }
      return try $0.extent(base, upTo: .max)
    }
  }

  public func available(from offset: UInt64, upTo limit: UInt64) throws -> UInt64? {
    try state.withLock {
      guard try $0.compression(base) != nil else { return try base.available(from: offset, upTo: limit) }
      let (target, overflow) = offset.addingReportingOverflow(limit)
      let extent = try $0.extent(base, upTo: overflow ? .max : target)
      return extent < offset ? nil : min(extent - offset, limit)
    }
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int {
    try state.withLock {
      guard try $0.compression(base) != nil else { return try base.read(into: buffer, at: offset) }
      return try $0.read(base, into: buffer, at: offset)
    }
  }

  public func gaps(in range: Range<UInt64>) -> [CompressionGap] {
    state.withLock { $0.gaps.within(range) }
  }

  public func ending() -> SourceEnding { state.withLock { $0.ending } }
}

extension DecompressedSource: Sendable where Base: Sendable {}

/// What a `DecompressedSource` keeps under its lock.
struct DecompressionState: ~Copyable, Sendable {
  private enum Kind: Sendable {
    case unknown, plain
    case compressed(Compression)
  }

  /// Places in use: those of the last few callers, so that looking at a file's beginning now and then costs the one who
  /// reads it through nothing.
  private var cursors: [Inflater] = []
  private static let cursorLimit = 3
  /// Places to return to, in order, at least `spacing` decompressed bytes apart.
  private var marks: [Inflater] = []
  private var spacing: UInt64 = 1 << 20
  private static let markLimit = 60
  /// The farthest place that was looked at for `extent`.
  private var frontier: Inflater?
  /// Decompressed bytes known to be there.
  private var reached: UInt64 = 0
  private var kind = Kind.unknown
  private(set) var gaps = CompressionGaps()
  /// How the source ended where an end was last met.
  private(set) var ending = SourceEnding.whole

  // The file's bytes [inputOffset, inputOffset + inputCount).
  private var input: [UInt8] = []
  private var inputOffset: UInt64 = 0
  private var inputCount = 0
  private static let inputSize = 1 << 18

  // MARK: - The three questions

  mutating func compression(_ base: some ByteSource) throws -> Compression? {
    switch kind {
    case .plain: return nil
    case .compressed(let compression): return compression
    case .unknown:
      var head = [UInt8](repeating: 0, count: Compression.headLength)
      let count = try head.withUnsafeMutableBytes { try base.readFully(into: $0, at: 0) }
      let found = head.withUnsafeBytes { Compression.detected(in: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      if let found {
        kind = .compressed(found)
      } else if count == head.count {
        kind = .plain
      }
      return found
    }
  }

  mutating func read(
    _ base: some ByteSource, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws -> Int {
    guard buffer.count > 0 else { return 0 }
    let cursor = try cursor(base, at: offset)
    guard try skip(base, cursor, to: offset) else { return 0 }
    return try advance(base, cursor, into: buffer)
  }

  /// How many decompressed bytes there are; where there are more than `target`, any number from it on.
  mutating func extent(_ base: some ByteSource, upTo target: UInt64) throws -> UInt64 {
    if reached >= target { return reached }
    let start = (cursors + marks + [frontier].compactMap { $0 }).max { $0.position < $1.position }
    let ahead: Inflater
    if let start, start === frontier {
      ahead = start
    } else {
      ahead = try place(base, copying: start)
      frontier = ahead
    }
    _ = try skip(base, ahead, to: target)
    return ahead.position
  }

  // MARK: - Places

  /// The nearest place at or before `offset`; it is then in use.
  private mutating func cursor(_ base: some ByteSource, at offset: UInt64) throws -> Inflater {
    let near = cursors.indices.filter { cursors[$0].position <= offset }
      .max { cursors[$0].position < cursors[$1].position }
    let mark = marks.last { $0.position <= offset }
    let cursor: Inflater
    if let near, cursors[near].position >= mark?.position ?? 0 {
      cursor = cursors.remove(at: near)
    } else {
      cursor = try place(base, copying: mark)
      if cursors.count == Self.cursorLimit { cursors.removeFirst() }
    }
    cursors.append(cursor)
    return cursor
  }

  private func place(_ base: some ByteSource, copying other: Inflater?) throws -> Inflater {
    guard let place = other.map(Inflater.init(copying:)) ?? Inflater() else {
      throw RecordError.cannotRead(path: base.path, offset: other?.fileOffset ?? 0, errno: ENOMEM)
    }
    return place
  }

  /// Keeps a place to return to, where none is near.
  private mutating func mark(_ place: Inflater) {
    guard place.position >= (marks.last?.position ?? 0) + spacing else { return }
    if marks.count == Self.markLimit {
      // Every second goes, and they stand twice as far apart from now on.
      marks = marks.indices.compactMap { $0 % 2 == 1 ? marks[$0] : nil }
      spacing *= 2
    }
    if let copy = Inflater(copying: place) { marks.append(copy) }
  }

  // MARK: - Going on

  /// Goes on to `target`; false where the source ends before it.
  private mutating func skip(_ base: some ByteSource, _ place: Inflater, to target: UInt64) throws -> Bool {
    guard place.position < target else { return true }
    return try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { scratch in
      while place.position < target {
        let count = Int(min(UInt64(scratch.count), target - place.position))
        let room = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
        if try advance(base, place, into: room) == 0 { return false }
      }
      return true
    }
  }

  /// Decompresses into `buffer` until it is full or the source ends; gives how many bytes it has.
  private mutating func advance(
    _ base: some ByteSource, _ place: Inflater, into buffer: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    var done = 0
    while done < buffer.count {
      if let size = place.stuckAtSize {
        guard try base.size() > size else { return done }
        place.stuckAtSize = nil
      }
      if place.isAtMemberStart {
        guard try beginMember(base, place) else { break }
        if place.stuckAtSize != nil { break }
      }
      // Without more of the file there may still be something to come: zlib takes in more than it gives out.
      let available = try fillInput(base, at: place.fileOffset)
      let start = Int(place.fileOffset - inputOffset)
      let room = UnsafeMutableRawBufferPointer(
        rebasing: buffer[done..<min(buffer.count, done + Int(clamping: spacing))])
      let (count, outcome) = input.withUnsafeBytes {
        place.inflate(UnsafeRawBufferPointer(rebasing: $0[start..<inputCount]), into: room)
      }
      done += count
      reached = max(reached, place.position)
      switch outcome {
      case .running: break
      case .ended: place.beginMember(at: place.fileOffset)
      case .failed(let reason): try pass(base, place, reason)
      }
      if available == 0, count == 0, outcome == .running {
        ending = .unfinished
        break
      }
      mark(place)
    }
    return done
  }

  /// Looks at what stands where a member should begin. False at the end of the file.
  private mutating func beginMember(_ base: some ByteSource, _ place: Inflater) throws -> Bool {
    var offset = place.fileOffset
    // Zeros may follow a member: what copies to tapes and devices leaves behind.
    while try fillInput(base, at: offset) > 0, place.fileOffset > 0,
      input[Int(offset - inputOffset)] == 0
    {
      offset += 1
    }
    guard try fillInput(base, at: offset) > 0 else {
      ending = .whole
      return false
    }
    if offset != place.fileOffset { place.beginMember(at: offset) }
    let available = try fillInput(base, at: offset, atLeast: 4)
    let start = Int(offset - inputOffset)
    let isHeader = input.withUnsafeBytes { bytes in
      let head = UnsafeRawBufferPointer(rebasing: bytes[start..<start + available])
      // The beginning of a header may be all there is as yet; zlib says what is wrong with the first.
      return offset == 0 || Compression.isGzipHeader(head) || Compression.isZlibHeader(head)
        || available < 4 && head[0] == 0x1F
    }
    if !isHeader { try pass(base, place, "what follows the end of the compressed data is none") }
    return true
  }

  /// Passes over damaged data: to the next gzip member, or for good.
  private mutating func pass(_ base: some ByteSource, _ place: Inflater, _ reason: String) throws {
    let damage = place.fileOffset
    // What was damaged may have hidden the next member's beginning for a while.
    let next = try nextMember(base, from: max(place.memberStart + 1, damage - min(damage, 1 << 16)))
    let size = try base.size()
    let end = next ?? size
    let gap = CompressionGap(
      offset: place.position, fileOffset: damage, fileBytes: end - min(end, damage), reason: reason)
    if let next {
      gaps.add(gap)
      place.beginMember(at: next)
    } else {
      ending = .damaged(gap)
      place.stuckAtSize = size
    }
  }

  /// Where a gzip member may begin, from `offset` on.
  private mutating func nextMember(_ base: some ByteSource, from offset: UInt64) throws -> UInt64? {
    var offset = offset
    while true {
      let available = try fillInput(base, at: offset, atLeast: 4)
      guard available >= 4 else { return nil }
      let start = Int(offset - inputOffset)
      let found = input.withUnsafeBytes { bytes in
        (start...inputCount - 4).first { Compression.isGzipHeader(UnsafeRawBufferPointer(rebasing: bytes[$0...])) }
      }
      if let found { return inputOffset + UInt64(found) }
      offset = inputOffset + UInt64(inputCount - 3)
    }
  }

  // MARK: - The file's bytes

  /// Has the file's bytes from `offset` on in `input`, as many as `count` where there are so many; gives how many.
  private mutating func fillInput(_ base: some ByteSource, at offset: UInt64, atLeast count: Int = 1) throws -> Int {
    if offset >= inputOffset, offset - inputOffset <= UInt64(inputCount) {
      let available = inputCount - Int(offset - inputOffset)
      if available >= count { return available }
    }
    if input.isEmpty { input = [UInt8](repeating: 0, count: Self.inputSize) }
    inputOffset = offset
    inputCount = 0
    inputCount = try input.withUnsafeMutableBytes { try base.readFully(into: $0, at: offset) }
    return inputCount
  }
}
