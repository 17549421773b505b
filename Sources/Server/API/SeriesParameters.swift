import Catalog

extension Parameter {
  /// Which points where steps go back.
  static let branches = Parameter(
    "branches", .choice(BranchSelection.allCases.map(\.rawValue)),
    "Which points are wanted where steps go back: of the newest branch, all, or what a TensorBoard keeps")
}

extension QueryParameters {
  /// A running average, `mean:100`; nil where none is asked for.
  func smoothing(_ name: String) throws(Problem) -> Smoothing? {
    guard let text = optionalText(name), !text.isEmpty else { return nil }
    guard let smoothing = Smoothing(text) else {
      throw .badRequest("“\(text.prefix(100))” is no value of “\(name)”: \(Smoothing.usage).")
    }
    return smoothing
  }
}
