import CKernels
import Tensors

/// Kernels of reductions over axes, and of the index of the extreme.
@Sendable func defineReductionKernels(_ ops: inout OpRegistry) {
  for (name, kind) in [
    ("Sum", Reduction.sum), ("Mean", .mean), ("Prod", .product), ("Max", .max), ("Min", .min),
    ("EuclideanNorm", .norm),
  ] {
    ops.kernel(name) { node in
      let keepDimensions = try node.bool("keep_dims")
      return { context in
        let layout = try ReductionLayout(context, keepDimensions: keepDimensions)
        let input = try context.input(0)
        try KernelContext.checkSize(input.dtype, layout.outputShape)
        // Where nothing is put together the elements stay as they are.
        if !layout.reduced.contains(true), layout.groupSize == 1 {
          return context.setOutput(0, input.reshaped(to: layout.outputShape))
        }
        let output: Tensor
        switch input.dtype {
        case .float32: output = reduceFloats(kind, input, layout)
        case .float64: output = reduceDoubles(kind, input, layout)
        case .int32: output = reduceIntegers(kind, input, layout, Int32.self)
        case .int64: output = reduceIntegers(kind, input, layout, Int64.self)
        case .int16: output = reduceIntegers(kind, input, layout, Int16.self)
        case .int8: output = reduceIntegers(kind, input, layout, Int8.self)
        case .uint8: output = reduceIntegers(kind, input, layout, UInt8.self)
        case .uint16: output = reduceIntegers(kind, input, layout, UInt16.self)
        case .uint32: output = reduceIntegers(kind, input, layout, UInt32.self)
        case .uint64: output = reduceIntegers(kind, input, layout, UInt64.self)
        case .complex64: output = try reduceComplex(kind, input, layout, Complex64.self)
        case .complex128: output = try reduceComplex(kind, input, layout, Complex128.self)
        default: throw EngineError.noKernel(name, input.dtype)
        }
        context.setOutput(0, output)
      }
    }
  }
  for (name, whenEmpty) in [("All", true), ("Any", false)] {
    ops.kernel(name) { node in
      let keepDimensions = try node.bool("keep_dims")
      return { context in
        let layout = try ReductionLayout(context, keepDimensions: keepDimensions)
        try KernelContext.checkSize(.bool, layout.outputShape)
        let values = try context.input(0).scalars(Bool.self)
        var results = [Bool](repeating: whenEmpty, count: layout.outputCount)
        layout.visit { input, output in
          if values[input] != whenEmpty { results[output] = !whenEmpty }
        }
        context.setOutput(0, Tensor(results, shape: layout.outputShape))
      }
    }
  }
  for (name, wantsLargest) in [("ArgMax", true), ("ArgMin", false)] {
    ops.kernel(name) { node in
      let outputType = try node.type("output_type")
      return { context in
        let input = try context.input(0)
        let axis = try axisInput(context, rank: input.rank)
        var dimensions = input.shape.dimensions
        dimensions.remove(at: axis)
        try KernelContext.checkSize(.int64, Shape(dimensions))
        let found: [Int64]
        switch input.dtype {
        case .float32: found = extremes(input, axis: axis, wantsLargest ? { $0 > $1 } : { $0 < $1 }, Float.self)
        case .float64: found = extremes(input, axis: axis, wantsLargest ? { $0 > $1 } : { $0 < $1 }, Double.self)
        case .int32: found = extremes(input, axis: axis, wantsLargest ? { $0 > $1 } : { $0 < $1 }, Int32.self)
        case .int64: found = extremes(input, axis: axis, wantsLargest ? { $0 > $1 } : { $0 < $1 }, Int64.self)
        case .int16: found = extremes(input, axis: axis, wantsLargest ? { $0 > $1 } : { $0 < $1 }, Int16.self)
        case .int8: found = extremes(input, axis: axis, wantsLargest ? { $0 > $1 } : { $0 < $1 }, Int8.self)
        case .uint8: found = extremes(input, axis: axis, wantsLargest ? { $0 > $1 } : { $0 < $1 }, UInt8.self)
        default: throw EngineError.noKernel(name, input.dtype)
        }
        guard input.shape[axis] > 0 || found.isEmpty else {
          throw EngineError.invalid("Reduction axis \(axis) is empty in shape \(input.shape)")
        }
        context.setOutput(
          0,
          outputType == .int32
            ? Tensor(found.map(Int32.init), shape: Shape(dimensions)) : Tensor(found, shape: Shape(dimensions)))
      }
    }
  }
}

private enum Reduction { case sum, mean, product, max, min, norm }

/// Which elements of an input a reduction puts together.
struct ReductionLayout {
  /// Neighbouring dimensions that are treated alike, merged: extents and whether each is reduced.
  private(set) var extents: [Int] = []
  private(set) var reduced: [Bool] = []
  let outputShape: Shape
  let outputCount: Int
  /// How many elements make one output.
  let groupSize: Int

  /// The layout for input 0 and the axes in input 1.
  init(_ context: KernelContext, keepDimensions: Bool) throws {
    let (shape, indices) = (try context.input(0).shape, try context.input(1))
    guard let axes = ShapeContext.integers(indices) else {
      throw EngineError.invalid("reduction indices must be int32 or int64, not \(indices.dtype.name)")
    }
    try self.init(shape, axes: axes, keepDimensions: keepDimensions)
  }

  init(_ shape: Shape, axes: [Int], keepDimensions: Bool) throws {
    var isReduced = [Bool](repeating: false, count: shape.rank)
    for axis in axes {
      guard axis >= -shape.rank, axis < shape.rank else {
        throw EngineError.invalid(
          "Invalid reduction dimension (\(axis) for input with \(shape.rank) dimension(s)")
      }
      isReduced[axis < 0 ? axis + shape.rank : axis] = true
    }
    var output: [Int] = []
    var group = 1
    for (extent, reduce) in zip(shape.dimensions, isReduced) {
      if reduce { group *= extent }
      if !reduce { output.append(extent) } else if keepDimensions { output.append(1) }
      if extent == 1 { continue }
      if reduced.last == reduce {
        extents[extents.count - 1] *= extent
      } else {
        extents.append(extent)
        reduced.append(reduce)
      }
    }
    outputShape = Shape(output)
    outputCount = outputShape.elementCount
    groupSize = group
  }

  /// Reduces runs of neighbours: a matrix [outputs, group] whose rows are summed up.
  var isRows: Bool { reduced == [false, true] || reduced == [true] }
  /// A matrix [group, outputs] whose columns are summed up.
  var isColumns: Bool { reduced == [true, false] }

  /// Calls `body` with the index of every element and the index of the output it belongs to, in row-major order.
  @inline(__always)
  func visit(_ body: (Int, Int) -> Void) {
    let count = extents.reduce(1, *)
    guard count > 0 else { return }
    var strides = [Int](repeating: 0, count: extents.count)
    var step = 1
    for axis in extents.indices.reversed() where !reduced[axis] {
      strides[axis] = step
      step *= extents[axis]
    }
    var index = [Int](repeating: 0, count: extents.count)
    var output = 0
    let last = extents.count - 1
    guard last >= 0 else { return body(0, 0) }
    var input = 0
    while true {
      for _ in 0..<extents[last] {
        body(input, output)
        input += 1
        output += strides[last]
      }
      output -= strides[last] * extents[last]
      var axis = last - 1
      while axis >= 0 {
        index[axis] += 1
        output += strides[axis]
        if index[axis] < extents[axis] { break }
        output -= strides[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

private func reduceFloats(_ kind: Reduction, _ input: Tensor, _ layout: ReductionLayout) -> Tensor {
  var output = Tensor(uninitialized: .float32, shape: layout.outputShape)
  input.withElements(of: Float.self) { values in
    output.withMutableElements(of: Float.self) { results in
      let (rows, columns) = (layout.outputCount, layout.groupSize)
      guard rows > 0 else { return }
      switch kind {
      case .sum where layout.isRows, .mean where layout.isRows:
        ck_row_sums_f32(values.baseAddress, results.baseAddress, rows, columns)
      case .sum where layout.isColumns, .mean where layout.isColumns:
        ck_column_sums_f32(values.baseAddress, results.baseAddress, columns, rows)
      case .max where layout.isRows: ck_row_max_f32(values.baseAddress, results.baseAddress, rows, columns)
      case .min where layout.isRows: ck_row_min_f32(values.baseAddress, results.baseAddress, rows, columns)
      default: reduce(kind, values, into: results, layout)
      }
      if kind == .mean { for index in results.indices { results[index] /= Float(columns) } }
    }
  }
  return output
}

private func reduceDoubles(_ kind: Reduction, _ input: Tensor, _ layout: ReductionLayout) -> Tensor {
  var output = Tensor(uninitialized: .float64, shape: layout.outputShape)
  input.withElements(of: Double.self) { values in
    output.withMutableElements(of: Double.self) { results in
      let (rows, columns) = (layout.outputCount, layout.groupSize)
      guard rows > 0 else { return }
      switch kind {
      case .sum where layout.isRows, .mean where layout.isRows:
        ck_row_sums_f64(values.baseAddress, results.baseAddress, rows, columns)
      case .sum where layout.isColumns, .mean where layout.isColumns:
        ck_column_sums_f64(values.baseAddress, results.baseAddress, columns, rows)
      case .max where layout.isRows: ck_row_max_f64(values.baseAddress, results.baseAddress, rows, columns)
      case .min where layout.isRows: ck_row_min_f64(values.baseAddress, results.baseAddress, rows, columns)
      default: reduce(kind, values, into: results, layout)
      }
      if kind == .mean { for index in results.indices { results[index] /= Double(columns) } }
    }
  }
  return output
}

/// Any axes. A NaN makes its group's largest and smallest NaN.
private func reduce<T: BinaryFloatingPoint>(
  _ kind: Reduction, _ values: UnsafeBufferPointer<T>, into results: UnsafeMutableBufferPointer<T>,
  _ layout: ReductionLayout
) {
  switch kind {
  case .sum, .mean:
    results.update(repeating: 0)
    layout.visit { results[$1] += values[$0] }
  case .norm:
    results.update(repeating: 0)
    layout.visit { results[$1] += values[$0] * values[$0] }
    for index in results.indices { results[index] = results[index].squareRoot() }
  case .product:
    results.update(repeating: 1)
    layout.visit { results[$1] *= values[$0] }
  case .max:
    results.update(repeating: -.infinity)
    layout.visit { if values[$0] > results[$1] || values[$0].isNaN { results[$1] = values[$0] } }
  case .min:
    results.update(repeating: .infinity)
    layout.visit { if values[$0] < results[$1] || values[$0].isNaN { results[$1] = values[$0] } }
  }
}

private func reduceComplex<T: ComplexNumber>(
  _ kind: Reduction, _ input: Tensor, _ layout: ReductionLayout, _: T.Type
) throws -> Tensor {
  guard [.sum, .mean, .product].contains(kind) else { throw EngineError.noKernel("Max", input.dtype) }
  var results = [T](repeating: kind == .product ? .one : .zero, count: layout.outputCount)
  let values = input.scalars(T.self)
  layout.visit { results[$1] = kind == .product ? results[$1] * values[$0] : results[$1] + values[$0] }
  if kind == .mean {
    let size = T(T.Part(layout.groupSize), 0)
    results = results.map { $0 / size }
  }
  return Tensor(results, shape: layout.outputShape)
}

/// Integers wrap around; a mean is cut off towards zero, as TensorFlow's is.
private func reduceIntegers<T: TensorScalar & FixedWidthInteger>(
  _ kind: Reduction, _ input: Tensor, _ layout: ReductionLayout, _: T.Type
) -> Tensor {
  var output = Tensor(uninitialized: T.dataType, shape: layout.outputShape)
  input.withElements(of: T.self) { values in
    output.withMutableElements(of: T.self) { results in
      switch kind {
      case .sum, .mean:
        results.update(repeating: 0)
        layout.visit { results[$1] &+= values[$0] }
        // The mean of nothing has no value in integers; TensorFlow divides by zero there.
        if kind == .mean, let size = T(exactly: layout.groupSize), size > 0 {
          for index in results.indices { results[index] /= size }
        }
      case .norm:
        results.update(repeating: 0)
        layout.visit { results[$1] &+= values[$0] &* values[$0] }
        for index in results.indices {
          results[index] = T(truncatingIfNeeded: Int(Double(max(results[index], 0)).squareRoot()))
        }
      case .product:
        results.update(repeating: 1)
        layout.visit { results[$1] &*= values[$0] }
      case .max:
        results.update(repeating: .min)
        layout.visit { results[$1] = max(results[$1], values[$0]) }
      case .min:
        results.update(repeating: .max)
        layout.visit { results[$1] = min(results[$1], values[$0]) }
      }
    }
  }
  return output
}

/// The axis in input 1, counted from the front.
private func axisInput(_ context: KernelContext, rank: Int) throws -> Int {
  guard let axis = ShapeContext.integers(try context.input(1))?.first, axis >= -rank, axis < rank else {
    throw EngineError.invalid(
      "Expected dimension in the range [\(-rank), \(rank)), but got \(try context.input(1))")
  }
  return axis < 0 ? axis + rank : axis
}

/// Along `axis`, the index of the first element that none of the others beats.
private func extremes<T: TensorScalar>(
  _ input: Tensor, axis: Int, _ beats: (T, T) -> Bool, _: T.Type
) -> [Int64] {
  let extent = input.shape[axis]
  let inner = Shape(Array(input.shape.dimensions[(axis + 1)...])).elementCount
  let outer = Shape(Array(input.shape.dimensions[..<axis])).elementCount
  return input.withElements(of: T.self) { values in
    var found = [Int64](repeating: 0, count: outer * inner)
    guard extent > 0 else { return found }
    for block in 0..<outer {
      for column in 0..<inner {
        let start = block * extent * inner + column
        var best = values[start]
        for index in 1..<max(extent, 1) where beats(values[start + index * inner], best) {
          best = values[start + index * inner]
          found[block * inner + column] = Int64(index)
        }
      }
    }
    return found
  }
}
