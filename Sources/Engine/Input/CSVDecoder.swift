import Tensors

/// Comma-separated lines as columns (RFC 4180, one record a string), with TensorFlow's errors.
struct CSVDecoder: Sendable {
  private let types: [DataType]
  private let delimiter: UInt8
  private let usesQuotes: Bool
  private let missing: [UInt8]
  /// Which fields of a record are taken, in order; all where empty.
  private let columns: [Int]

  init(types: [DataType], delimiter: String, usesQuotes: Bool, missing: String, columns: [Int]) throws {
    guard delimiter.utf8.count == 1, let byte = delimiter.utf8.first else {
      throw EngineError.invalid("field_delim should be only 1 char")
    }
    guard columns.isEmpty || columns.count == types.count else {
      throw EngineError.invalid("select_cols should match output size")
    }
    guard zip(columns, columns.dropFirst()).allSatisfy({ $0 < $1 }), columns.first ?? 0 >= 0 else {
      throw EngineError.invalid("select_cols should be non-negative and strictly increasing indices")
    }
    self.types = types
    self.delimiter = byte
    self.usesQuotes = usesQuotes
    self.missing = Array(missing.utf8)
    self.columns = columns
  }

  /// - Parameter defaults: one for each column: empty where a value is required.
  func decode(_ records: Tensor, defaults: [Tensor]) throws -> [Tensor] {
    for (index, value) in defaults.enumerated() where value.elementCount > 1 {
      throw EngineError.invalid("There should only be 1 default per field but field \(index) has \(value.elementCount)")
    }
    var floats: [[Double]] = Array(repeating: [], count: types.count)
    var integers: [[Int64]] = Array(repeating: [], count: types.count)
    var strings: [[[UInt8]]] = Array(repeating: [], count: types.count)
    for (row, record) in records.strings.enumerated() {
      var fields = try split(record)
      if !columns.isEmpty {
        guard columns.last ?? 0 < fields.count else {
          throw EngineError.invalid(
            "Expect \(types.count) fields but have \(columns.filter { $0 < fields.count }.count) in record \(row)")
        }
        fields = columns.map { fields[$0] }
      }
      guard fields.count == types.count else {
        throw EngineError.invalid("Expect \(types.count) fields but have \(fields.count) in record \(row)")
      }
      for (column, field) in fields.enumerated() {
        let isMissing = field.isEmpty || field == missing
        if isMissing, defaults[column].elementCount != 1 {
          throw EngineError.invalid("Field \(column) is required but missing in record \(row)!")
        }
        func bad() -> EngineError {
          .invalid(
            "Field \(column) in record \(row) is not a valid \(types[column].shortName): "
              + String(decoding: field, as: UTF8.self))
        }
        let text = String(decoding: field, as: UTF8.self).trimmed
        switch types[column] {
        case .string: strings[column].append(isMissing ? defaults[column].strings[0] : field)
        case .int32, .int64:
          let value = isMissing ? ShapeContext.integers(defaults[column])?.first.map(Int64.init) : Int64(text)
          guard let value, types[column] == .int64 || Int32(exactly: value) != nil else { throw bad() }
          integers[column].append(value)
        case .float32:
          guard let value = isMissing ? defaults[column].scalar(Float.self) : Float(text) else { throw bad() }
          floats[column].append(Double(value))
        case .float64:
          guard let value = isMissing ? defaults[column].scalar(Double.self) : Double(text) else { throw bad() }
          floats[column].append(value)
        default: throw EngineError.noKernel("DecodeCSV", types[column])
        }
      }
    }
    return types.indices.map { column in
      switch types[column] {
      case .string: Tensor(strings: strings[column], shape: records.shape)
      case .int32: Tensor(integers[column].map { Int32(truncatingIfNeeded: $0) }, shape: records.shape)
      case .int64: Tensor(integers[column], shape: records.shape)
      case .float32: Tensor(floats[column].map { Float($0) }, shape: records.shape)
      default: Tensor(floats[column], shape: records.shape)
      }
    }
  }

  private func split(_ record: [UInt8]) throws -> [[UInt8]] {
    let quote = UInt8(ascii: "\"")
    var fields: [[UInt8]] = []
    var index = 0
    while true {
      var field: [UInt8] = []
      if usesQuotes, index < record.count, record[index] == quote {
        index += 1
        while true {
          guard index < record.count else {
            throw EngineError.invalid("Quoted field has to end with quote followed by delim or end")
          }
          if record[index] == quote {
            if index + 1 == record.count || record[index + 1] == delimiter { break }
            guard record[index + 1] == quote else {
              throw EngineError.invalid("Quote inside a string has to be escaped by another quote")
            }
            index += 1
          }
          field.append(record[index])
          index += 1
        }
        index += 1
      } else {
        while index < record.count, record[index] != delimiter {
          let byte = record[index]
          if usesQuotes, byte == quote || byte == 0x0A || byte == 0x0D {
            throw EngineError.invalid("Unquoted fields cannot have quotes/CRLFs inside")
          }
          field.append(byte)
          index += 1
        }
      }
      fields.append(field)
      guard index < record.count else { return fields }
      index += 1
    }
  }
}

extension String {
  /// Without blanks at both ends.
  fileprivate var trimmed: String {
    var slice = Substring(self)
    while slice.first == " " || slice.first == "\t" { slice.removeFirst() }
    while slice.last == " " || slice.last == "\t" { slice.removeLast() }
    return String(slice)
  }
}
