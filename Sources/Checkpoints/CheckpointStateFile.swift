import Foundation

/// What the `checkpoint` file of a folder says: which checkpoint is the newest, and which others were kept.
public struct CheckpointState: Equatable, Sendable {
  /// Prefix of the newest checkpoint.
  public var modelCheckpointPath: String
  /// Prefixes of all checkpoints kept, oldest first.
  public var allModelCheckpointPaths: [String]
  /// When each of `allModelCheckpointPaths` was saved, in seconds since 1970. TensorFlow 1 writes none.
  public var allModelCheckpointTimestamps: [Double]
  /// When the last checkpoint that is kept for good was saved, in seconds since 1970; 0 for never.
  public var lastPreservedTimestamp: Double

  public init(
    modelCheckpointPath: String, allModelCheckpointPaths: [String], allModelCheckpointTimestamps: [Double] = [],
    lastPreservedTimestamp: Double = 0
  ) {
    self.modelCheckpointPath = modelCheckpointPath
    self.allModelCheckpointPaths = allModelCheckpointPaths
    self.allModelCheckpointTimestamps = allModelCheckpointTimestamps
    self.lastPreservedTimestamp = lastPreservedTimestamp
  }

  /// The state as TensorFlow's Saver stores it in `directory`: the newest path is the last of all; where `directory` is
  /// relative, relative paths are stored relative to it, so that the folder can be moved.
  public static func forSaving(newest: String, all: [String], inDirectory directory: String) -> CheckpointState {
    let paths = all.last == newest ? all : all + [newest]
    let stored = { (path: String) in
      isAbsolute(directory) || isAbsolute(path) ? path : relativePath(of: path, to: directory)
    }
    return CheckpointState(modelCheckpointPath: stored(newest), allModelCheckpointPaths: paths.map(stored))
  }
}

/// Reads and writes the `checkpoint` file: TensorFlow's `CheckpointState` message as protobuf text.
public enum CheckpointStateFile {
  public static let defaultName = "checkpoint"
  /// A state file names at most a few thousand paths; more is another kind of file.
  private static let maximumSize: UInt64 = 16 << 20

  /// The state in `directory`, with relative paths joined to it; nil where there is no state file.
  ///
  /// Throws `CheckpointError.damagedState` where the file does not parse, has an unknown field, or names no newest
  /// checkpoint.
  public static func read(directory: String, fileName: String = defaultName) throws -> CheckpointState? {
    let path = joined(directory, fileName)
    let file: RandomAccessFile
    do { file = try RandomAccessFile(path: path) } catch CheckpointError.notFound { return nil }
    guard file.size <= maximumSize else {
      throw CheckpointError.damagedState(path: path, line: 1, reason: "too large for a checkpoint state file")
    }
    var parser = CheckpointStateParser(text: try file.read(at: 0, count: Int(file.size)), path: path)
    var state = try parser.parse()
    guard !state.modelCheckpointPath.isEmpty else {
      throw CheckpointError.damagedState(path: path, line: 1, reason: "names no model_checkpoint_path")
    }
    state.modelCheckpointPath = joined(directory, state.modelCheckpointPath)
    state.allModelCheckpointPaths = state.allModelCheckpointPaths.map { joined(directory, $0) }
    return state
  }

  /// Replaces the state file of `directory` in one step: a reader sees the old file or the new one.
  public static func write(_ state: CheckpointState, directory: String, fileName: String = defaultName) throws {
    try AtomicFile.write(Array(text(of: state).utf8), to: joined(directory, fileName))
  }

  /// Protobuf text as TensorFlow prints it: one field a line, bytes outside of ASCII as octal escapes.
  static func text(of state: CheckpointState) -> String {
    var text = "model_checkpoint_path: \"\(escaped(state.modelCheckpointPath))\"\n"
    for path in state.allModelCheckpointPaths { text += "all_model_checkpoint_paths: \"\(escaped(path))\"\n" }
    for time in state.allModelCheckpointTimestamps { text += "all_model_checkpoint_timestamps: \(time)\n" }
    if state.lastPreservedTimestamp != 0 { text += "last_preserved_timestamp: \(state.lastPreservedTimestamp)\n" }
    return text
  }

  private static func escaped(_ string: String) -> String {
    var text = ""
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\n"): text += "\\n"
      case UInt8(ascii: "\r"): text += "\\r"
      case UInt8(ascii: "\t"): text += "\\t"
      case UInt8(ascii: "\""): text += "\\\""
      case UInt8(ascii: "'"): text += "\\'"
      case UInt8(ascii: "\\"): text += "\\\\"
      case 0x20..<0x7f: text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 8)
        text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    }
    return text
  }
}

/// The prefix of the newest checkpoint that the state file of `directory` names and that is there; nil without a state
/// file, with one that does not parse, or where the checkpoint's files are gone. As TensorFlow's `latest_checkpoint`.
public func latestCheckpoint(in directory: String, fileName: String = CheckpointStateFile.defaultName) -> String? {
  guard let state = try? CheckpointStateFile.read(directory: directory, fileName: fileName) else { return nil }
  return CheckpointLocation.exists(prefix: state.modelCheckpointPath) ? state.modelCheckpointPath : nil
}

/// Protobuf text of a `CheckpointState`.
struct CheckpointStateParser {
  private let text: [UInt8]
  private let path: String
  private var position = 0
  private var line = 1

  init(text: [UInt8], path: String) {
    self.text = text
    self.path = path
  }

  mutating func parse() throws -> CheckpointState {
    var state = CheckpointState(modelCheckpointPath: "", allModelCheckpointPaths: [])
    skipSpace()
    while let first = peek {
      guard isNameByte(first) else { throw damaged("a field name was expected") }
      let name = word()
      skipSpace()
      guard peek == UInt8(ascii: ":") else { throw damaged("\"\(name)\" is not followed by a colon") }
      advance()
      skipSpace()
      switch name {
      case "model_checkpoint_path": state.modelCheckpointPath = try string()
      case "all_model_checkpoint_paths":
        state.allModelCheckpointPaths += try list { try $0.string() }
      case "all_model_checkpoint_timestamps":
        state.allModelCheckpointTimestamps += try list { try $0.number() }
      case "last_preserved_timestamp": state.lastPreservedTimestamp = try number()
      default: throw damaged("unknown field \"\(name)\"")
      }
      skipSpace()
      if peek == UInt8(ascii: ",") || peek == UInt8(ascii: ";") {
        advance()
        skipSpace()
      }
    }
    return state
  }

  /// One value, or several in brackets.
  private mutating func list<T>(_ element: (inout Self) throws -> T) throws -> [T] {
    guard peek == UInt8(ascii: "[") else { return [try element(&self)] }
    advance()
    skipSpace()
    var result: [T] = []
    while peek != UInt8(ascii: "]") {
      result.append(try element(&self))
      skipSpace()
      if peek == UInt8(ascii: ",") {
        advance()
        skipSpace()
      } else if peek != UInt8(ascii: "]") {
        throw damaged("a list is not closed")
      }
    }
    advance()
    return result
  }

  private mutating func number() throws -> Double {
    let text = word()
    guard let value = Double(text) else { throw damaged("\"\(text)\" is not a number") }
    return value
  }

  /// One or more quoted strings, joined.
  private mutating func string() throws -> String {
    var bytes: [UInt8] = []
    guard isQuote(peek) else { throw damaged("a string in quotes was expected") }
    while isQuote(peek), let quote = peek {
      advance()
      while let byte = peek, byte != quote {
        if byte == UInt8(ascii: "\n") { throw damaged("a string passes the end of its line") }
        advance()
        if byte == UInt8(ascii: "\\") { bytes += try escape() } else { bytes.append(byte) }
      }
      guard peek == quote else { throw damaged("a string is not closed") }
      advance()
      skipSpace()
    }
    guard let string = String(validating: bytes, as: UTF8.self) else { throw damaged("a path is not UTF-8") }
    return string
  }

  private mutating func escape() throws -> [UInt8] {
    guard let byte = peek else { throw damaged("a string is not closed") }
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "7"): return [UInt8(truncatingIfNeeded: digits(radix: 8, atMost: 3))]
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      advance()
      return [UInt8(truncatingIfNeeded: digits(radix: 16, atMost: 2))]
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      advance()
      let value = digits(radix: 16, atMost: byte == UInt8(ascii: "u") ? 4 : 8)
      guard let scalar = Unicode.Scalar(UInt32(truncatingIfNeeded: value)) else {
        throw damaged("an escape names no character")
      }
      return Array(String(Character(scalar)).utf8)
    default:
      advance()
      let plain: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
        UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "\""): UInt8(ascii: "\""),
        UInt8(ascii: "?"): UInt8(ascii: "?"),
      ]
      guard let value = plain[byte] else { throw damaged("an unknown escape in a string") }
      return [value]
    }
  }

  private mutating func digits(radix: Int, atMost limit: Int) -> Int {
    var value = 0
    var count = 0
    while count < limit, let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix {
      value = value * radix + digit
      advance()
      count += 1
    }
    return value
  }

  private mutating func word() -> String {
    let start = position
    while let byte = peek, isNameByte(byte) { advance() }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func skipSpace() {
    while let byte = peek {
      if byte == UInt8(ascii: "#") {
        while let byte = peek, byte != UInt8(ascii: "\n") { advance() }
      } else if byte == 0x20 || (9...13).contains(byte) {
        advance()
      } else {
        return
      }
    }
  }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private mutating func advance() {
    if text[position] == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private func isQuote(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

  private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private func damaged(_ reason: String) -> CheckpointError { .damagedState(path: path, line: line, reason: reason) }
}
