import Tensors

/// Images with their labels, in rows: row i of `images` belongs to element i of `labels`.
public struct LabelledImages: Sendable {
  /// float32, shape `[count, features]`.
  public let images: Tensor
  /// int64, shape `[count]`.
  public let labels: Tensor

  public var count: Int { labels.shape[0] }
  public var featureCount: Int { images.shape[1] }

  /// - Precondition: `images` is a float32 matrix and `labels` an int64 vector with as many rows.
  public init(images: Tensor, labels: Tensor) {
    precondition(images.dtype == .float32 && images.rank == 2, "images must be a float32 matrix")
    precondition(labels.dtype == .int64 && labels.rank == 1, "labels must be an int64 vector")
    precondition(images.shape[0] == labels.shape[0], "every image needs one label")
    self.images = images
    self.labels = labels
  }

  /// The rows of the given numbers, in the order given.
  /// - Precondition: every row number is in `0..<count`.
  public func rows(_ rows: [Int]) -> LabelledImages {
    let width = featureCount
    let allImages: [Float] = images.scalars()
    let allLabels: [Int64] = labels.scalars()
    var pixels: [Float] = []
    pixels.reserveCapacity(rows.count * width)
    for row in rows { pixels.append(contentsOf: allImages[row * width..<(row + 1) * width]) }
    return LabelledImages(
      images: Tensor(pixels, shape: [rows.count, width]), labels: Tensor(rows.map { allLabels[$0] }))
  }

  /// The rows of a range.
  public func rows(_ range: Range<Int>) -> LabelledImages { rows(Array(range)) }
}
