import Foundation

/// Averages and statistics that numpy computed; `make_numpy.py` beside the file says how.
struct NumpyFixture: Decodable {
  struct SmoothingPart: Decodable {
    var steps: [Int64]
    var values: [Double]
    /// By smoothing, `mean:50`.
    var averages: [String: [Double]]
  }

  struct Series: Decodable {
    var steps: [Int64]
    var values: [Double]
  }

  struct Row: Decodable {
    var step: Int64
    var n: Int
    var others: Int
    var mean: Double
    var std: Double
    var min: Double
    var max: Double
    var median: Double
    var quantiles: [Double]
  }

  struct Groups: Decodable {
    var runs: [Series]
    var quantiles: [Double]
    var union: [Row]
    var common: [Row]
    var linear: [Row]
  }

  var smoothing: SmoothingPart
  var groups: Groups

  init() throws {
    let url = Bundle.module.resourceURL!.appendingPathComponent("Fixtures/queries/numpy.json")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    self = try decoder.decode(NumpyFixture.self, from: try Data(contentsOf: url))
  }
}
