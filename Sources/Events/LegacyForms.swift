import Tensors

// Values have had several forms on disk: TensorFlow 1 and tensorboardX write `simple_value`, `histo`, `image` and
// `audio` fields without metadata; TensorFlow 2 writes tensors whose metadata names the plugin they are for. These pure
// functions hold every rule that turns a form into what it means; nothing else in the module knows them.
// Source: TensorBoard's data_compat.py and dataclass_compat.py, with the losses of its Rust loader left out.

/// Names TensorBoard's plugins have in files.
enum PluginName {
  static let scalars = "scalars"
  static let histograms = "histograms"
  static let images = "images"
  static let audio = "audio"
  static let text = "text"
  static let hparams = "hparams"
  static let prCurves = "pr_curves"
  static let mesh = "mesh"
  static let customScalars = "custom_scalars"
  static let graphRunMetadata = "graph_run_metadata"
  static let graphRunMetadataGraph = "graph_run_metadata_graph"
  static let graphKerasModel = "graph_keras_model"
}

/// The field of Summary.Value that holds the content.
enum ContentField: UInt8, Sendable {
  case none = 0
  case simpleValue = 2
  case obsoleteHistogram = 3
  case image = 4
  case histogram = 5
  case audio = 6
  case tensor = 8
}

enum LegacyForms {
  /// The plugin that values without metadata are for.
  static func impliedPlugin(of content: ContentField) -> String? {
    switch content {
    case .simpleValue: PluginName.scalars
    case .histogram: PluginName.histograms
    case .image: PluginName.images
    case .audio: PluginName.audio
    case .none, .tensor, .obsoleteHistogram: nil
    }
  }

  /// The data class of a plugin's values where the metadata says none.
  static func dataClass(plugin: String?, written: Int) -> DataClass {
    if written != 0, let known = DataClass(rawValue: written) { return known }
    switch plugin {
    case PluginName.scalars: return .scalar
    case PluginName.histograms, PluginName.text, PluginName.hparams, PluginName.prCurves, PluginName.mesh,
      PluginName.customScalars:
      return .tensor
    case PluginName.images, PluginName.audio, PluginName.graphRunMetadata, PluginName.graphRunMetadataGraph,
      PluginName.graphKerasModel:
      return .blobSequence
    default: return .unknown
    }
  }

  /// What a tensor is, by the plugin of its tag and its own type and shape. A tensor that does not fit its plugin is
  /// kept as a plain tensor, so that it can still be looked at.
  static func kind(ofTensor dtype: DataType?, shape: [Int], elements: Int, plugin: String?) -> ValueKind {
    switch plugin {
    case PluginName.scalars:
      return elements == 1 && scalarStorage(of: dtype) != nil ? .scalar : .tensor
    case PluginName.histograms:
      let isFloat = dtype == .float32 || dtype == .float64
      return isFloat && shape.count == 2 && shape[1] == 3 ? .histogram : .tensor
    case PluginName.images:
      return dtype == .string && shape.count == 1 && shape[0] >= 2 ? .image : .tensor
    case PluginName.audio:
      // [clips, 2] pairs of sound and label, or clips alone.
      return dtype == .string && (shape.count == 1 || shape.count == 2 && shape[1] >= 1) ? .audio : .tensor
    case PluginName.text:
      return dtype == .string ? .text : .tensor
    case PluginName.graphRunMetadata, PluginName.graphRunMetadataGraph:
      return dtype == .string && elements == 1 ? .runMetadata : .tensor
    default:
      return .tensor
    }
  }

  /// How scalars of a type are kept; nil for what is no real number.
  static func scalarStorage(of dtype: DataType?) -> ScalarStorage? {
    switch dtype {
    case .float32, .float16, .bfloat16: .float32
    case .float64: .float64
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .bool, .qint8, .quint8, .qint16, .quint16, .qint32:
      .int64
    case .uint64: .uint64
    case .string, .complex64, .complex128, .resource, .variant, nil: nil
    }
  }

  /// The rows [left, right, count] of a histogram proto as TensorBoard shows it: empty buckets at both ends go, the
  /// outer edges become the least and the greatest value. Where `dropsEmptyEnds` is false (TensorBoard's data server),
  /// they stay, and an outer row may have its left edge above its right one.
  static func rows(
    min: Double, max: Double, limits: [Double], counts: [Double], dropsEmptyEnds: Bool
  ) -> [HistogramRow] {
    guard !counts.isEmpty, limits.count == counts.count else { return [] }
    var first = counts.startIndex
    var last = counts.index(before: counts.endIndex)
    if dropsEmptyEnds {
      guard let firstFilled = counts.firstIndex(where: { $0 > 0 }),
        let lastFilled = counts.lastIndex(where: { $0 > 0 })
      else { return [] }
      first = firstFilled
      last = lastFilled
    }
    return (first...last).map { index in
      HistogramRow(
        left: index == first ? min : limits[index - 1], right: index == last ? max : limits[index],
        count: counts[index])
    }
  }
}
