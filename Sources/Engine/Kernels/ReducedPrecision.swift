import Tensors

/// A number type of two bytes, computed with as float32: what TensorFlow's loops do, rounding after each operation.
protocol ReducedFloat: TensorScalar {
  init(_ value: Float)
  var float: Float { get }
}

extension Float16: ReducedFloat {
  var float: Float { Float(self) }
}

extension BFloat16: ReducedFloat {
  var float: Float { floatValue }
}

extension Tensor {
  /// A float32 tensor of the same values.
  func widened() -> Tensor {
    switch dtype {
    case .float16: Tensor(scalars(Float16.self).map(\.float), shape: shape)
    case .bfloat16: Tensor(scalars(BFloat16.self).map(\.float), shape: shape)
    default: self
    }
  }

  /// A float32 tensor rounded to a type of two bytes.
  func narrowed(to dtype: DataType) -> Tensor {
    switch dtype {
    case .float16: Tensor(scalars(Float.self).map { Float16($0) }, shape: shape)
    case .bfloat16: Tensor(scalars(Float.self).map { BFloat16($0) }, shape: shape)
    default: self
    }
  }
}

extension DataType {
  /// Whether kernels compute with this type as float32.
  var isReduced: Bool { self == .float16 || self == .bfloat16 }
}

extension BinaryLoop {
  /// A float32 loop for operands of two bytes, which are widened in pieces.
  init<T: ReducedFloat>(widening loop: BinaryLoop, _: T.Type) {
    let narrows = loop.outputType == .float32
    self.init(inputWidth: 2, outputType: narrows ? T.dataType : loop.outputType) { form, left, right, out, count in
      let a = left.assumingMemoryBound(to: T.self)
      let b = right.assumingMemoryBound(to: T.self)
      let piece = 256
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * piece) { memory in
        guard let base = memory.baseAddress else { return }
        let (x, y, z) = (base, base + piece, base + 2 * piece)
        var start = 0
        while start < count {
          let size = min(piece, count - start)
          for index in 0..<(form == .leftScalar ? 1 : size) {
            (x + index).initialize(to: a[(form == .leftScalar ? 0 : start) + index].float)
          }
          for index in 0..<(form == .rightScalar ? 1 : size) {
            (y + index).initialize(to: b[(form == .rightScalar ? 0 : start) + index].float)
          }
          if narrows {
            loop.run(form, x, y, z, size)
            let c = out.assumingMemoryBound(to: T.self)
            for index in 0..<size { c[start + index] = T(z[index]) }
          } else {
            loop.run(form, x, y, out + start * (loop.outputType.byteWidth ?? 1), size)
          }
          start += size
        }
      }
    }
  }
}

extension OpRegistry {
  /// Lets operations whose kernels know float32 take half and bfloat16 too, where their definitions do: inputs are
  /// widened, the float32 kernel runs, outputs are rounded.
  mutating func widenReducedTypes(of names: [String]) {
    for name in names {
      guard let factory = self[name]?.makeKernel else { preconditionFailure("no kernel of \(name) to widen") }
      replaceKernel(name) { node in
        let reduced = node.attributeNames.compactMap { attribute -> (String, DataType)? in
          guard case .type(let type)? = node.attribute(attribute), type.isReduced else { return nil }
          return (attribute, type)
        }
        guard !reduced.isEmpty else { return try factory(node) }
        let wide = try factory(node.widened(reduced.map(\.0)))
        let outputTypes = node.outputTypes
        return { context in
          let inputs = try (0..<context.inputCount).map { try context.input($0).widened() }
          let outputs = try KernelContext.evaluate(wide, inputs: inputs, outputs: outputTypes.count)
          for (index, output) in outputs.enumerated() {
            context.setOutput(index, output.narrowed(to: outputTypes[index]))
          }
        }
      }
    }
  }
}

extension Node {
  /// A node like this one outside of the graph, with float32 for these type attributes; only kernels see it.
  fileprivate func widened(_ names: [String]) -> Node {
    var attributes = state.withLock { $0.attributes }
    for name in names { attributes[name] = AttributeValue.type(.float32).proto }
    let state = State(
      inputs: inputs, controlInputs: [], device: device, attributes: attributes, outputShapes: outputs.map(\.shape))
    return Node(
      name: name, op: op, index: index, outputTypes: outputTypes.map { $0.isReduced ? .float32 : $0 },
      outputIsReference: outputIsReference, definition: definition, graph: graph, imported: nil, state: state)
  }
}
