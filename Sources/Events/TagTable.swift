import CKernels
import Records
import Tensors

/// What the scanner keeps for a tag, in raw memory so that appending a point touches no reference count.
struct TagSlot: BitwiseCopyable {
  /// The tag's raw bytes, owned by the table.
  var name: UnsafeMutableRawPointer
  var length: Int
  var hash: UInt64
  /// The tag that came after this one last time.
  var next: Int32
  /// The tag's place in the present batch; -1 where it was not met yet.
  var batchIndex: Int32 = -1
  /// Whether the metadata is settled, so that later values need not parse theirs.
  var isSettled = false
  var storage: ScalarStorage = .float32
  var dtypeNumber: Int32 = 0
  /// The column of the present batch. `limit` is 0 until the batch has a point of this tag, so that one comparison
  /// tells both that the column is full and that it is new.
  var points: UnsafeMutablePointer<ScalarPoint>
  var count = 0
  var limit = 0
  var capacity = 0
}

/// Finds a tag by its raw bytes. Training loops log the same tags in the same order, so the tag that came next last
/// time is compared first; a hash table serves the rest.
///
/// Owns raw memory: an island, used only by `EventScanner`.
final class TagTable {
  private(set) var slots: UnsafeMutablePointer<TagSlot>
  private(set) var count = 0
  private var capacity = 64
  /// Open addressing; -1 is free. Always a power of two and at most half full.
  private var index: [Int32]
  /// Where the scanner is in the usual order of tags.
  private var last = 0
  /// Keeps a crafted file from making all its tags collide.
  private let seed: UInt64
  /// What is known of each tag.
  var tags: [EventTag] = []

  init(seed: UInt64 = .random(in: .min ... .max)) {
    self.seed = seed | 1
    slots = .allocate(capacity: capacity)
    index = [Int32](repeating: -1, count: 256)
  }

  deinit {
    for number in 0..<count {
      slots[number].name.deallocate()
      slots[number].points.deallocate()
    }
    slots.deallocate()
  }

  /// The number of the tag with these bytes; a new one where it was not met before.
  @inline(__always)
  func number(of bytes: UnsafeRawBufferPointer) -> Int {
    let guess = guess(bytes)
    return guess >= 0 ? guess : lookUp(bytes)
  }

  /// The number of the tag with these bytes if it is the one that came next last time; -1 otherwise.
  @inline(__always)
  func guess(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard count > 0 else { return -1 }
    let guess = Int(slots[last].next)
    guard bytes.count == slots[guess].length, Self.equal(bytes, slots[guess].name) else { return -1 }
    last = guess
    return guess
  }

  @inline(never)
  private func lookUp(_ bytes: UnsafeRawBufferPointer) -> Int {
    let hash = hash(bytes)
    var place = Int(truncatingIfNeeded: hash) & (index.count - 1)
    var found = -1
    while index[place] >= 0 {
      let candidate = Int(index[place])
      if slots[candidate].hash == hash, slots[candidate].length == bytes.count,
        Self.equal(bytes, slots[candidate].name)
      {
        found = candidate
        break
      }
      place = (place + 1) & (index.count - 1)
    }
    if found < 0 {
      found = add(bytes, hash)
      index[place] = Int32(found)
      if count * 2 > index.count { growIndex() }
    }
    slots[last].next = Int32(found)
    last = found
    return found
  }

  private func add(_ bytes: UnsafeRawBufferPointer, _ hash: UInt64) -> Int {
    if count == capacity {
      let larger = UnsafeMutablePointer<TagSlot>.allocate(capacity: capacity * 2)
      larger.moveInitialize(from: slots, count: count)
      slots.deallocate()
      slots = larger
      capacity *= 2
    }
    let name = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 8), alignment: 8)
    if let base = bytes.baseAddress { name.copyMemory(from: base, byteCount: bytes.count) }
    (slots + count).initialize(
      to: TagSlot(name: name, length: bytes.count, hash: hash, next: Int32(count), points: .allocate(capacity: 0)))
    tags.append(EventTag(id: count, name: ByteText.text(bytes)))
    count += 1
    return count - 1
  }

  private func growIndex() {
    index = [Int32](repeating: -1, count: index.count * 2)
    for number in 0..<count {
      var place = Int(truncatingIfNeeded: slots[number].hash) & (index.count - 1)
      while index[place] >= 0 { place = (place + 1) & (index.count - 1) }
      index[place] = Int32(number)
    }
  }

  /// Compares with a name of the same length, eight bytes at a time.
  @inline(__always)
  private static func equal(_ bytes: UnsafeRawBufferPointer, _ name: UnsafeMutableRawPointer) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    let count = bytes.count
    guard count >= 8 else {
      for offset in 0..<count
      where base.load(fromByteOffset: offset, as: UInt8.self) != name.load(fromByteOffset: offset, as: UInt8.self) {
        return false
      }
      return true
    }
    var offset = 0
    while offset + 8 <= count {
      if base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        != name.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      {
        return false
      }
      offset += 8
    }
    return base.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
      == name.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
  }

  private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
      let product = a.multipliedFullWidth(by: b)
      return product.high ^ product.low
    }
    var state = seed ^ UInt64(bytes.count)
    var offset = 0
    while offset < bytes.count {
      var word: UInt64 = 0
      if offset + 8 <= bytes.count {
        word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      } else {
        for byte in bytes[offset...] { word = word << 8 | UInt64(byte) }
      }
      state = mixed(state ^ word, 0x9E37_79B9_7F4A_7C15 ^ seed)
      offset += 8
    }
    return mixed(state, 0xBF58_476D_1CE4_E5B9)
  }
}
