import ArgumentParser
import Engine
import Tensors
import Training

/// A TFRecord file written, and read back in shuffled batches by threads.
struct RecordPipeline: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write examples to a file, and read them in batches.")

  @OptionGroup var output: OutputFolder
  @Option(help: "How many examples to write.") var examples = 100
  @Option(help: "How often to read each.") var epochs = 2

  func run() throws {
    try output.use { folder in
      let path = folder + "/train.tfrecords"
      let writer = try TFRecordWriter(path: path)
      for label in 0..<examples {
        let pixels = [UInt8](repeating: UInt8(label % 256), count: 6)
        try writer.write(Example(["label": .int64s([Int64(label)]), "img_raw": .bytes([pixels])]))
      }
      try writer.close()
      print("wrote \(examples) examples")

      let tf = Graph()
      let files = try tf.stringInputProducer([path], epochs: epochs)
      let record = try tf.tfRecordReader().read(files).value
      let example = try tf.parseSingleExample(
        record, features: ["label": .fixedLength([], .int64), "img_raw": .fixedLength([], .string)])
      let image = try tf.reshape(tf.decodeRaw(example["img_raw"], .uint8), to: [2, 3])
      let batch = try tf.shuffleBatch(
        [image, example["label"]], batchSize: 16, capacity: 200, minimumAfterDequeue: 50, threads: 2,
        allowsSmallerFinalBatch: true)

      try tf.withSession { session in
        // The number of epochs is counted in a local variable.
        try session.run(tf.localVariablesInitializer())
        let coordinator = Coordinator()
        session.startQueueRunners(coordinator)
        var batches = 0
        var seen: [Int64: Int] = [:]
        do {
          while !coordinator.shouldStop {
            let values = try session.run(batch)
            if batches == 0 { print("a batch of images: \(values[0].shape)") }
            for label in values[1].scalars(Int64.self) { seen[label, default: 0] += 1 }
            batches += 1
          }
        } catch let error as EngineError where error.code == .outOfRange {
          coordinator.requestStop()
        }
        try coordinator.join()
        print("\(batches) batches, \(seen.count) labels")
        print("every label came \(epochs) times: \(seen.values.allSatisfy { $0 == epochs })")
      }
    }
  }
}
