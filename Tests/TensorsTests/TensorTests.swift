import Testing

@testable import Tensors

@Suite struct TensorTests {
  @Test func copiesShareUntilOneIsChanged() {
    let original = Tensor([1, 2, 3] as [Float], shape: [3])
    var copy = original
    #expect(copy.storage === original.storage)
    copy.withUnsafeMutableBytes { $0.storeBytes(of: 9 as Float, as: Float.self) }
    #expect(copy.storage !== original.storage)
    #expect(original.scalars(Float.self) == [1, 2, 3])
    #expect(copy.scalars(Float.self) == [9, 2, 3])
  }

  @Test func soleOwnerChangesInPlace() {
    var tensor = Tensor([1, 2] as [Int32], shape: [2])
    let before = tensor.storage.pointer
    tensor.withUnsafeMutableBytes { $0.storeBytes(of: 7 as Int32, toByteOffset: 4, as: Int32.self) }
    #expect(tensor.storage.pointer == before)
    #expect(tensor.scalars(Int32.self) == [1, 7])
  }

  @Test func storageIsAlignedForVectors() {
    for count in [0, 1, 3, 1000] {
      let tensor = Tensor(zeros: .float32, shape: [count])
      #expect(Int(bitPattern: tensor.storage.pointer) % TensorStorage.alignment == 0)
    }
  }

  @Test(arguments: DataType.allCases.filter { $0.byteWidth != nil })
  func bytesRoundTrip(dtype: DataType) throws {
    let bytes = (0..<6 * dtype.byteWidth!).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let tensor = try Tensor(dtype: dtype, shape: [2, 3], bytes: bytes)
    #expect(tensor.withUnsafeBytes(Array.init) == bytes)
    #expect(tensor.byteCount == bytes.count)
    #expect(Tensor(zeros: dtype, shape: [2, 3]).withUnsafeBytes(Array.init).allSatisfy { $0 == 0 })
  }

  @Test func bytesAreLittleEndian() throws {
    let tensor = try Tensor(dtype: .int32, shape: [2], bytes: [1, 2, 0, 0, 255, 255, 255, 255])
    #expect(tensor.scalars(Int32.self) == [513, -1])
  }

  @Test func wrongByteCountsAndShapesAreErrors() {
    #expect(throws: TensorError.byteCountMismatch(dtype: .int16, shape: [3], expected: 6, found: 5)) {
      try Tensor(dtype: .int16, shape: [3], bytes: [UInt8](repeating: 0, count: 5))
    }
    #expect(throws: TensorError.invalidShape([-1])) { try Tensor(dtype: .int8, shape: [-1], bytes: []) }
    #expect(throws: TensorError.invalidShape([1 << 40, 1 << 40])) {
      try Tensor(dtype: .int8, shape: [1 << 40, 1 << 40], bytes: [])
    }
    #expect(throws: TensorError.notPlainBytes(.string)) { try Tensor(dtype: .string, shape: [1], bytes: [1]) }
    #expect(throws: TensorError.invalidShape([1 << 62])) { try Tensor(dtype: .float64, shape: [1 << 62], bytes: []) }
  }

  @Test func stringsOfAnyBytesAreKept() {
    let strings: [[UInt8]] = [[], [0, 255], Array("héllo".utf8)]
    var tensor = Tensor(strings: strings, shape: [3, 1])
    #expect(tensor.strings == strings)
    #expect(tensor.dtype == .string && tensor.byteCount == 0)
    tensor.withUnsafeMutableBytes { #expect($0.isEmpty) }
    #expect(Tensor("abc").strings == [[97, 98, 99]])
    #expect(Tensor(zeros: .string, shape: [2]).strings == [[], []])
  }

  @Test func anyNonZeroByteIsTrue() throws {
    let tensor = try Tensor(dtype: .bool, shape: [3], bytes: [0, 1, 2])
    #expect(tensor.scalars(Bool.self) == [false, true, true])
    #expect(try Tensor(dtype: .bool, shape: [], bytes: [7]).scalar(Bool.self))
  }

  @Test func complexNumbersAreRealThenImaginary() {
    let tensor = Tensor([Complex64(1, 2), Complex64(-3, 0)], shape: [2])
    let floats = tensor.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(floats == [1, 2, -3, 0])
    #expect(tensor.scalars(Complex64.self)[0].imaginary == 2)
    #expect(Tensor(Complex128(5, -6)).scalar(Complex128.self) == Complex128(5, -6))
  }

  @Test func reshapingSharesTheBuffer() {
    let tensor = Tensor([1, 2, 3, 4] as [Int64], shape: [4])
    let square = tensor.reshaped(to: [2, 2])
    #expect(square.storage === tensor.storage)
    #expect(square.shape == [2, 2])
  }

  @Test func equalityIsOfBytes() {
    #expect(Tensor(Float.nan) == Tensor(Float.nan))
    #expect(Tensor(Float(0)) != Tensor(-Float(0)))
    #expect(Tensor([1, 2] as [Int32], shape: [2]) != Tensor([1, 2] as [Int32], shape: [1, 2]))
    #expect(Tensor("a") != Tensor("b"))
  }
}

@Suite struct ShapeTests {
  @Test func countsElements() {
    #expect(Shape.scalar.elementCount == 1)
    #expect(([2, 3, 4] as Shape).elementCount == 24)
    #expect(([2, 0, 4] as Shape).elementCount == 0)
    #expect(([2, 3, 4] as Shape).strides == [12, 4, 1])
    #expect(([2, 3] as Shape).description == "[2,3]")
  }

  @Test func neverOverflows() {
    #expect(([Int.max, 2] as Shape).checkedElementCount() == nil)
    #expect(([Int.max, 2] as Shape).elementCount == Int.max)
    #expect(([Int.max, 2, 0] as Shape).checkedElementCount() == 0)
    #expect(([3, -1] as Shape).checkedElementCount() == nil)
    #expect(([-1] as Shape).elementCount == Int.max)
  }
}

@Suite struct ScalarTypeTests {
  @Test func namesAreTensorFlows() {
    #expect(DataType.float32.name == "float32")
    #expect(DataType.quint16.name == "quint16")
    #expect(DataType(name: "half") == .float16)
    #expect(DataType(name: "double") == .float64)
    #expect(DataType(name: "float") == .float32)
    #expect(DataType(name: "nope") == nil)
    for type in DataType.allCases { #expect(DataType(name: type.name) == type) }
    #expect(DataType.uint64.rawValue == 23)
  }

  @Test(arguments: [
    (1.003_906_25 as Float, 1.0 as Float), (1.011_718_75, 1.015_625), (-1.0, -1.0), (0, 0), (.infinity, .infinity),
    (Float.greatestFiniteMagnitude, .infinity),
  ])
  func bfloat16RoundsToNearestEven(value: Float, expected: Float) {
    #expect(BFloat16(value).floatValue == expected)
  }

  @Test func bfloat16KeepsNaN() {
    #expect(BFloat16(.nan).floatValue.isNaN)
    #expect(BFloat16(Float(bitPattern: 0x7F80_0001)).floatValue.isNaN)
    #expect(BFloat16(-.infinity).bitPattern == 0xFF80)
  }
}
