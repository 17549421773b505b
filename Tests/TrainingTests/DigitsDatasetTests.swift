import Foundation
import Tensors
import Testing

@testable import Training

@Suite struct DigitsDatasetTests {
  @Test func bundledDataHasTheDocumentedContents() throws {
    let digits = try DigitsDataset.bundled()
    #expect(digits.train.count == 1437)
    #expect(digits.test.count == 360)
    #expect(digits.train.images.shape == [1437, 64])
    let pixels: [Float] = digits.train.images.scalars() + digits.test.images.scalars()
    #expect(pixels.reduce(0) { $0 + Int($1 * 16) } == 561_718)
    let labels: [Int64] = digits.train.labels.scalars() + digits.test.labels.scalars()
    let perLabel = (0..<10).map { label in labels.count { $0 == Int64(label) } }
    #expect(perLabel == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
  }

  @Test func rowsKeepImagesAndLabelsTogether() throws {
    let data = LabelledImages(
      images: Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [3, 2]), labels: Tensor([7, 8, 9] as [Int64]))
    let picked = data.rows([2, 0])
    #expect(picked.images.scalars(Float.self) == [4, 5, 0, 1])
    #expect(picked.labels.scalars(Int64.self) == [9, 7])
  }

  @Test func damagedFilesAreRefusedWithTheLine() {
    func text(_ line: String) -> [UInt8] { Array("header\n\(line)\n".utf8) }
    let good = Array(repeating: "3", count: 64).joined(separator: ",")
    #expect(throws: DatasetError.badLine(path: "f", line: 2, reason: "1 fields instead of 65")) {
      try DigitsDataset.parse(text("1"), path: "f")
    }
    #expect(throws: DatasetError.badLine(path: "f", line: 2, reason: "a field is not a number")) {
      try DigitsDataset.parse(text(good + ",x"), path: "f")
    }
    #expect(throws: DatasetError.badLine(path: "f", line: 2, reason: "a pixel is above 16 or the label above 9")) {
      try DigitsDataset.parse(text(good + ",10"), path: "f")
    }
    #expect(throws: DatasetError.unreadable(path: "/nowhere/digits.csv")) {
      try DigitsDataset(path: "/nowhere/digits.csv")
    }
  }

  @Test func windowsLineEndsAreAccepted() throws {
    let line = Array(repeating: "16", count: 64).joined(separator: ",")
    let data = try DigitsDataset.parse(Array("header\r\n\(line),4\r\n".utf8), path: "f")
    #expect(data.count == 1)
    #expect(data.images.scalars(Float.self).allSatisfy { $0 == 1 })
    #expect(data.labels.scalars(Int64.self) == [4])
  }

  @Test func randomBytesNeverCrashTheParser() {
    var generator = SplitMix64(seed: 11)
    for _ in 0..<300 {
      let bytes = (0..<generator.next(below: 400)).map { _ in
        Array("0123456789,\n\r x\u{FF}".utf8)[generator.next(below: 17)]
      }
      _ = try? DigitsDataset.parse(bytes, path: "random")
    }
  }
}

@Suite struct BatchSamplerTests {
  @Test func everyRowComesOnceAnEpoch() {
    var sampler = BatchSampler(rowCount: 12, batchSize: 4, seed: 1)
    let first = (0..<3).flatMap { _ in sampler.nextBatch() }
    let second = (0..<3).flatMap { _ in sampler.nextBatch() }
    #expect(first.sorted() == Array(0..<12))
    #expect(second.sorted() == Array(0..<12))
    #expect(first != second)
  }

  @Test func rowsThatDoNotFillABatchAreLeftOut() {
    var sampler = BatchSampler(rowCount: 10, batchSize: 4, seed: 1)
    #expect(sampler.batchesPerEpoch == 2)
    let epoch = (0..<2).flatMap { _ in sampler.nextBatch() }
    #expect(Set(epoch).count == 8)
  }

  @Test func theSeedAloneDecidesTheOrder() {
    var one = BatchSampler(rowCount: 100, batchSize: 10, seed: 5)
    var two = BatchSampler(rowCount: 100, batchSize: 10, seed: 5)
    var other = BatchSampler(rowCount: 100, batchSize: 10, seed: 6)
    let order = (0..<30).map { _ in one.nextBatch() }
    #expect(order == (0..<30).map { _ in two.nextBatch() })
    #expect(order != (0..<30).map { _ in other.nextBatch() })
  }

  @Test func batchesLargerThanTheDataAreCut() {
    var sampler = BatchSampler(rowCount: 3, batchSize: 50, seed: 0)
    #expect(sampler.nextBatch().sorted() == [0, 1, 2])
  }

  @Test func splitMixGivesThePublishedNumbers() {
    // First outputs for seed 1234567, as the reference implementation prints them.
    var generator = SplitMix64(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
  }
}
