import Tensors

/// A precision-recall curve: what a classifier got right and wrong at thresholds from 0 to 1.
///
/// Files hold it as a float tensor [6, thresholds] whose rows are true positives, false positives, true negatives, false
/// negatives, precision and recall. Source: tensorboard/plugins/pr_curve/metadata.py.
public struct PRCurve: Sendable, Equatable {
  /// Evenly spread from 0 to 1.
  public var thresholds: [Double]
  public var truePositives: [Double]
  public var falsePositives: [Double]
  public var trueNegatives: [Double]
  public var falseNegatives: [Double]
  public var precision: [Double]
  public var recall: [Double]
  /// From this threshold on nothing is called positive, so that the precision means nothing; TensorBoard does not draw
  /// these. At least 1 where there are thresholds.
  public var meaningfulCount: Int

  /// Nil where the tensor is none of six rows of real numbers.
  public init?(_ tensor: Tensor) {
    let shape = tensor.shape.dimensions
    guard shape.count == 2, shape[0] == 6, let values = tensor.doubles else { return nil }
    let count = shape[1]
    func row(_ index: Int) -> [Double] { Array(values[index * count..<(index + 1) * count]) }
    // As numpy.linspace computes them, to the last bit.
    let step = 1 / Double(max(1, count - 1))
    thresholds = (0..<count).map { $0 > 0 && $0 == count - 1 ? 1 : Double($0) * step }
    truePositives = row(0)
    falsePositives = row(1)
    trueNegatives = row(2)
    falseNegatives = row(3)
    precision = row(4)
    recall = row(5)
    // TensorBoard counts whole ones: a fraction of a weighted example is none.
    let last = (0..<count).last { $0 == 0 || values[$0] >= 1 || values[count + $0] >= 1 }
    meaningfulCount = last.map { $0 + 1 } ?? 0
  }

  /// `{"thresholds","true_positives","false_positives","true_negatives","false_negatives","precision","recall",
  /// "meaningful"}`, lists of numbers and a count.
  public var plain: PlainValue {
    func list(_ values: [Double]) -> PlainValue { .list(values.map { .single(Float($0)) }) }
    return .fields([
      .init("thresholds", .list(thresholds.map { .number($0) })), .init("true_positives", list(truePositives)),
      .init("false_positives", list(falsePositives)), .init("true_negatives", list(trueNegatives)),
      .init("false_negatives", list(falseNegatives)), .init("precision", list(precision)),
      .init("recall", list(recall)), .init("meaningful", .integer(Int64(meaningfulCount))),
    ])
  }
}
