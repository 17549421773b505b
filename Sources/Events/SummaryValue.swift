import Records
import Tensors

/// A value read in full.
public enum SummaryValue: Sendable {
  case scalar(Double)
  /// Bars to draw, left to right; the proto as well where the file holds one.
  case histogram(rows: [HistogramRow], proto: Histogram?)
  case image(ImageValue)
  case audio(AudioValue)
  /// Texts in row-major order; `shape` is empty for a single one.
  case text([String], shape: [Int])
  case tensor(Tensor)
  /// A GraphDef, MetaGraphDef or RunMetadata, serialized.
  case message(kind: ValueKind, bytes: [UInt8])
  /// Metadata alone; see ``EventTag/pluginContent``.
  case metadata
}

/// One or more pictures logged together.
public struct ImageValue: Sendable, Hashable {
  /// In pixels, as written beside the pictures.
  public var width: Int
  public var height: Int
  /// Encoded pictures, PNG as a rule. Nothing vouches for what they hold.
  public var pictures: [[UInt8]]

  public init(width: Int, height: Int, pictures: [[UInt8]]) {
    self.width = width
    self.height = height
    self.pictures = pictures
  }
}

/// One or more sound clips logged together.
public struct AudioValue: Sendable, Hashable {
  /// In Hz; nil where only the clip says it.
  public var sampleRate: Double?
  public var channels: Int?
  /// Length in samples of each channel.
  public var frames: Int?
  public var contentType: String
  /// Encoded clips, WAV as a rule.
  public var clips: [[UInt8]]
  /// Markdown, one a clip; empty where none were written.
  public var labels: [String]
}

/// Reading single values of event files again, by where a reader located them.
public enum EventFile {
  /// The value at a place. The record around it is read whole and its checksums are verified, so that a file that was
  /// replaced meanwhile gives an error and not garbage.
  ///
  /// Throws `EventError.recordChanged`, `EventError.malformedValue` or `RecordError`.
  public static func summaryValue(at value: LocatedValue, path: String) throws -> SummaryValue {
    try withValueBytes(value, path: path) { bytes in
      guard let decoded = SummaryValue(kind: value.kind, form: value.form, bytes) else {
        throw EventError.malformedValue(
          path: path, offset: value.offset,
          what: SummaryValue.problem(kind: value.kind, form: value.form, bytes)
            ?? "it is no \(value.form.rawValue) that holds a \(value.kind.rawValue)")
      }
      return decoded
    }
  }

  /// The bytes of a value: of the message its form names.
  public static func bytes(of value: LocatedValue, path: String) throws -> [UInt8] {
    try withValueBytes(value, path: path) { Array($0) }
  }

  private static func withValueBytes<R>(
    _ value: LocatedValue, path: String, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    let changed = EventError.recordChanged(path: path, offset: value.recordOffset)
    guard value.recordOffset >= UInt64(RecordFrame.headerLength), value.recordLength >= 0, value.length >= 0,
      value.offset >= value.recordOffset, let start = Int(exactly: value.offset - value.recordOffset),
      start <= value.recordLength, value.length <= value.recordLength - start
    else { throw changed }
    let source = try CompressedFiles.shared.source(try FileSource(path: path))
    let frameOffset = value.recordOffset - UInt64(RecordFrame.headerLength)
    let (end, overflow) = value.recordOffset.addingReportingOverflow(UInt64(value.recordLength))
    guard !overflow, try source.available(from: end, upTo: 0) != nil else { throw changed }
    let reader = RecordReader(source, from: frameOffset, bufferSize: value.recordLength + RecordFrame.overhead)
    guard case .record(let record) = try reader.next(), record.offset == frameOffset,
      record.payload.count == value.recordLength
    else { throw changed }
    return try body(UnsafeRawBufferPointer(rebasing: record.payload[start..<start + value.length]))
  }
}

extension SummaryValue {
  /// Decodes the bytes of a value; nil when they do not hold what `kind` and `form` say.
  public init?(kind: ValueKind, form: ValueForm, _ bytes: UnsafeRawBufferPointer) {
    switch form {
    case .none: self = .metadata
    case .message: self = .message(kind: kind, bytes: Array(bytes))
    case .histogramProto:
      guard let histogram = Histogram(protobuf: bytes) else { return nil }
      self = .histogram(rows: histogram.rows(), proto: histogram)
    case .imageProto:
      guard let form = ImageProtoForm(bytes) else { return nil }
      self = .image(ImageValue(width: form.width, height: form.height, pictures: [Array(form.encoded)]))
    case .audioProto:
      guard let form = AudioProtoForm(bytes) else { return nil }
      self = .audio(
        AudioValue(
          sampleRate: form.sampleRate, channels: form.channels, frames: form.frames,
          contentType: form.contentType.isEmpty ? "audio/wav" : form.contentType, clips: [Array(form.encoded)],
          labels: []))
    case .tensorProto:
      guard let form = TensorForm(bytes), let value = SummaryValue(kind, form) else { return nil }
      self = value
    }
  }

  /// A histogram of more rows shows nothing that fewer would not.
  private static let mostHistogramRows = 1_000_000

  /// What is wrong with bytes that do not decode, as far as it can be told.
  static func problem(kind: ValueKind, form: ValueForm, _ bytes: UnsafeRawBufferPointer) -> String? {
    guard case .tensorProto = form, let tensor = TensorForm(bytes) else { return nil }
    if tensor.claimsTooMuch {
      return "its shape \(Shape(tensor.shape)) asks for far more elements than its \(bytes.count) bytes hold"
    }
    if kind == .histogram, let rows = tensor.shape.first, rows > mostHistogramRows {
      return "the histogram has \(rows) rows; at most \(mostHistogramRows) are read"
    }
    return nil
  }

  private init?(_ kind: ValueKind, _ form: TensorForm) {
    guard let tensor = form.tensor() else { return nil }
    let dimensions = tensor.shape.dimensions
    switch kind {
    case .scalar:
      guard let storage = LegacyForms.scalarStorage(of: tensor.dtype), let bits = form.firstElement(as: storage)
      else { return nil }
      switch storage {
      case .float32: self = .scalar(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
      case .float64: self = .scalar(Double(bitPattern: bits))
      case .int64: self = .scalar(Double(Int64(bitPattern: bits)))
      case .uint64: self = .scalar(Double(bits))
      }
    case .histogram:
      guard dimensions.count == 2, dimensions[1] == 3, dimensions[0] <= Self.mostHistogramRows else { return nil }
      let flat: [Double]
      switch tensor.dtype {
      case .float32: flat = tensor.scalars(Float.self).map(Double.init)
      case .float64: flat = tensor.scalars(Double.self)
      default: return nil
      }
      let rows = stride(from: 0, to: flat.count, by: 3).map {
        HistogramRow(left: flat[$0], right: flat[$0 + 1], count: flat[$0 + 2])
      }
      self = .histogram(rows: rows, proto: nil)
    case .image:
      guard tensor.dtype == .string, dimensions.count == 1, dimensions[0] >= 2 else { return nil }
      let strings = tensor.strings
      self = .image(
        ImageValue(
          width: Int(String(decoding: strings[0], as: UTF8.self)) ?? 0,
          height: Int(String(decoding: strings[1], as: UTF8.self)) ?? 0, pictures: Array(strings[2...])))
    case .audio:
      guard tensor.dtype == .string, let clips = dimensions.first else { return nil }
      let columns = dimensions.count == 2 ? dimensions[1] : 1
      guard dimensions.count <= 2, columns >= 1 else { return nil }
      let strings = tensor.strings
      self = .audio(
        AudioValue(
          sampleRate: nil, channels: nil, frames: nil, contentType: "audio/wav",
          clips: (0..<clips).map { strings[$0 * columns] },
          labels: columns < 2 ? [] : (0..<clips).map { String(decoding: strings[$0 * columns + 1], as: UTF8.self) }))
    case .text:
      guard tensor.dtype == .string else { return nil }
      self = .text(tensor.strings.map { String(decoding: $0, as: UTF8.self) }, shape: dimensions)
    case .runMetadata, .graph, .metaGraph:
      guard tensor.dtype == .string, let first = tensor.strings.first else { return nil }
      self = .message(kind: kind, bytes: first)
    case .tensor, .metadata:
      self = .tensor(tensor)
    }
  }
}
