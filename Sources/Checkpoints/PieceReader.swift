import Records
import Tensors

/// The stored bytes of one piece of a tensor: where they lie, and in which byte order.
struct PieceBytes {
  var source: any RandomAccess
  var offset: UInt64
  var count: Int
  /// Bytes to reverse together: the width of a component in a big-endian file, 1 otherwise.
  var swapWidth: Int

  /// `count` bytes from `start`, counted in the piece, in little-endian order. Multiples of the element width only.
  func read(_ start: Int, _ count: Int) throws -> [UInt8] {
    var bytes = try source.read(at: offset + UInt64(start), count: count)
    if swapWidth > 1 { Self.swap(&bytes, width: swapWidth) }
    return bytes
  }

  static func swap(_ bytes: inout [UInt8], width: Int) {
    for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
      bytes[start..<start + width].reverse()
    }
  }
}

/// Reads runs of a piece through a window, so that many short runs near each other cost one read.
private struct Window {
  /// A multiple of every element width.
  static let size = 1 << 20

  let piece: PieceBytes
  private var bytes: [UInt8] = []
  private var start = 0

  init(_ piece: PieceBytes) { self.piece = piece }

  /// Copies `count` bytes from `offset` of the piece to the front of `target`.
  mutating func copy(_ offset: Int, _ count: Int, to target: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < count {
      let wanted = offset + done
      if wanted < start || wanted >= start + bytes.count {
        start = wanted / Self.size * Self.size
        bytes = try piece.read(start, min(Self.size, piece.count - start))
        guard wanted < start + bytes.count else { throw StringTensor.Damage(reason: "the data is cut off") }
      }
      let part = min(count - done, start + bytes.count - wanted)
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[done..<done + part])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[wanted - start..<wanted - start + part]))
      }
      done += part
    }
  }
}

/// Copies the part of a tensor's slice that lies in one piece.
struct PieceGather {
  /// Along one axis: which places of the result come from which places of the piece.
  private struct Axis {
    var resultStart: Int
    var pieceStart: Int
    var step: Int
    var count: Int
  }

  private let axes: [Axis]
  private let resultShape: [Int]
  private let pieceShape: [Int]
  private let width: Int

  /// - Parameters:
  ///   - slice: the slice of the whole tensor; axes given by an index count as one long.
  ///   - ranges: what the piece covers of the whole tensor.
  init(slice: ResolvedSlice, ranges: [Range<Int>], width: Int) {
    self.width = width
    resultShape = slice.axes.map(\.count)
    pieceShape = ranges.map(\.count)
    axes = zip(slice.axes, ranges).map { axis, range in
      // The first and the last i with start + i × step inside of the range.
      let last = axis.count - 1
      guard last >= 0, !range.isEmpty else { return Axis(resultStart: 0, pieceStart: 0, step: 1, count: 0) }
      let (low, high) = (range.lowerBound - axis.start, range.upperBound - 1 - axis.start)
      let (near, far) = axis.step > 0 ? (low, high) : (high, low)
      let from = max(0, Self.ceiling(near, axis.step))
      let to = min(last, Self.floor(far, axis.step))
      let first = axis.start + from * axis.step - range.lowerBound
      return Axis(
        resultStart: from, pieceStart: max(0, first), step: axis.step, count: max(0, to - from + 1))
    }
  }

  private static func floor(_ a: Int, _ b: Int) -> Int {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder != 0 && (remainder < 0) != (b < 0) ? quotient - 1 : quotient
  }

  private static func ceiling(_ a: Int, _ b: Int) -> Int {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder != 0 && (remainder < 0) == (b < 0) ? quotient + 1 : quotient
  }

  /// Elements this piece gives to the result.
  var elementCount: Int { axes.reduce(1) { $0 * $1.count } }

  /// Copies them from `piece` to their places in `result`, which holds the whole slice.
  func copy(from piece: PieceBytes, to result: inout [UInt8]) throws {
    guard elementCount > 0 else { return }
    let resultStrides = Shape(resultShape).strides
    let pieceStrides = Shape(pieceShape).strides
    // Axes from `outer` on form one run without gaps on both sides.
    var outer = axes.count
    var run = 1
    while outer > 0 {
      let axis = axes[outer - 1]
      guard axis.step == 1 || axis.count == 1 else { break }
      outer -= 1
      run *= axis.count
      if axis.count != resultShape[outer] || axis.count != pieceShape[outer] { break }
    }
    var index = [Int](repeating: 0, count: outer)
    var window = Window(piece)
    var resultBase = 0
    var pieceBase = 0
    for (number, axis) in axes.enumerated() {
      resultBase += axis.resultStart * resultStrides[number]
      pieceBase += axis.pieceStart * pieceStrides[number]
    }
    try result.withUnsafeMutableBytes { target in
      while true {
        var (to, from) = (resultBase, pieceBase)
        for number in 0..<outer {
          to += index[number] * resultStrides[number]
          from += index[number] * axes[number].step * pieceStrides[number]
        }
        try window.copy(
          from * width, run * width,
          to: UnsafeMutableRawBufferPointer(rebasing: target[to * width..<(to + run) * width]))
        var number = outer - 1
        while number >= 0 {
          index[number] += 1
          if index[number] < axes[number].count { break }
          index[number] = 0
          number -= 1
        }
        if number < 0 { break }
      }
    }
  }
}
