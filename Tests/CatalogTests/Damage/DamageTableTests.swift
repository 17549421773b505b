import Foundation
import Testing

/// `docs/damage.md` names a test for every kind of damage: each of them exists.
@Suite struct DamageTableTests {
  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The tests the table's last column names, row by row.
  static func rows() throws -> [(row: String, tests: [String])] {
    let page = try String(contentsOf: repository.appendingPathComponent("docs/damage.md"), encoding: .utf8)
    return page.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| what |") }.map { line in
      let cells = line.components(separatedBy: " | ")
      let parts = (cells.last ?? "").components(separatedBy: "`")
      return (cells[0], parts.indices.filter { $0 % 2 == 1 }.map { parts[$0] })
    }
  }

  @Test func `every row names tests, and every test named exists`() throws {
    let tests = Self.repository.appendingPathComponent("Tests")
    var sources = ""
    for folder in ["RecordsTests", "EventsTests", "CatalogTests"] {
      let files = FileManager.default.enumerator(atPath: tests.appendingPathComponent(folder).path)
      while let name = files?.nextObject() as? String {
        guard name.hasSuffix(".swift"), !name.hasSuffix("DamageTableTests.swift") else { continue }
        sources += try String(
          contentsOf: tests.appendingPathComponent(folder).appendingPathComponent(name), encoding: .utf8)
      }
    }
    let rows = try Self.rows()
    #expect(rows.count > 40)
    for (row, names) in rows {
      #expect(!names.isEmpty, "\(row) names no test")
      for name in names {
        if name.hasPrefix("Tests/") {
          let path = Self.repository.appendingPathComponent(name).path
          #expect(FileManager.default.fileExists(atPath: path), "\(name)")
        } else {
          #expect(sources.contains("func `\(name)`") || sources.contains("func \(name)("), "\(name)")
        }
      }
    }
  }
}
