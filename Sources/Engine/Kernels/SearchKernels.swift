import Tensors

/// Kernels that look for elements: positions, sets, the largest ones, histograms.
@Sendable func defineSearchKernels(_ ops: inout OpRegistry) {
  ops.kernel("Where") { _ in
    { context in
      let input = try context.input(0)
      guard let width = input.dtype.byteWidth else { throw EngineError.noKernel("Where", input.dtype) }
      let isFloat = input.dtype.isFloatingPoint || input.dtype.isComplex
      let strides = input.shape.strides
      var found: [Int64] = []
      input.withUnsafeBytes { bytes in
        for index in 0..<input.elementCount {
          let element = bytes[(index * width)..<((index + 1) * width)]
          // A negative zero is zero too: of each part only the sign bit is set.
          let isZero = element.allSatisfy { $0 == 0 } || (isFloat && isNegativeZero(element, input.dtype))
          guard !isZero else { continue }
          for axis in strides.indices { found.append(Int64(index / strides[axis] % input.shape[axis])) }
        }
      }
      let rank = input.rank
      let count = rank == 0 ? 0 : found.count / rank
      context.setOutput(0, Tensor(found, shape: [rank == 0 ? scalarCount(input) : count, rank]))
    }
  }
  for name in ["Unique", "UniqueWithCounts", "UniqueV2", "UniqueWithCountsV2"] {
    ops.kernel(name) { node in
      let type = try node.type("out_idx")
      let hasCounts = name.contains("Counts")
      return { try unique($0, name, type, hasCounts: hasCounts) }
    }
  }
  ops.kernel("ListDiff") { node in
    let type = try node.type("out_idx")
    return { context in
      let (x, y) = (try context.input(0), try context.input(1))
      guard x.rank == 1, y.rank == 1 else {
        throw EngineError.invalid("x and y should be vectors: \(x.shape), \(y.shape)")
      }
      let known = Set(y.elementKeys())
      let kept = x.elementKeys().enumerated().filter { !known.contains($0.element) }.map(\.offset)
      context.setOutput(0, try picked(context, x, kept, shape: [kept.count]))
      context.setOutput(1, integerTensor(kept, type))
    }
  }
  for name in ["TopK", "TopKV2"] {
    ops.kernel(name) { node in
      let fixed = name == "TopK" ? try node.int("k") : nil
      return { context in try topK(context, k: try fixed ?? context.integer(1, "k")) }
    }
  }
  for name in ["InTopK", "InTopKV2"] {
    ops.kernel(name) { node in
      let fixed = name == "InTopK" ? try node.int("k") : nil
      return { context in try inTopK(context, k: try fixed ?? context.integer(2, "k")) }
    }
  }
  ops.kernel("NthElement") { node in
    let fromLargest = try node.bool("reverse")
    return { context in
      let input = try context.input(0)
      let n = try context.integer(1, "n")
      guard let columns = input.shape.dimensions.last, n >= 0, n < columns else {
        throw EngineError.invalid("Input must have last dimension > n = \(n)")
      }
      let order = try input.order(ofRows: columns)
      let positions = order.map { row in fromLargest ? row[columns - 1 - n] : row[n] }
      context.setOutput(
        0, try picked(context, input, positions, shape: Shape(Array(input.shape.dimensions.dropLast()))))
    }
  }
  for name in ["LowerBound", "UpperBound"] {
    ops.kernel(name) { node in
      let type = try node.type("out_type")
      return { try bounds($0, upper: name == "UpperBound", type) }
    }
  }
  ops.kernel("Bucketize") { node in
    let boundaries = try node.floats("boundaries").map(Double.init)
    guard boundaries == boundaries.sorted() else { throw EngineError.invalid("Expected sorted boundaries") }
    return { context in
      let input = try context.input(0)
      let values = try doubles(input, "Bucketize")
      context.setOutput(
        0,
        Tensor(
          values.map { value in Int32(boundaries.firstIndex { $0 > value } ?? boundaries.count) }, shape: input.shape))
    }
  }
  ops.kernel("HistogramFixedWidth") { node in
    let type = try node.type("dtype")
    return { context in
      let (input, range) = (try context.input(0), try context.input(1))
      let bins = try context.integer(2, "nbins")
      guard range.elementCount == 2, bins > 0 else {
        throw EngineError.invalid("value_range should be a vector of 2 elements and nbins positive")
      }
      let (values, limits) = (try doubles(input, "HistogramFixedWidth"), try doubles(range, "HistogramFixedWidth"))
      guard limits[0] < limits[1] else {
        throw EngineError.invalid("value_range should satisfy value_range[0] < value_range[1]")
      }
      try KernelContext.checkSize(.int64, [bins])
      var counts = [Int](repeating: 0, count: bins)
      let step = (limits[1] - limits[0]) / Double(bins)
      for value in values where !value.isNaN {
        counts[Int(min(max((value - limits[0]) / step, 0), Double(bins - 1)))] += 1
      }
      context.setOutput(0, integerTensor(counts, type))
    }
  }
  ops.kernel("Bincount") { _ in { try bincount($0) } }
}

extension Node {
  /// A list of floats.
  func floats(_ name: String) throws -> [Float] {
    try require(name, "list(float)") {
      switch $0 {
      case .floats(let values): values
      case .emptyList: []
      default: nil
      }
    }
  }
}

/// 1 where a scalar is not zero.
private func scalarCount(_ scalar: Tensor) -> Int { scalar.withUnsafeBytes { $0.contains { $0 != 0 } } ? 1 : 0 }

private func isNegativeZero(_ bytes: Slice<UnsafeRawBufferPointer>, _ dtype: DataType) -> Bool {
  let part = dtype.isComplex ? bytes.count / 2 : bytes.count
  return bytes.enumerated().allSatisfy { index, byte in byte == 0 || ((index + 1) % part == 0 && byte == 0x80) }
}

/// Elements of real numbers as doubles.
func doubles(_ tensor: Tensor, _ op: String) throws -> [Double] {
  switch tensor.dtype {
  case .float32: tensor.scalars(Float.self).map(Double.init)
  case .float64: tensor.scalars(Double.self)
  case .float16: tensor.scalars(Float16.self).map(Double.init)
  case .bfloat16: tensor.scalars(BFloat16.self).map { Double($0.floatValue) }
  case .int8: tensor.scalars(Int8.self).map(Double.init)
  case .int16: tensor.scalars(Int16.self).map(Double.init)
  case .int32: tensor.scalars(Int32.self).map(Double.init)
  case .int64: tensor.scalars(Int64.self).map(Double.init)
  case .uint8: tensor.scalars(UInt8.self).map(Double.init)
  case .uint16: tensor.scalars(UInt16.self).map(Double.init)
  case .uint32: tensor.scalars(UInt32.self).map(Double.init)
  case .uint64: tensor.scalars(UInt64.self).map(Double.init)
  default: throw EngineError.noKernel(op, tensor.dtype)
  }
}

extension Tensor {
  /// Runs of `length` elements as keys that are equal where all bytes are.
  func elementKeys(length: Int = 1) -> [[UInt8]] {
    if dtype == .string {
      guard length != 1 else { return strings }
      return stride(from: 0, to: strings.count, by: length).map { start in
        strings[start..<(start + length)].flatMap { $0 + [0] }
      }
    }
    let width = (dtype.byteWidth ?? 1) * length
    return withUnsafeBytes { bytes in
      width == 0 ? [] : stride(from: 0, to: bytes.count, by: width).map { Array(bytes[$0..<($0 + width)]) }
    }
  }

  /// For each row of `columns` elements their positions in the whole tensor, the smallest element first; equal ones
  /// keep their order.
  fileprivate func order(ofRows columns: Int) throws -> [[Int]] {
    func sorted<T: TensorScalar & Comparable>(_: T.Type) -> [[Int]] {
      let values = scalars(T.self)
      return stride(from: 0, to: values.count, by: max(columns, 1)).map { start in
        (start..<(start + columns)).sorted { (values[$0], $0) < (values[$1], $1) }
      }
    }
    switch dtype {
    case .float32: return sorted(Float.self)
    case .float64: return sorted(Double.self)
    case .float16: return sorted(Float16.self)
    case .bfloat16: return try widened().order(ofRows: columns)
    case .int8: return sorted(Int8.self)
    case .int16: return sorted(Int16.self)
    case .int32: return sorted(Int32.self)
    case .int64: return sorted(Int64.self)
    case .uint8: return sorted(UInt8.self)
    case .uint16: return sorted(UInt16.self)
    case .uint32: return sorted(UInt32.self)
    case .uint64: return sorted(UInt64.self)
    default: throw EngineError.noKernel("TopK", dtype)
    }
  }
}

private func unique(_ context: KernelContext, _ name: String, _ type: DataType, hasCounts: Bool) throws {
  var input = try context.input(0)
  var axis: Int?
  if name.hasSuffix("V2") {
    let axes = try context.integers(1)
    guard axes.count <= 1 else {
      throw EngineError.invalid("axis does not support input tensors larger than 1 elements")
    }
    axis = try axes.first.map { try checkedAxis($0, rank: input.rank, "axis") }
  }
  guard input.rank == 1 || axis != nil else { throw EngineError.invalid("unique expects a 1D vector.") }
  let order = [axis ?? 0] + (0..<input.rank).filter { $0 != axis ?? 0 }
  if axis ?? 0 != 0 { input = try permuted(context, input, order) }
  let length = Shape(Array(input.shape.dimensions.dropFirst())).elementCount
  var numbers: [[UInt8]: Int] = [:]
  var (first, indices, counts): ([Int], [Int], [Int]) = ([], [], [])
  let keys = length == 0 ? [[UInt8]](repeating: [], count: input.shape[0]) : input.elementKeys(length: length)
  for (index, key) in keys.enumerated() {
    if let number = numbers[key] {
      indices.append(number)
      counts[number] += 1
    } else {
      numbers[key] = first.count
      indices.append(first.count)
      first.append(index)
      counts.append(1)
    }
  }
  let positions = first.flatMap { row in (0..<length).map { row * length + $0 } }
  var found = try picked(context, input, positions, shape: Shape([first.count] + input.shape.dimensions.dropFirst()))
  if axis ?? 0 != 0 {
    var back = [Int](repeating: 0, count: order.count)
    for (to, from) in order.enumerated() { back[from] = to }
    found = try permuted(context, found, back)
  }
  context.setOutput(0, found)
  context.setOutput(1, integerTensor(indices, type))
  if hasCounts { context.setOutput(2, integerTensor(counts, type)) }
}

private func topK(_ context: KernelContext, k: Int) throws {
  let input = try context.input(0)
  guard k >= 0 else { throw EngineError.invalid("Need k >= 0, got \(k)") }
  guard let columns = input.shape.dimensions.last else {
    throw EngineError.invalid("input must be >= 1-D, got shape \(input.shape)")
  }
  guard columns >= k else {
    throw EngineError.invalid("input must have at least k columns. Had \(columns), needed \(k)")
  }
  // Of equal elements the one with the lower index comes first.
  let negated = try input.order(ofRows: columns)
  var positions: [Int] = []
  for row in negated {
    var descending: [Int] = []
    var end = row.count
    let values = input.elementKeysOfRow(row)
    while end > 0, descending.count < k {
      var start = end - 1
      while start > 0, values[start - 1] == values[end - 1] { start -= 1 }
      descending += row[start..<end]
      end = start
    }
    positions += descending.prefix(k)
  }
  let shape = Shape(input.shape.dimensions.dropLast() + [k])
  context.setOutput(0, try picked(context, input, positions, shape: shape))
  context.setOutput(1, integerTensor(positions.map { $0 % max(columns, 1) }, .int32, shape: shape))
}

extension Tensor {
  /// Keys of the elements at the given positions.
  fileprivate func elementKeysOfRow(_ positions: [Int]) -> [[UInt8]] {
    let width = dtype.byteWidth ?? 1
    return withUnsafeBytes { bytes in positions.map { Array(bytes[($0 * width)..<(($0 + 1) * width)]) } }
  }
}

private func inTopK(_ context: KernelContext, k: Int) throws {
  let predictions = try context.input(0)
  let targets = try context.integers(1)
  guard predictions.rank == 2 else { throw EngineError.invalid("predictions must be 2-dimensional") }
  guard try context.shape(1).rank == 1, targets.count == predictions.shape[0] else {
    throw EngineError.invalid(
      "First dimension of predictions \(predictions.shape[0]) must match length of targets \(targets.count)")
  }
  guard predictions.dtype == .float32 else { throw EngineError.noKernel("InTopK", predictions.dtype) }
  let columns = predictions.shape[1]
  let values = predictions.scalars(Float.self)
  let results = targets.enumerated().map { row, target -> Bool in
    guard (0..<columns).contains(target) else { return false }
    let line = values[(row * columns)..<((row + 1) * columns)]
    let wanted = values[row * columns + target]
    // A row with anything infinite or not a number decides nothing.
    guard wanted.isFinite, line.allSatisfy(\.isFinite) else { return false }
    return line.filter { $0 > wanted }.count < k
  }
  context.setOutput(0, Tensor(results, shape: [targets.count]))
}

private func bounds(_ context: KernelContext, upper: Bool, _ type: DataType) throws {
  let (sorted, wanted) = (try context.input(0), try context.input(1))
  guard sorted.rank == 2, wanted.rank == 2, sorted.shape[0] == wanted.shape[0] else {
    throw EngineError.invalid("Leading dim_size of both tensors must match: \(sorted.shape), \(wanted.shape)")
  }
  let (list, values) = (try doubles(sorted, "LowerBound"), try doubles(wanted, "LowerBound"))
  let (columns, width) = (sorted.shape[1], max(wanted.shape[1], 1))
  let found = values.enumerated().map { index, value -> Int in
    let start = index / width * columns
    var (low, high) = (0, columns)
    while low < high {
      let middle = (low + high) / 2
      let goesRight = upper ? list[start + middle] <= value : list[start + middle] < value
      if goesRight { low = middle + 1 } else { high = middle }
    }
    return low
  }
  context.setOutput(0, integerTensor(found, type, shape: wanted.shape))
}

private func bincount(_ context: KernelContext) throws {
  let values = try context.integers(0)
  let size = try context.integer(1, "size")
  let weights = try context.input(2)
  guard size >= 0 else { throw EngineError.invalid("size (\(size)) must be non-negative") }
  if let bad = values.first(where: { $0 < 0 }) { throw EngineError.invalid("Input arr must be non-negative! \(bad)") }
  guard weights.elementCount == 0 || weights.elementCount == values.count else {
    throw EngineError.invalid("weights must have the shape of arr, or be empty")
  }
  let loop = try BinaryLoop.arithmetic("Add", weights.dtype)
  let unit = try one(weights.dtype)
  let output = try context.zeros(weights.dtype, [size])
  let width = loop.inputWidth
  withExtendedLifetime((weights, output, unit)) {
    for (index, value) in values.enumerated() where value < size {
      let sum = output.storage.pointer + value * width
      let step = weights.elementCount == 0 ? unit.storage.pointer : weights.storage.pointer + index * width
      loop.run(.both, sum, step, sum, 1)
    }
  }
  context.setOutput(0, output)
}
