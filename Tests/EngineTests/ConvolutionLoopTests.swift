import CKernels
import Testing

/// The quick convolutions against the plain loops, over random sizes, strides, dilations and paddings.
@Suite struct ConvolutionLoopTests {
  @Test(arguments: 0..<8) func quickAndPlainLoopsAgree(seed: Int) {
    var generator = SteadyGenerator(seed: UInt64(seed))
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    func floats(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float(Int.random(in: -1000...1000, using: &generator)) / 1000 }
    }
    for _ in 0..<25 {
      let (stride, dilation) =
        number(0...2) > 0 ? ((number(1...3), number(1...3)), (1, 1)) : ((1, 1), (2, number(1...3)))
      let (rows, columns) = (number(1...4), number(1...4))
      let (padRows, padColumns) = (number(0...rows), number(0...columns))
      let (height, width) = (number(1...8), number(1...8))
      let freeRows = height + padRows + number(0...2) - (rows - 1) * dilation.0 - 1
      let freeColumns = width + padColumns + number(0...2) - (columns - 1) * dilation.1 - 1
      guard freeRows >= 0, freeColumns >= 0 else { continue }
      var sizes = ck_convolution(
        in_rows: height, in_columns: width, in_channels: number(1...5), filter_rows: rows, filter_columns: columns,
        out_channels: number(0...3) == 0 ? number(30...70) : number(1...18), out_rows: freeRows / stride.0 + 1,
        out_columns: freeColumns / stride.1 + 1, row_stride: stride.0, column_stride: stride.1,
        row_dilation: dilation.0, column_dilation: dilation.1, pad_top: padRows, pad_left: padColumns)
      let images = number(1...3)
      let input = floats(images * height * width * sizes.in_channels)
      let filter = floats(rows * columns * sizes.in_channels * sizes.out_channels)
      let gradient = floats(images * sizes.out_rows * sizes.out_columns * sizes.out_channels)
      func expectClose(_ found: [Float], _ expected: [Float], _ what: String) {
        let worst = zip(found, expected).map { abs($0 - $1) / (1 + abs($1)) }.max() ?? 0
        #expect(worst < 1e-5, "\(what) \(sizes)")
      }
      // Working memory holds garbage at the start.
      func scratch(_ count: Int) -> [Float] { [Float](repeating: .nan, count: count) }

      var (quick, plain) = (scratch(gradient.count), scratch(gradient.count))
      var memory = scratch(ck_convolution_scratch(&sizes))
      ck_convolution_f32(&sizes, input, filter, &quick, images, &memory)
      ck_convolution_plain_f32(&sizes, input, filter, &plain, images)
      expectClose(quick, plain, "output")

      (quick, plain) = (scratch(input.count), scratch(input.count))
      memory = scratch(ck_convolution_input_scratch(&sizes))
      ck_convolution_input_f32(&sizes, filter, gradient, &quick, images, &memory)
      ck_convolution_input_plain_f32(&sizes, filter, gradient, &plain, images)
      expectClose(quick, plain, "input gradient")

      (quick, plain) = (scratch(filter.count), scratch(filter.count))
      memory = scratch(ck_convolution_filter_scratch(&sizes))
      let places = rows * columns * sizes.in_channels
      // Two parts, as two threads would do them.
      ck_convolution_filter_f32(&sizes, input, gradient, &quick, images, 0, places / 2, &memory)
      ck_convolution_filter_f32(&sizes, input, gradient, &quick, images, places / 2, places, &memory)
      ck_convolution_filter_plain_f32(&sizes, input, gradient, &plain, images)
      expectClose(quick, plain, "filter gradient")
    }
  }
}
