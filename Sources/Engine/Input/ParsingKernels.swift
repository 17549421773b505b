import Tensors

/// Kernels of parsing.
@Sendable func defineParsingKernels(_ ops: inout OpRegistry) {
  ops.kernel("ParseSingleExample") { node in
    let sparseKeys = try node.strings("sparse_keys")
    let sparseTypes = try node.types("sparse_types")
    let denseKeys = try node.strings("dense_keys")
    let (denseTypes, denseShapes) = (try node.types("Tdense"), try node.shapes("dense_shapes"))
    guard sparseKeys.count == sparseTypes.count, sparseKeys.count == (try node.int("num_sparse")),
      denseKeys.count == denseTypes.count, denseKeys.count == denseShapes.count
    else { throw EngineError.invalid("keys, types and shapes of ParseSingleExample differ in number") }
    return { context in
      let serialized = try context.input(0)
      guard serialized.elementCount == 1 else {
        throw EngineError.invalid("Expected serialized to be a scalar, got shape: \(serialized.shape)")
      }
      let dense = try denseKeys.indices.map { index in
        ExampleParser.DenseFeature(
          key: denseKeys[index], dtype: denseTypes[index], shape: denseShapes[index],
          fallback: try context.input(1 + index))
      }
      let sparse = zip(sparseKeys, sparseTypes).map { ExampleParser.SparseFeature(key: $0, dtype: $1) }
      let parsed = try ExampleParser(dense: dense, sparse: sparse, isBatch: false).parse(serialized.strings[0])
      for (index, values) in parsed.sparse.enumerated() {
        let count = values.elementCount
        context.setOutput(index, Tensor((0..<count).map(Int64.init), shape: [count, 1]))
        context.setOutput(sparse.count + index, values)
        context.setOutput(2 * sparse.count + index, Tensor([Int64(count)]))
      }
      for (index, feature) in dense.enumerated() {
        let values = parsed.dense[index] ?? Tensor(zeros: feature.dtype, shape: [0])
        var dimensions = (feature.shape.dimensions ?? []).map { $0 ?? 0 }
        if feature.varies { dimensions[0] = values.elementCount / max(feature.stride, 1) }
        context.setOutput(3 * sparse.count + index, values.reshaped(to: Shape(dimensions)))
      }
    }
  }
  ops.kernel("ParseExample") { node in
    let (sparseCount, denseCount) = (try node.int("Nsparse"), try node.int("Ndense"))
    let (sparseTypes, denseTypes) = (try node.types("sparse_types"), try node.types("Tdense"))
    let denseShapes = try node.shapes("dense_shapes")
    guard sparseTypes.count == sparseCount, denseTypes.count == denseCount, denseShapes.count == denseCount else {
      throw EngineError.invalid("keys, types and shapes of ParseExample differ in number")
    }
    return { context in
      let serialized = try context.input(0)
      guard serialized.rank == 1 else {
        throw EngineError.invalid("Expected serialized to be a vector, got shape: \(serialized.shape)")
      }
      let names = try context.input(1).strings.map { String(decoding: $0, as: UTF8.self) }
      guard names.isEmpty || names.count == serialized.elementCount else {
        throw EngineError.invalid(
          "Expected len(names) == len(serialized), got: \(names.count) vs. \(serialized.elementCount)")
      }
      func key(_ index: Int) throws -> String {
        let key = try context.input(index)
        guard key.elementCount == 1 else {
          throw EngineError.invalid("Expected a key to be a scalar, got shape: \(key.shape)")
        }
        return String(decoding: key.strings[0], as: UTF8.self)
      }
      let sparse = try sparseTypes.indices.map { index in
        ExampleParser.SparseFeature(key: try key(2 + index), dtype: sparseTypes[index])
      }
      let dense = try denseTypes.indices.map { index in
        ExampleParser.DenseFeature(
          key: try key(2 + sparseCount + index), dtype: denseTypes[index], shape: denseShapes[index],
          fallback: try context.input(2 + sparseCount + denseCount + index))
      }
      let parser = try ExampleParser(dense: dense, sparse: sparse, isBatch: true)
      let parsed = try serialized.strings.enumerated().map { index, bytes in
        try parser.parse(bytes, name: names.isEmpty ? "<unknown>" : names[index], index: index)
      }
      for index in sparse.indices {
        try setSparse(context, index, count: sparseCount, rows: parsed.map { $0.sparse[index] }, sparse[index].dtype)
      }
      for (index, feature) in dense.enumerated() {
        let rows = parsed.map { $0.dense[index] ?? Tensor(zeros: feature.dtype, shape: [0]) }
        context.setOutput(3 * sparseCount + index, try joined(context, rows, feature))
      }
    }
  }
  ops.kernel("DecodeRaw") { node in
    let dtype = try node.type("out_type")
    let swaps = try !node.bool("little_endian")
    return { context in
      let input = try context.input(0)
      let width = dtype.byteWidth ?? 1
      let length = input.strings.first?.count ?? 0
      for (index, string) in input.strings.enumerated() where string.count != length {
        throw EngineError.invalid(
          "DecodeRaw requires input strings to all be the same size, but element \(index) has size \(length) != "
            + "\(string.count)")
      }
      guard length % width == 0 else {
        throw EngineError.invalid(
          "Input to DecodeRaw has length \(length) that is not a multiple of \(width), the size of \(dtype.shortName)")
      }
      var result = try context.allocate(dtype, Shape(input.shape.dimensions + [length / width]))
      // Complex numbers are two numbers, each turned by itself.
      let part = dtype.isComplex ? width / 2 : width
      result.withUnsafeMutableBytes { target in
        var position = 0
        for string in input.strings {
          for index in string.indices {
            let place = swaps && part > 1 ? index - index % part + (part - 1 - index % part) : index
            target[position + index] = string[place]
          }
          position += length
        }
      }
      context.setOutput(0, result)
    }
  }
  ops.kernel("DecodeCSV") { node in
    let decoder = try CSVDecoder(
      types: node.types("OUT_TYPE"), delimiter: node.string("field_delim"), usesQuotes: node.bool("use_quote_delim"),
      missing: node.string("na_value"), columns: node.ints("select_cols"))
    return { context in
      let records = try context.input(0)
      let defaults = try (1..<context.inputCount).map { try context.input($0) }
      for (index, column) in try decoder.decode(records, defaults: defaults).enumerated() {
        context.setOutput(index, column)
      }
    }
  }
}

/// Sets indices, values and shape of one sparse feature of a batch.
private func setSparse(
  _ context: KernelContext, _ index: Int, count: Int, rows: [Tensor], _ dtype: DataType
) throws {
  var indices: [Int64] = []
  for (row, values) in rows.enumerated() {
    for column in 0..<values.elementCount { indices += [Int64(row), Int64(column)] }
  }
  context.setOutput(index, Tensor(indices, shape: [indices.count / 2, 2]))
  let filled = rows.filter { $0.elementCount > 0 }
  context.setOutput(
    count + index, filled.isEmpty ? Tensor(zeros: dtype, shape: [0]) : try concatenated(context, filled, axis: 0))
  context.setOutput(2 * count + index, Tensor([Int64(rows.count), Int64(rows.map(\.elementCount).max() ?? 0)]))
}

/// The rows of one dense feature as a batch; those that vary are filled up to the longest.
private func joined(_ context: KernelContext, _ rows: [Tensor], _ feature: ExampleParser.DenseFeature) throws -> Tensor
{
  var dimensions = (feature.shape.dimensions ?? []).map { $0 ?? 0 }
  let longest = rows.map(\.elementCount).max() ?? 0
  if feature.varies { dimensions[0] = longest / max(feature.stride, 1) }
  let shape = Shape([rows.count] + dimensions)
  let size = Shape(dimensions).elementCount
  if feature.dtype == .string {
    let filler = feature.varies ? feature.fallback.strings.first ?? [] : []
    try KernelContext.checkSize(.string, shape)
    let strings = rows.flatMap { row in
      row.strings + [[UInt8]](repeating: filler, count: size - row.elementCount)
    }
    return Tensor(strings: strings, shape: shape)
  }
  var result = try context.zeros(feature.dtype, shape)
  let width = feature.dtype.byteWidth ?? 1
  result.withUnsafeMutableBytes { target in
    for (index, row) in rows.enumerated() {
      var part = UnsafeMutableRawBufferPointer(rebasing: target[index * size * width..<(index + 1) * size * width])
      row.withUnsafeBytes { part.copyMemory(from: $0) }
      guard feature.varies, feature.fallback.elementCount > 0 else { continue }
      part = UnsafeMutableRawBufferPointer(rebasing: part[row.byteCount...])
      feature.fallback.withUnsafeBytes { filler in
        for position in part.indices { part[position] = filler[position % width] }
      }
    }
  }
  return result
}
