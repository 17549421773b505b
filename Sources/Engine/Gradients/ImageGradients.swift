/// Gradients of resizing (TensorFlow's `image_grad.py`), and the image operations through which nothing flows.
@Sendable func defineImageGradients(_ ops: inout OpRegistry) {
  let names = ["align_corners", "half_pixel_centers"]
  ops.gradient("ResizeNearestNeighbor") { c in
    let size = try c.slice(try c.shape(c.x), from: 1, to: 3)
    return [try c.add("ResizeNearestNeighborGrad", c.gradient, size, attributes: c.attributes(names)), nil]
  }
  for op in ["ResizeBilinear", "ResizeBicubic"] {
    ops.gradient(op) { c in
      guard c.x.dtype.isFloatingPoint else { return [nil, nil] }
      return [try c.add(op + "Grad", c.gradient, c.x, attributes: c.attributes(names)), nil]
    }
  }
  ops.noGradient(
    "ResizeArea", "CropAndResize", "DecodePng", "DecodeJpeg", "EncodePng", "EncodeJpeg", "ImageSummary",
    "AudioSummary", "AudioSummaryV2", "TensorSummary", "TensorSummaryV2", "EncodeWav", "DecodeWav")
}
