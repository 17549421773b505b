import Foundation
import Testing

@testable import Tensors

@Suite struct NumPyTextTests {
  /// Arrays and what NumPy 1.18.5 printed for them; those with `iota` hold 0, 1, 2, ….
  @Test func arraysPrintAsNumPyPrintsThem() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/numpy_repr", withExtension: "json"))
    let cases = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [[String: Any]])
    #expect(cases.count > 25)
    for entry in cases {
      let name = try #require(entry["dtype"] as? String)
      let dtype = try #require(DataType(name: name))
      let shape = Shape(try #require(entry["shape"] as? [Int]))
      let data = entry["data"] as? [Any] ?? Array(0..<shape.elementCount)
      let text = NumPyText().array(try tensor(data, dtype, shape))
      #expect(text == entry["repr"] as? String, "\(name) \(shape): \(text)")
    }
  }

  @Test func scalarsPrintAsPythonPrintsThem() {
    #expect(NumPyText.scalar(Tensor(Float(0.1))) == "0.1")
    #expect(NumPyText.scalar(Tensor([Float(0), .nan]), at: 1) == "nan")
    #expect(NumPyText.scalar(Tensor(-Double.infinity)) == "-inf")
    #expect(NumPyText.scalar(Tensor(true)) == "True")
    #expect(NumPyText.scalar(Tensor(strings: [[0x61, 0x27, 0xff]], shape: .scalar)) == "b\"a'\\xff\"")
  }

  @Test func linesAreAsLongAsAsked() {
    let text = NumPyText(lineWidth: 20).array(Tensor((0..<20).map { Int32($0) }))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 20 })
    #expect(text.filter { $0 == "," }.count == 20)
  }

  private func tensor(_ data: [Any], _ dtype: DataType, _ shape: Shape) throws -> Tensor {
    func numbers() -> [Double] {
      data.map { ($0 as? String).flatMap(Double.init) ?? ($0 as? Int).map(Double.init) ?? .nan }
    }
    func integers<T: FixedWidthInteger & TensorScalar>(_: T.Type) -> Tensor {
      Tensor(data.map { T($0 as? Int ?? 0) }, shape: shape)
    }
    switch dtype {
    case .float16: return Tensor(numbers().map { Float16($0) }, shape: shape)
    case .float32: return Tensor(numbers().map { Float($0) }, shape: shape)
    case .float64: return Tensor(numbers(), shape: shape)
    case .int32: return integers(Int32.self)
    case .int64: return integers(Int64.self)
    case .bool: return Tensor(data.map { $0 as? Bool ?? false }, shape: shape)
    case .complex64:
      let pairs = data.compactMap { $0 as? [Double] }
      return Tensor(pairs.map { Complex64(Float($0[0]), Float($0[1])) }, shape: shape)
    case .string: return Tensor(strings: data.map { ($0 as? [Int] ?? []).map { UInt8($0) } }, shape: shape)
    default: throw TestFailure(dtype: dtype)
    }
  }

  private struct TestFailure: Error { var dtype: DataType }
}
