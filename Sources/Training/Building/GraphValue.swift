import Engine
import Tensors

/// What can stand where an op takes an input: the output of another op, a variable (its value is read), or a Swift
/// value, which becomes a constant.
///
/// Swift numbers take the type of the op's other input. On their own a floating-point literal becomes float32 and an
/// integer int32 (int64 if it does not fit), as Python's numbers do in TensorFlow 1.
public protocol GraphValue {
  /// The output to use as an input.
  /// - Parameters:
  ///   - dtype: the type the op needs; nil leaves the choice.
  ///   - name: what to call a constant that has to be made.
  func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output
}

extension Output: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    if let dtype, dtype != self.dtype {
      throw BuildError.value(
        "Tensor conversion requested dtype \(dtype.name) for Tensor with dtype \(self.dtype.name): \(self.name)")
    }
    return self
  }
}

extension Tensor: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    if let dtype, dtype != self.dtype {
      throw BuildError.type("Expected \(dtype.name), got a tensor of type '\(self.dtype.name)' instead.")
    }
    return try graph.constant(self, name: name)
  }
}

extension Double: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try [self].tensor(dtype: dtype, shape: []).output(in: graph, dtype: nil, name: name)
  }
}

extension Float: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try [Double(self)].tensor(dtype: dtype ?? .float32, shape: []).output(in: graph, dtype: nil, name: name)
  }
}

extension Int: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try [self].tensor(dtype: dtype, shape: []).output(in: graph, dtype: nil, name: name)
  }
}

extension Bool: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try Tensor(self).output(in: graph, dtype: dtype, name: name)
  }
}

extension String: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try Tensor(self).output(in: graph, dtype: dtype, name: name)
  }
}

extension Array: GraphValue where Element: LiteralElement {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try Element.flatten(self).output(in: graph, dtype: dtype, name: name)
  }
}

/// What an array that becomes a constant may hold: numbers, truth values, text, and arrays of them.
public protocol LiteralElement {
  /// The elements as one constant, whose type is not chosen yet.
  static func flatten(_ elements: [Self]) throws -> GraphLiteral
}

/// Elements and shape of a literal array; the type is chosen where it is used.
public struct GraphLiteral {
  enum Elements {
    case doubles([Double])
    case ints([Int])
    case bools([Bool])
    case texts([String])
  }

  var elements: Elements
  var shape: [Int]

  func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try tensor(dtype: dtype).output(in: graph, dtype: dtype, name: name)
  }

  func tensor(dtype: DataType?) throws -> Tensor {
    switch elements {
    case .doubles(let values): try values.tensor(dtype: dtype, shape: shape)
    case .ints(let values): try values.tensor(dtype: dtype, shape: shape)
    case .bools(let values): Tensor(values, shape: Shape(shape))
    case .texts(let values): Tensor(strings: values.map { Array($0.utf8) }, shape: Shape(shape))
    }
  }
}

extension Double: LiteralElement {
  public static func flatten(_ elements: [Double]) -> GraphLiteral {
    GraphLiteral(elements: .doubles(elements), shape: [elements.count])
  }
}

extension Float: LiteralElement {
  public static func flatten(_ elements: [Float]) -> GraphLiteral {
    GraphLiteral(elements: .doubles(elements.map(Double.init)), shape: [elements.count])
  }
}

extension Int: LiteralElement {
  public static func flatten(_ elements: [Int]) -> GraphLiteral {
    GraphLiteral(elements: .ints(elements), shape: [elements.count])
  }
}

extension Bool: LiteralElement {
  public static func flatten(_ elements: [Bool]) -> GraphLiteral {
    GraphLiteral(elements: .bools(elements), shape: [elements.count])
  }
}

extension String: LiteralElement {
  public static func flatten(_ elements: [String]) -> GraphLiteral {
    GraphLiteral(elements: .texts(elements), shape: [elements.count])
  }
}

extension Array: LiteralElement where Element: LiteralElement {
  public static func flatten(_ elements: [[Element]]) throws -> GraphLiteral {
    let rows = try elements.map(Element.flatten)
    guard let first = rows.first else { return GraphLiteral(elements: .doubles([]), shape: [0, 0]) }
    for row in rows where row.shape != first.shape {
      throw BuildError.value(
        "Argument must be a dense tensor: got shape \([rows.count] + row.shape), "
          + "but wanted \([rows.count] + first.shape).")
    }
    var joined = first.elements
    for row in rows.dropFirst() {
      switch (joined, row.elements) {
      case (.doubles(let left), .doubles(let right)): joined = .doubles(left + right)
      case (.ints(let left), .ints(let right)): joined = .ints(left + right)
      case (.bools(let left), .bools(let right)): joined = .bools(left + right)
      case (.texts(let left), .texts(let right)): joined = .texts(left + right)
      default: throw BuildError.type("The rows of an array have different types.")
      }
    }
    return GraphLiteral(elements: joined, shape: [rows.count] + first.shape)
  }
}

extension [Double] {
  /// The numbers as a tensor of `dtype`, float32 if none is given.
  func tensor(dtype: DataType?, shape: [Int]) throws -> Tensor {
    let shape = Shape(shape)
    switch dtype ?? .float32 {
    case .float32: return Tensor(map { Float($0) }, shape: shape)
    case .float64: return Tensor(self, shape: shape)
    case .float16: return Tensor(map { Float16($0) }, shape: shape)
    case .bfloat16: return Tensor(map { BFloat16(Float($0)) }, shape: shape)
    case let other:
      throw BuildError.type("Expected \(other.name), got \(first ?? 0) of type 'float' instead.")
    }
  }
}

extension [Int] {
  /// The numbers as a tensor of `dtype`; without one int32, or int64 where a number does not fit.
  func tensor(dtype: DataType?, shape: [Int]) throws -> Tensor {
    let chosen = dtype ?? (allSatisfy { Int32(exactly: $0) != nil } ? .int32 : .int64)
    if chosen.isFloatingPoint { return try map { Double($0) }.tensor(dtype: chosen, shape: shape) }
    let shape = Shape(shape)
    func narrowed<T: FixedWidthInteger & TensorScalar>(_: T.Type) throws -> Tensor {
      Tensor(
        try map { number in
          guard let value = T(exactly: number) else {
            throw BuildError.value("Tensor conversion: \(number) does not fit \(chosen.name).")
          }
          return value
        }, shape: shape)
    }
    switch chosen {
    case .int32: return try narrowed(Int32.self)
    case .int64: return try narrowed(Int64.self)
    case .int16: return try narrowed(Int16.self)
    case .int8: return try narrowed(Int8.self)
    case .uint8: return try narrowed(UInt8.self)
    case .uint16: return try narrowed(UInt16.self)
    case .uint32: return try narrowed(UInt32.self)
    case .uint64: return try narrowed(UInt64.self)
    default: throw BuildError.type("Expected \(chosen.name), got \(first ?? 0) of type 'int' instead.")
    }
  }
}
