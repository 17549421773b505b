import CKernels
import Tensors

/// One scalar as it waits in a column: 24 bytes, in one cache line with its neighbours. `bits` hold the value in the
/// column's storage, a float32 in the low half.
public typealias ScalarPoint = ck_point

/// How scalars of a column are stored: 16-bit floats widen to float32, integers and booleans to 64 bits.
public enum ScalarStorage: UInt8, Sendable, Hashable, BitwiseCopyable {
  case float32
  case float64
  case int64
  case uint64
}

/// Takes the scalars of a batch in stretches while they are still in the processor's cache, in place of the columns of
/// ``EventBatch/scalars``, which then stay empty.
public protocol ScalarSink: AnyObject {
  /// Points of a tag, in file order. A stretch has ``ScalarStretch/length`` points, the last of a tag in a batch fewer,
  /// perhaps none. `points` are valid during the call.
  func take(_ stretch: ScalarStretch, _ points: UnsafeBufferPointer<ScalarPoint>)
}

/// What a stretch of points is.
public struct ScalarStretch: Sendable {
  /// Points of a full stretch.
  public static let length = 4096

  /// The tag's number within the reader, as ``EventTag/id``.
  public var tag: Int
  /// The type they were logged in; float64 where types are mixed.
  public var dtype: DataType
  public var storage: ScalarStorage
  /// Whether it is the tag's last in the batch. These come in the order in which the tags were met.
  public var isLast: Bool
}
