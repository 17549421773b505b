import Engine
import Foundation
import Tensors
import Testing

@testable import Training

/// `session.run` written as JSON.
@Suite struct GraphCallTests {
  @Test func callsRunAndAnswerInOrder() throws {
    let tf = Graph()
    let x = try tf.placeholder(.float32, shape: [nil], name: "x")
    let y = try tf.square(x, name: "y")
    _ = try tf.group([y.node], name: "step")
    let calls = try GraphCall.list(
      Data(
        #"[{"feeds": {"x:0": {"dtype": "float32", "shape": [3], "data": [1.5, -2, "NaN"]}}, "fetches": ["y:0", "step"]}]"#
          .utf8))
    let answer = try tf.withSession { try calls[0].run(in: $0) }
    #expect(
      answer
        == #"{"y:0": {"dtype": "float32", "shape": [3], "data": [2.25, 4.0, "NaN"]}, "step": null}"#)
    let single = try GraphCall.list(Data(#" {"fetches": ["y:0"]}"#.utf8))
    #expect(single.count == 1)
    #expect(throws: EngineError.self) { _ = try tf.makeSession().run(single[0].fetches) }
  }

  @Test func everyTypeOfElementReadsBack() throws {
    for text in [
      #"{"dtype": "int64", "shape": [2], "data": [9223372036854775807, -9223372036854775808]}"#,
      #"{"dtype": "uint64", "shape": [1], "data": [18446744073709551615]}"#,
      #"{"dtype": "float64", "shape": [2], "data": [0.1, "-Infinity"]}"#,
      #"{"dtype": "bool", "shape": [2], "data": [true, false]}"#,
      #"{"dtype": "complex64", "shape": [1], "data": [[1.0,-2.5]]}"#,
      #"{"dtype": "string", "shape": [2], "data": ["a\"b", {"base64":"/w=="}]}"#,
      #"{"dtype": "int8", "shape": [0], "data": []}"#, #"{"dtype": "bfloat16", "shape": [], "data": [1.5]}"#,
    ] {
      let value = try JSONDecoder().decode(TensorText.self, from: Data(text.utf8))
      #expect(TensorText.json(try value.tensor) == text)
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    for (text, part) in [
      (#"{"dtype": "int8", "shape": [1], "data": [300]}"#, "no int8"),
      (#"{"dtype": "float32", "shape": [2], "data": [1]}"#, "does not have 1 elements"),
      (#"{"dtype": "float32", "shape": [-1], "data": [1]}"#, "does not have"),
      (#"{"dtype": "quark", "shape": [1], "data": [1]}"#, "'quark' is no type"),
      (#"{"dtype": "float32", "shape": [1], "data": ["x"]}"#, "no number"),
    ] {
      let value = try JSONDecoder().decode(TensorText.self, from: Data(text.utf8))
      do {
        _ = try value.tensor
        Issue.record("\(text) made a tensor")
      } catch let error as EngineError {
        #expect(error.message.contains(part))
      }
    }
    do {
      _ = try GraphCall.list(Data(#"[{"fetches": 7}]"#.utf8))
      Issue.record("a number is no list of fetches")
    } catch let error as EngineError {
      #expect(error.message.contains("fetches"))
    }
  }
}
