extension Graph {
  /// Runs `body`; nodes made inside are colocated with nothing, whatever is open around (TensorFlow's
  /// `colocate_with(None, ignore_existing=True)`).
  public func withoutColocation<Result>(_ body: () throws -> Result) rethrows -> Result {
    let old = state.withLock { state in
      defer { state.colocations = [] }
      return state.colocations
    }
    defer { state.withLock { $0.colocations = old } }
    return try body()
  }
}
