import Tensors

// The two messages of a V2 index, hand-decoded (tensor_bundle.proto):
//
//   key "":   BundleHeaderProto { 1 num_shards, 2 endianness (1: big), 3 version { 1 producer, 2 min_consumer } }
//   key name: BundleEntryProto  { 1 dtype, 2 shape { 2 dim { 1 size } }, 3 shard_id, 4 offset, 5 size,
//                                 6 fixed32 masked crc32c, 7 slices { 1 extent { 1 start, 2 length } } }

struct BundleHeader: Equatable, Sendable {
  /// The newest format this reader knows; a file that asks for more is refused.
  static let version = 1

  var shardCount = 0
  var isBigEndian = false
  var producer = 0
  var minimumConsumer = 0

  init(shardCount: Int, producer: Int = version) {
    self.shardCount = shardCount
    self.producer = producer
  }

  /// nil where the message is damaged.
  init?(_ bytes: [UInt8], _ range: Range<Int>) {
    var fields = ProtoFields(bytes, range)
    while let (field, value) = fields.next() {
      switch (field, value) {
      case (1, .number(let number)): shardCount = Int(Int32(truncatingIfNeeded: number))
      case (2, .number(let number)): isBigEndian = number == 1
      case (3, .bytes(let range)):
        var version = ProtoFields(bytes, range)
        while let (field, value) = version.next() {
          guard case .number(let number) = value else { continue }
          if field == 1 { producer = Int(Int32(truncatingIfNeeded: number)) }
          if field == 2 { minimumConsumer = Int(Int32(truncatingIfNeeded: number)) }
        }
        if version.isDamaged { return nil }
      default: break
      }
    }
    if fields.isDamaged { return nil }
  }

  /// As TensorFlow serialises it.
  var serialized: [UInt8] {
    var bytes: [UInt8] = [0x08]
    bytes.appendVarint(UInt64(shardCount))
    return bytes + [0x1a, 0x02, 0x08, UInt8(producer)]
  }
}

struct BundleEntry: Equatable, Sendable {
  /// TensorFlow's number of the element type, which may be one this reader does not know.
  var dtype: Int32 = 0
  var shape = Shape.scalar
  var shard = 0
  var offset: UInt64 = 0
  var size: UInt64 = 0
  /// As stored: masked.
  var maskedChecksum: UInt32 = 0
  var slices: [[SliceExtent]] = []

  init() {}

  /// nil where the message is damaged.
  init?(_ bytes: [UInt8], _ range: Range<Int>) {
    var fields = ProtoFields(bytes, range)
    while let (field, value) = fields.next() {
      switch (field, value) {
      case (1, .number(let number)): dtype = Int32(truncatingIfNeeded: number)
      case (2, .bytes(let range)):
        guard let shape = Self.shape(bytes, range) else { return nil }
        self.shape = shape
      case (3, .number(let number)): shard = Int(Int32(truncatingIfNeeded: number))
      case (4, .number(let number)): offset = number
      case (5, .number(let number)): size = number
      case (6, .fixed32(let number)): maskedChecksum = number
      case (7, .bytes(let range)):
        guard let slice = Self.slice(bytes, range) else { return nil }
        slices.append(slice)
      default: break
      }
    }
    if fields.isDamaged { return nil }
  }

  private static func shape(_ bytes: [UInt8], _ range: Range<Int>) -> Shape? {
    var dimensions: [Int] = []
    var fields = ProtoFields(bytes, range)
    while let (field, value) = fields.next() {
      guard field == 2, case .bytes(let range) = value else { continue }
      var size = 0
      var dimension = ProtoFields(bytes, range)
      while let (field, value) = dimension.next() {
        if field == 1, case .number(let number) = value { size = Int(Int64(bitPattern: number)) }
      }
      if dimension.isDamaged { return nil }
      dimensions.append(size)
    }
    return fields.isDamaged ? nil : Shape(dimensions)
  }

  private static func slice(_ bytes: [UInt8], _ range: Range<Int>) -> [SliceExtent]? {
    var extents: [SliceExtent] = []
    var fields = ProtoFields(bytes, range)
    while let (field, value) = fields.next() {
      guard field == 1, case .bytes(let range) = value else { continue }
      var extent = SliceExtent(start: 0, length: nil)
      var numbers = ProtoFields(bytes, range)
      while let (field, value) = numbers.next() {
        guard case .number(let number) = value else { continue }
        if field == 1 { extent.start = Int(Int64(bitPattern: number)) }
        if field == 2 {
          let length = Int(Int64(bitPattern: number))
          extent.length = length < 0 ? nil : length
        }
      }
      if numbers.isDamaged { return nil }
      extents.append(extent)
    }
    return fields.isDamaged ? nil : extents
  }

  /// One extent of a slice; a length is written even where it is 0, since its absence means all.
  private static func serialized(_ extent: SliceExtent) -> [UInt8] {
    var bytes: [UInt8] = []
    if extent.start != 0 {
      bytes.append(0x08)
      bytes.appendVarint(UInt64(extent.start))
    }
    if let length = extent.length {
      bytes.append(0x10)
      bytes.appendVarint(UInt64(length))
    }
    return bytes
  }

  /// As TensorFlow serialises it: default values left out, the shape never.
  var serialized: [UInt8] {
    var bytes: [UInt8] = [0x08]
    bytes.appendVarint(UInt64(dtype))
    var dimensions: [UInt8] = []
    for size in shape.dimensions {
      var dimension: [UInt8] = []
      if size != 0 {
        dimension.append(0x08)
        dimension.appendVarint(UInt64(size))
      }
      dimensions += [0x12, UInt8(dimension.count)] + dimension
    }
    bytes.append(0x12)
    bytes.appendVarint(UInt64(dimensions.count))
    bytes += dimensions
    for (tag, value) in [(UInt8(0x18), UInt64(shard)), (0x20, offset), (0x28, size)] where value != 0 {
      bytes.append(tag)
      bytes.appendVarint(value)
    }
    if maskedChecksum != 0 {
      bytes.append(0x35)
      bytes.appendFixed32(maskedChecksum)
    }
    for slice in slices {
      var message: [UInt8] = []
      for extent in slice {
        let fields = Self.serialized(extent)
        message += [0x0a, UInt8(fields.count)] + fields
      }
      bytes.append(0x3a)
      bytes.appendVarint(UInt64(message.count))
      bytes += message
    }
    return bytes
  }
}
