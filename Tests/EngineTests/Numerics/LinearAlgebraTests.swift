import Tensors
import Testing

@testable import Engine

/// Inverses, determinants and solutions of small matrices with known answers.
@Suite struct LinearAlgebraTests {
  private let matrix = Tensor([4.0, 2, 2, 3], shape: [2, 2])

  private func run(
    _ op: String, _ inputs: [Tensor], _ attributes: [String: AttributeValue] = [:]
  ) throws -> [Tensor] {
    let g = GraphMaker()
    return try Session(graph: g.graph).run(
      g.all(op, inputs.map { try g.constant($0) }, attributes: attributes))
  }

  @Test func answersAreRight() throws {
    let close = { (found: Tensor, expected: [Double]) in
      zip(found.scalars(Double.self), expected).allSatisfy { abs($0 - $1) < 1e-12 }
    }
    #expect(close(try run("MatrixInverse", [matrix])[0], [0.375, -0.25, -0.25, 0.5]))
    #expect(try run("MatrixDeterminant", [matrix])[0] == Tensor(8.0))
    let logarithm = try run("LogMatrixDeterminant", [Tensor([0.0, 2, 3, 0], shape: [2, 2])])
    #expect(logarithm[0] == Tensor(-1.0) && close(logarithm[1], [1.791759469228055]))
    #expect(close(try run("Cholesky", [matrix])[0], [2, 0, 1, 2.0.squareRoot()]))
    let right = Tensor([8.0, 7], shape: [2, 1])
    #expect(close(try run("MatrixSolve", [matrix, right])[0], [1.25, 1.5]))
    #expect(close(try run("MatrixTriangularSolve", [matrix, right])[0], [2, 1]))
    #expect(close(try run("MatrixTriangularSolve", [matrix, right], ["lower": .bool(false)])[0], [5.0 / 6, 7.0 / 3]))
  }

  @Test func whatHasNoAnswerIsRefused() throws {
    let singular = Tensor([1.0, 2, 2, 4], shape: [2, 2])
    #expect(throws: EngineError.self) { try run("MatrixInverse", [singular]) }
    #expect(try run("MatrixDeterminant", [singular])[0] == Tensor(0.0))
    #expect(throws: EngineError.self) { try run("Cholesky", [Tensor([-1.0], shape: [1, 1])]) }
  }
}
