import Engine

// Operators make the nodes Python's make in TensorFlow 1: `a + b` an AddV2 called `add`, `a / b` a RealDiv called
// `truediv`. One side may be a Swift number or a variable.

extension Output {
  public static func + (x: Output, y: some GraphValue) throws -> Output { try x.graph.sum(x, y) }
  public static func - (x: Output, y: some GraphValue) throws -> Output {
    try x.graph.binary("Sub", x, y, name: "sub")
  }
  public static func * (x: Output, y: some GraphValue) throws -> Output {
    try x.graph.binary("Mul", x, y, name: "mul")
  }
  public static func / (x: Output, y: some GraphValue) throws -> Output { try x.graph.trueDivide(x, y) }

  public static func + (x: Double, y: Output) throws -> Output { try y.graph.sum(x, y) }
  public static func - (x: Double, y: Output) throws -> Output { try y.graph.binary("Sub", x, y, name: "sub") }
  public static func * (x: Double, y: Output) throws -> Output { try y.graph.binary("Mul", x, y, name: "mul") }
  public static func / (x: Double, y: Output) throws -> Output { try y.graph.trueDivide(x, y) }

  public static prefix func - (x: Output) throws -> Output { try x.graph.negative(x) }
}

extension Variable {
  public static func + (x: Variable, y: some GraphValue) throws -> Output { try x.read() + y }
  public static func - (x: Variable, y: some GraphValue) throws -> Output { try x.read() - y }
  public static func * (x: Variable, y: some GraphValue) throws -> Output { try x.read() * y }
  public static func / (x: Variable, y: some GraphValue) throws -> Output { try x.read() / y }

  public static func + (x: Double, y: Variable) throws -> Output { try x + y.read() }
  public static func - (x: Double, y: Variable) throws -> Output { try x - y.read() }
  public static func * (x: Double, y: Variable) throws -> Output { try x * y.read() }
  public static func / (x: Double, y: Variable) throws -> Output { try x / y.read() }

  public static prefix func - (x: Variable) throws -> Output { try -x.read() }
}

extension Graph {
  /// `x + y` as the operator makes it; text is joined by the older Add, which AddV2 does not do.
  fileprivate func sum(_ x: any GraphValue, _ y: any GraphValue) throws -> Output {
    try binary(x.typed == .string ? "Add" : "AddV2", x, y, name: "add")
  }
}
