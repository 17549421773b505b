/// File names for names that come out of files: safe in any folder, and different for different names.
///
/// Characters that mean something to a file system or a shell's user, and all that cannot be seen, become `%XX` of their
/// UTF-8 bytes, as in a URL; a run's slashes stay what they are, folders. A folder's name never looks like that of a file
/// written here, so that the file of one series cannot be the folder of another.
enum ExportName {
  /// The ends of all files that an export writes.
  static let extensions: Set<String> = [
    "csv", "json", "jsonl", "png", "jpg", "gif", "bmp", "wav", "bin", "npy", "pb", "pbtxt",
  ]

  /// A name longer than this many bytes is cut and ends in a hash of all of it.
  private static let longest = 180

  /// The folders of a run below the export's; none for the run of the root itself.
  static func folders(run: String) -> [String] {
    run == "." ? [] : run.split(separator: "/", omittingEmptySubsequences: false).map { folder(String($0)) }
  }

  /// One folder.
  static func folder(_ name: String) -> String {
    var safe = component(name)
    if let dot = safe.lastIndex(of: "."), extensions.contains(safe[safe.index(after: dot)...].lowercased()) {
      safe.replaceSubrange(dot...dot, with: "%2E")
    }
    return safe
  }

  /// One component of a path.
  static func component(_ name: String) -> String {
    guard !name.isEmpty else { return "%" }
    var result = ""
    let scalars = Array(name.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      if isPlain(scalar, isFirst: index == 0, isLast: index == scalars.count - 1) {
        result.unicodeScalars.append(scalar)
      } else {
        for byte in String(scalar).utf8 { result += "%" + hexadecimal(byte) }
      }
    }
    // Names that mean a device to some systems.
    if reserved.contains(result.prefix { $0 != "." }.uppercased()) {
      result = "%" + hexadecimal(result.utf8.first!) + result.dropFirst()
    }
    guard result.utf8.count > longest else { return result }
    var cut = ""
    for character in result {
      if cut.utf8.count + character.utf8.count > longest - 20 { break }
      cut.append(character)
    }
    return cut + "~" + String(ContentHash.of(Array(name.utf8)), radix: 16)
  }

  /// The name of a value's file, without its end: the step, `-2` where it is the second of its step, `_1` where it is the
  /// second logged together.
  static func value(step: Int64, occurrence: Int, part: Int?) -> String {
    let digits = "\(step.magnitude)"
    let padded = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    return "step_\(step < 0 ? "-" : "")\(padded)" + (occurrence > 0 ? "-\(occurrence + 1)" : "")
      + (part.map { "_\($0)" } ?? "")
  }

  private static let reserved: Set<String> = Set(
    ["CON", "PRN", "AUX", "NUL"] + (0...9).flatMap { ["COM\($0)", "LPT\($0)"] })

  private static func isPlain(_ scalar: Unicode.Scalar, isFirst: Bool, isLast: Bool) -> Bool {
    switch scalar {
    case "%", "/", "\\", ":", "*", "?", "\"", "<", ">", "|", "~", "`", "$", "'": return false
    case ".": return !isFirst && !isLast
    case "-": return !isFirst
    case " ": return !isFirst && !isLast
    default:
      if scalar.value < 0x7f { return scalar.value > 0x20 }
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
        .spaceSeparator, .nonspacingMark, .enclosingMark:
        return false
      default: return true
      }
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.count < 2 ? "0" + digits : digits
  }
}
