import Foundation
import Tensors

/// The UCI handwritten digits: 1,797 images of 8 × 8 pixels, labelled 0 to 9. Source and licence stand beside the data,
/// in `Data/README.md`.
public struct DigitsDataset: Sendable {
  /// The first 1,437 rows.
  public let train: LabelledImages
  /// The last 360 rows.
  public let test: LabelledImages

  public static let imageWidth = 8
  public static let pixelCount = 64
  public static let classCount = 10
  public static let trainingRows = 1437
  public static let rowCount = 1797
  /// The brightest pixel in the file; pixels are divided by it, so that they lie in 0...1.
  public static let brightest: Float = 16

  /// The data set that comes with the module.
  /// - Throws: `DatasetError` if the file is missing or damaged.
  public static func bundled() throws -> DigitsDataset {
    guard let url = Bundle.module.url(forResource: "digits", withExtension: "csv", subdirectory: "Data") else {
      throw DatasetError.missingResource("Data/digits.csv")
    }
    return try DigitsDataset(path: url.path)
  }

  /// Reads a file in the form of `Data/digits.csv`: a header line, then 64 pixels and a label a line.
  public init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DatasetError.unreadable(path: path)
    }
    let all = try DigitsDataset.parse(Array(data), path: path)
    guard all.count == DigitsDataset.rowCount else {
      throw DatasetError.wrongRowCount(path: path, expected: DigitsDataset.rowCount, found: all.count)
    }
    train = all.rows(0..<DigitsDataset.trainingRows)
    test = all.rows(DigitsDataset.trainingRows..<DigitsDataset.rowCount)
  }

  /// Parses the text of such a file. Lines may end in LF or CR LF; empty lines are skipped.
  static func parse(_ text: [UInt8], path: String) throws -> LabelledImages {
    var pixels: [Float] = []
    var labels: [Int64] = []
    pixels.reserveCapacity(rowCount * pixelCount)
    labels.reserveCapacity(rowCount)
    for (number, var line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
    where number > 0 {
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      if line.isEmpty { continue }
      let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      guard fields.count == pixelCount + 1 else {
        throw DatasetError.badLine(
          path: path, line: number + 1, reason: "\(fields.count) fields instead of \(pixelCount + 1)")
      }
      let values = fields.compactMap(Self.number)
      guard values.count == fields.count else {
        throw DatasetError.badLine(path: path, line: number + 1, reason: "a field is not a number")
      }
      let label = values[pixelCount]
      guard values.dropLast().allSatisfy({ $0 <= Int(brightest) }), label < classCount else {
        throw DatasetError.badLine(
          path: path, line: number + 1,
          reason: "a pixel is above \(Int(brightest)) or the label above \(classCount - 1)")
      }
      pixels.append(contentsOf: values.dropLast().map { Float($0) / brightest })
      labels.append(Int64(label))
    }
    return LabelledImages(images: Tensor(pixels, shape: [labels.count, pixelCount]), labels: Tensor(labels))
  }

  /// The non-negative decimal number of at most three digits that a field holds; nil for anything else.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard (1...3).contains(field.count) else { return nil }
    var value = 0
    for byte in field {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
}

/// Why a data set could not be read.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
  case missingResource(String)
  case unreadable(path: String)
  case badLine(path: String, line: Int, reason: String)
  case wrongRowCount(path: String, expected: Int, found: Int)

  public var description: String {
    switch self {
    case .missingResource(let name):
      "\(name) is missing from the program's resources; build again, or keep the .resources folders beside the program"
    case .unreadable(let path):
      "\(path) cannot be read"
    case .badLine(let path, let line, let reason):
      "\(path), line \(line): \(reason)"
    case .wrongRowCount(let path, let expected, let found):
      "\(path) has \(found) images instead of \(expected); it may be cut short"
    }
  }
}
