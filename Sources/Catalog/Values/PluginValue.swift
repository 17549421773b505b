import Protos
import SwiftProtobuf
import Tensors

/// What TensorBoard's plugins store beside pictures, sounds, texts and histograms, decoded.
public enum PluginValue: Sendable {
  case prCurve(PRCurve)
  /// What an experiment varies and measures (`_hparams_/experiment`), and which values a session had
  /// (`_hparams_/session_start_info`) and how it ended (`_hparams_/session_end_info`).
  case hparams(Tensorboard_Hparams_HParamsPluginData)
  /// Charts a program asked for (`custom_scalars__config__`).
  case customScalars(Tensorboard_Layout)
  /// Vertices, faces or colours of a mesh; the metadata tells which, and the scene.
  case mesh(Tensorboard_Mesh_MeshPluginData, Tensor)
}

/// Names of the plugins whose values are decoded, as event files have them.
public enum PluginName {
  public static let prCurves = "pr_curves"
  public static let hparams = "hparams"
  public static let customScalars = "custom_scalars"
  public static let mesh = "mesh"

  static let decoded: Set<String> = [prCurves, hparams, customScalars, mesh]
}

/// Messages nested deeper than this are refused rather than followed.
private let decoding: BinaryDecodingOptions = {
  var options = BinaryDecodingOptions()
  options.messageDepthLimit = 64
  return options
}()

extension PluginValue {
  /// Decodes a value.
  ///
  /// - Parameters:
  ///   - plugin: one of ``PluginName``.
  ///   - content: what the plugin wrote into the metadata of the value or its tag.
  ///   - tensor: the value; nil where it is metadata alone.
  /// - Throws: `PluginError` with the reason where the bytes are not what the plugin writes.
  init(plugin: String, content: [UInt8], tensor: Tensor?) throws(PluginError) {
    do {
      switch plugin {
      case PluginName.prCurves:
        guard let tensor, let curve = PRCurve(tensor) else {
          throw PluginError(reason: "a PR curve is a tensor of shape [6, thresholds], this is \(Self.form(tensor))")
        }
        self = .prCurve(curve)
      case PluginName.hparams:
        self = .hparams(try .init(serializedBytes: content, options: decoding))
      case PluginName.customScalars:
        guard let tensor, tensor.dtype == .string, let layout = tensor.strings.first else {
          throw PluginError(reason: "a layout of custom scalars is a string, this is \(Self.form(tensor))")
        }
        self = .customScalars(try .init(serializedBytes: layout, options: decoding))
      case PluginName.mesh:
        guard let tensor else { throw PluginError(reason: "a part of a mesh is a tensor, this is \(Self.form(nil))") }
        self = .mesh(try .init(serializedBytes: content, options: decoding), tensor)
      default: throw PluginError(reason: "the plugin “\(plugin)” is not known")
      }
    } catch let error as PluginError {
      throw error
    } catch {
      throw PluginError(reason: "what the plugin “\(plugin)” wrote is no message of it (\(error))")
    }
  }

  private static func form(_ tensor: Tensor?) -> String {
    tensor.map { "\($0.dtype.name) \($0.shape)" } ?? "metadata alone"
  }

  /// The same as names and values: fields and enumerations have the names of their `.proto` file, times are seconds
  /// since 1970, null stands for what was left empty. Of a mesh only what the metadata says; the tensor may be large.
  public var plain: PlainValue {
    switch self {
    case .prCurve(let curve): curve.plain
    case .hparams(let data): data.plain
    case .customScalars(let layout): layout.plain
    case .mesh(let data, let tensor): data.plain(tensor)
    }
  }
}

/// Why plugin data cannot be decoded.
struct PluginError: Error, Equatable {
  var reason: String
}

extension Tensorboard_Mesh_MeshPluginData {
  fileprivate func plain(_ tensor: Tensor) -> PlainValue {
    let part =
      switch contentType {
      case .vertex: "VERTEX"
      case .face: "FACE"
      case .color: "COLOR"
      case .undefined, .UNRECOGNIZED: "UNDEFINED"
      }
    return .fields([
      .init("name", .filled(name)), .init("content_type", .text(part)),
      .init("components", .integer(Int64(components))), .init("dtype", .text(tensor.dtype.name)),
      .init("shape", .list(tensor.shape.dimensions.map { .integer(Int64($0)) })),
      .init("json_config", .filled(jsonConfig)),
    ])
  }
}

extension Tensorboard_Layout {
  fileprivate var plain: PlainValue {
    .fields([
      .init("version", .integer(Int64(version))),
      .init(
        "category",
        .list(
          category.map { category in
            .fields([
              .init("title", .text(category.title)), .init("closed", .flag(category.closed)),
              .init("chart", .list(category.chart.map(\.plain))),
            ])
          })),
    ])
  }
}

extension Tensorboard_Chart {
  fileprivate var plain: PlainValue {
    let content: PlainValue.Field? =
      switch self.content {
      case .multiline(let lines): .init("multiline", .fields([.init("tag", .list(lines.tag.map { .text($0) }))]))
      case .margin(let margin):
        .init(
          "margin",
          .fields([
            .init(
              "series",
              .list(
                margin.series.map { series in
                  .fields([
                    .init("value", .text(series.value)), .init("lower", .text(series.lower)),
                    .init("upper", .text(series.upper)),
                  ])
                }))
          ]))
      case nil: nil
      }
    return .fields([.init("title", .text(title))] + (content.map { [$0] } ?? []))
  }
}
