import Tensors

@testable import Checkpoints

/// Messages of the protobuf wire format, field by field.
enum Wire {
  static func number(_ field: Int, _ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(UInt64(field) << 3)
    bytes.appendVarint(value)
    return bytes
  }

  static func number(_ field: Int, _ value: Int64) -> [UInt8] { number(field, UInt64(bitPattern: value)) }

  static func bytes(_ field: Int, _ value: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(UInt64(field) << 3 | 2)
    bytes.appendVarint(UInt64(value.count))
    return bytes + value
  }

  /// TensorSliceProto: a start and a length for each dimension, no length for all that is left.
  static func slice(_ extents: [(start: Int64, length: Int64?)]) -> [UInt8] {
    extents.flatMap { extent in
      bytes(1, number(1, extent.start) + (extent.length.map { number(2, $0) } ?? []))
    }
  }

  /// TensorShapeProto.
  static func shape(_ sizes: [Int64]) -> [UInt8] { sizes.flatMap { bytes(2, number(1, $0)) } }
}

/// Writes V2 and V1 checkpoints that say anything at all, behind valid checksums.
struct HandMadeCheckpoint {
  typealias Extents = [(start: Int64, length: Int64?)]

  private var items: [(key: [UInt8], value: [UInt8])] = []
  private(set) var data: [UInt8] = []

  /// A V2 entry. Its bytes are appended to the data file; `size` is what the index says about them.
  mutating func add(
    _ name: String, _ dtype: DataType = .float32, shape: [Int64], _ bytes: [UInt8] = [], size: UInt64? = nil,
    shard: Int64 = 0, slices: [Extents] = []
  ) {
    items.append(
      (
        Array(name.utf8),
        entry(dtype, shape, bytes, size, shard) + slices.flatMap { Wire.bytes(7, Wire.slice($0)) }
      ))
  }

  /// The entry of one slice of a partitioned V2 tensor.
  mutating func addPiece(
    of name: String, _ extents: [SliceExtent], shape: [Int64], _ floats: [Float], shard: Int64 = 0
  ) {
    let key = OrderedCode.sliceKey(name: Array(name.utf8), extents: extents)
    items.append((key, entry(.float32, shape, floats.flatMap { littleEndian($0) }, nil, shard)))
  }

  private mutating func entry(
    _ dtype: DataType, _ shape: [Int64], _ bytes: [UInt8], _ size: UInt64?, _ shard: Int64
  ) -> [UInt8] {
    let offset = UInt64(data.count)
    data += bytes
    var checksum: [UInt8] = [6 << 3 | 5]
    checksum.appendFixed32(maskedChecksum(bytes))
    return Wire.number(1, Int64(dtype.rawValue)) + Wire.bytes(2, Wire.shape(shape)) + Wire.number(3, shard)
      + Wire.number(4, offset) + Wire.number(5, size ?? UInt64(bytes.count)) + checksum
  }

  private func table(header: [UInt8]) -> [UInt8] {
    var table = TableWriter()
    table.add(key: [], value: header)
    for item in items.sorted(by: { precedes($0.key, $1.key) }) { table.add(key: item.key, value: item.value) }
    table.finish()
    return table.bytes
  }

  func write(to folder: TemporaryFolder, _ name: String) throws {
    try folder.write(table(header: BundleHeader(shardCount: 1).serialized), to: name + ".index")
    try folder.write(data, to: name + ".data-00000-of-00001")
  }

  /// A V1 file of float tensors: `tensors` as its list says, and the values stored under each slice's key.
  static func table(_ tensors: [(name: String, shape: [Int64], slices: [(Extents, [Float])])]) -> [UInt8] {
    var made = HandMadeCheckpoint()
    var meta: [UInt8] = []
    for tensor in tensors {
      var listed = Wire.bytes(1, Array(tensor.name.utf8)) + Wire.bytes(2, Wire.shape(tensor.shape))
      listed += Wire.number(3, Int64(DataType.float32.rawValue))
      for (extents, values) in tensor.slices {
        listed += Wire.bytes(4, Wire.slice(extents))
        let key = OrderedCode.sliceKey(
          name: Array(tensor.name.utf8),
          extents: extents.map { SliceExtent(start: Int($0.start), length: $0.length.map { Int($0) }) })
        let proto = Wire.bytes(5, values.flatMap { littleEndian($0) })
        if !made.items.contains(where: { $0.key == key }) {
          made.items.append((key, Wire.bytes(2, Wire.bytes(3, proto))))
        }
      }
      meta += Wire.bytes(1, listed)
    }
    return made.table(header: Wire.bytes(1, meta))
  }
}

private func littleEndian(_ value: Float) -> [UInt8] {
  withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
}
