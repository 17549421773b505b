import Tensors
import Testing

@testable import Events

@Suite struct LegacyFormsTests {
  struct KindRow {
    var plugin: String?
    var dtype: DataType?
    var shape: [Int]
    var kind: ValueKind
  }

  @Test func tensorsAreWhatTheirPluginAndShapeSay() {
    let table: [KindRow] = [
      .init(plugin: "scalars", dtype: .float32, shape: [], kind: .scalar),
      .init(plugin: "scalars", dtype: .float64, shape: [1], kind: .scalar),
      .init(plugin: "scalars", dtype: .bfloat16, shape: [], kind: .scalar),
      .init(plugin: "scalars", dtype: .bool, shape: [], kind: .scalar),
      .init(plugin: "scalars", dtype: .uint64, shape: [], kind: .scalar),
      .init(plugin: "scalars", dtype: .float32, shape: [2], kind: .tensor),
      .init(plugin: "scalars", dtype: .string, shape: [], kind: .tensor),
      .init(plugin: "scalars", dtype: .complex64, shape: [], kind: .tensor),
      .init(plugin: "scalars", dtype: nil, shape: [], kind: .tensor),
      .init(plugin: "histograms", dtype: .float64, shape: [30, 3], kind: .histogram),
      .init(plugin: "histograms", dtype: .float32, shape: [0, 3], kind: .histogram),
      .init(plugin: "histograms", dtype: .int32, shape: [4, 3], kind: .tensor),
      .init(plugin: "histograms", dtype: .float64, shape: [3], kind: .tensor),
      .init(plugin: "images", dtype: .string, shape: [3], kind: .image),
      .init(plugin: "images", dtype: .string, shape: [1], kind: .tensor),
      .init(plugin: "audio", dtype: .string, shape: [2, 2], kind: .audio),
      .init(plugin: "audio", dtype: .string, shape: [2], kind: .audio),
      .init(plugin: "audio", dtype: .string, shape: [], kind: .tensor),
      .init(plugin: "text", dtype: .string, shape: [], kind: .text),
      .init(plugin: "text", dtype: .string, shape: [2, 3], kind: .text),
      .init(plugin: "text", dtype: .float32, shape: [], kind: .tensor),
      .init(plugin: "graph_run_metadata", dtype: .string, shape: [], kind: .runMetadata),
      .init(plugin: "graph_run_metadata_graph", dtype: .string, shape: [1], kind: .runMetadata),
      .init(plugin: "graph_keras_model", dtype: .string, shape: [], kind: .tensor),
      .init(plugin: "pr_curves", dtype: .float32, shape: [6, 127], kind: .tensor),
      .init(plugin: "hparams", dtype: .float32, shape: [0], kind: .tensor),
      .init(plugin: "unknown", dtype: .float32, shape: [], kind: .tensor),
      .init(plugin: nil, dtype: .float32, shape: [], kind: .tensor),
    ]
    for row in table {
      let elements = row.shape.reduce(1, *)
      let kind = LegacyForms.kind(ofTensor: row.dtype, shape: row.shape, elements: elements, plugin: row.plugin)
      #expect(kind == row.kind, "\(row)")
    }
  }

  @Test func valuesWithoutMetadataImplyTheirPlugin() {
    let table: [(ContentField, String?)] = [
      (.simpleValue, "scalars"), (.histogram, "histograms"), (.image, "images"), (.audio, "audio"), (.tensor, nil),
      (.none, nil), (.obsoleteHistogram, nil),
    ]
    for (field, plugin) in table { #expect(LegacyForms.impliedPlugin(of: field) == plugin) }
  }

  @Test func aWrittenDataClassIsTrustedAndAMissingOneFollowsThePlugin() {
    let table: [(String?, Int, DataClass)] = [
      ("scalars", 0, .scalar), ("histograms", 0, .tensor), ("text", 0, .tensor), ("hparams", 0, .tensor),
      ("pr_curves", 0, .tensor), ("mesh", 0, .tensor), ("custom_scalars", 0, .tensor), ("images", 0, .blobSequence),
      ("audio", 0, .blobSequence), ("graph_run_metadata", 0, .blobSequence), ("other", 0, .unknown), (nil, 0, .unknown),
      ("scalars", 2, .tensor), ("other", 3, .blobSequence), ("images", 99, .blobSequence),
    ]
    for (plugin, written, expected) in table {
      #expect(LegacyForms.dataClass(plugin: plugin, written: written) == expected, "\(plugin ?? "none") \(written)")
    }
  }

  @Test func histogramRowsFollowBothTensorBoards() {
    typealias Row = HistogramRow
    struct Case {
      var min: Double
      var max: Double
      var limits: [Double]
      var counts: [Double]
      var dropped: [Row]
      var whole: [Row]
    }
    let cases: [Case] = [
      // Empty buckets at both ends; an outer row of the whole form runs backwards.
      Case(
        min: 1.5, max: 2.5, limits: [1, 2, 3, 4], counts: [0, 3, 4, 0],
        dropped: [Row(left: 1.5, right: 2, count: 3), Row(left: 2, right: 2.5, count: 4)],
        whole: [
          Row(left: 1.5, right: 1, count: 0), Row(left: 1, right: 2, count: 3), Row(left: 2, right: 3, count: 4),
          Row(left: 3, right: 2.5, count: 0),
        ]),
      // One value only.
      Case(
        min: 2, max: 2, limits: [1, 3, 9], counts: [0, 5, 0], dropped: [Row(left: 2, right: 2, count: 5)],
        whole: [Row(left: 2, right: 1, count: 0), Row(left: 1, right: 3, count: 5), Row(left: 3, right: 2, count: 0)]),
      // An empty bucket in the middle stays.
      Case(
        min: 0, max: 3, limits: [1, 2, 3], counts: [1, 0, 1],
        dropped: [
          Row(left: 0, right: 1, count: 1), Row(left: 1, right: 2, count: 0), Row(left: 2, right: 3, count: 1),
        ],
        whole: [Row(left: 0, right: 1, count: 1), Row(left: 1, right: 2, count: 0), Row(left: 2, right: 3, count: 1)]),
      // Nothing counted.
      Case(
        min: 0, max: 0, limits: [1], counts: [0], dropped: [], whole: [Row(left: 0, right: 0, count: 0)]),
      Case(min: 0, max: 0, limits: [], counts: [], dropped: [], whole: []),
      Case(min: 0, max: 0, limits: [1], counts: [1, 2], dropped: [], whole: []),
    ]
    for one in cases {
      for (drops, expected) in [(true, one.dropped), (false, one.whole)] {
        let rows = LegacyForms.rows(
          min: one.min, max: one.max, limits: one.limits, counts: one.counts, dropsEmptyEnds: drops)
        #expect(rows == expected)
      }
    }
  }
}
