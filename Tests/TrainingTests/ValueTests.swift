import Engine
import Tensors
import Testing

@testable import Training

@Suite struct ValueTests {
  @Test func swiftNumbersTakeTheTypeOfTheOtherInput() throws {
    let tf = Graph()
    let wide = try tf.placeholder(.float64)
    #expect(try (wide + 1.0).dtype == .float64)
    #expect(try tf.multiply(2, wide).dtype == .float64)
    let whole = try tf.placeholder(.int64)
    #expect(try (whole * 3).dtype == .int64)
  }

  @Test func aloneNumbersBecomeFloat32AndInt32() throws {
    let tf = Graph()
    #expect(try tf.constant(1.5).dtype == .float32)
    #expect(try tf.constant(7).dtype == .int32)
    #expect(try tf.constant(1 << 40).dtype == .int64)
    #expect(try tf.constant([[1, 2, 3], [4, 5, 6]]).shape == [2, 3])
    #expect(try tf.constant("text").dtype == .string)
    #expect(try tf.constant([true, false]).dtype == .bool)
  }

  @Test func constantsFillTheirShapeWithTheLastValue() throws {
    let tf = Graph()
    let filled = try tf.constant([1, 2, 3], shape: [2, 3])
    #expect(try filled.node.tensor("value").scalars(Int32.self) == [1, 2, 3, 3, 3, 3])
    #expect(throws: BuildError.value("Too many elements provided. Needed at most 2, but received 3")) {
      try tf.constant([1, 2, 3], shape: [2])
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let tf = Graph()
    let floats = try tf.placeholder(.float32, name: "floats")
    let integers = try tf.placeholder(.int32, name: "integers")
    #expect(
      throws: BuildError.type(
        "Input 'y' of 'AddV2' Op has type int32 that does not match type float32 of argument 'x'.")
    ) { try floats + integers }
    #expect(throws: BuildError.type("Expected int32, got 1.5 of type 'float' instead.")) { try integers + 1.5 }
    #expect(
      throws: BuildError.value(
        "Argument must be a dense tensor: got shape [2, 1], but wanted [2, 2].")
    ) { try tf.constant([[1, 2], [3]]) }
    #expect(throws: BuildError.self) { try tf.constant(300, dtype: .int8) }
    #expect(throws: BuildError.value("Must specify maxval for integer dtype tf.int32")) {
      try tf.randomUniform([2], dtype: .int32)
    }
  }

  @Test func divisionOfIntegersIsInFloatingPoint() throws {
    let tf = Graph()
    let x = try tf.constant([7, 8])
    #expect(try (x / 2).dtype == .float64)
  }

  @Test func elementsOfAnyTypeAreFilled() throws {
    let texts = try Tensor(strings: [[65], [66]], shape: [2]).filled(to: [3])
    #expect(texts.strings == [[65], [66], [66]])
    let none = try Tensor([] as [Float]).filled(to: [2])
    #expect(none.scalars(Float.self) == [0, 0])
  }
}
