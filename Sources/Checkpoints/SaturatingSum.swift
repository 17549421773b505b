extension Sequence where Element: FixedWidthInteger {
  /// The sum, or the largest number there is where it does not fit: sizes that come from files may say anything.
  func saturatingSum() -> Element {
    reduce(0) { sum, next in
      let (result, overflow) = sum.addingReportingOverflow(next)
      return overflow ? .max : result
    }
  }
}
