/// One line that says how far a job is, never wider than its columns.
public enum ProgressText {
  /// - Parameters:
  ///   - done: the part that is done, 0 to 1.
  ///   - text: what stands behind the bar.
  public static func line(done: Double, text: String, columns: Int) -> String {
    let columns = max(columns, 10)
    let fraction = done.isNaN ? 0 : min(max(done, 0), 1)
    // Rounded down: 100 % is for what is done.
    let percent = "\(Int(fraction * 100)) %"
    let padded = String(repeating: " ", count: max(0, 5 - percent.count)) + percent
    let width = min(30, columns - padded.count - text.count - 5)
    guard width >= 5 else { return String("\(padded)  \(text)".prefix(columns - 1)) }
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    return "[\(bar)]\(padded)  \(text)"
  }

  /// What to say of a loading: bytes, pace, time left, files that are missing.
  public static func loading(
    bytesDone: Int64, bytes: Int64, files: Int, filesLeft: Int, bytesPerSecond: Double, secondsLeft: Double?
  ) -> String {
    var parts = ["\(UnitText.bytes(bytesDone)) of \(UnitText.bytes(bytes))"]
    if bytesPerSecond > 0 { parts.append("\(UnitText.bytes(Int64(min(bytesPerSecond, 1e18))))/s") }
    if let secondsLeft, bytesPerSecond > 0 { parts.append("\(UnitText.seconds(secondsLeft)) left") }
    parts.append("\(filesLeft) of \(files) \(files == 1 ? "file" : "files") missing")
    return parts.joined(separator: ", ")
  }
}
