import Tensors

/// Resizing, colours, and files of images and sound.
@Sendable func defineImageOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "ResizeNearestNeighbor", inputs: ["images: T", "size: int32"], outputs: ["resized_images: T"],
      attributes: [
        "T: {int8, uint8, int16, uint16, int32, int64, half, float, double}", "align_corners: bool = false",
        "half_pixel_centers: bool = false",
      ]), shapes: ImageShapes.resized)
  ops.add(
    OpDefinition(
      "ResizeBilinear", inputs: ["images: T", "size: int32"], outputs: ["resized_images: float"],
      attributes: [
        "T: {int8, uint8, int16, uint16, int32, int64, bfloat16, half, float, double}", "align_corners: bool = false",
        "half_pixel_centers: bool = false",
      ]), shapes: ImageShapes.resized)
  ops.add(
    OpDefinition(
      "ResizeBicubic", inputs: ["images: T", "size: int32"], outputs: ["resized_images: float"],
      attributes: [
        "T: {int8, uint8, int16, uint16, int32, int64, half, float, double}", "align_corners: bool = false",
        "half_pixel_centers: bool = false",
      ]), shapes: ImageShapes.resized)
  ops.add(
    OpDefinition(
      "ResizeArea", inputs: ["images: T", "size: int32"], outputs: ["resized_images: float"],
      attributes: ["T: {int8, uint8, int16, uint16, int32, int64, half, float, double}", "align_corners: bool = false"]),
    shapes: ImageShapes.resized)
  ops.add(
    OpDefinition(
      "ResizeNearestNeighborGrad", inputs: ["grads: T", "size: int32"], outputs: ["output: T"],
      attributes: [
        "T: {uint8, int8, int32, half, float, double}", "align_corners: bool = false",
        "half_pixel_centers: bool = false",
      ]), shapes: ImageShapes.resized)
  ops.add(
    OpDefinition(
      "ResizeBilinearGrad", inputs: ["grads: float", "original_image: T"], outputs: ["output: T"],
      attributes: [
        "T: {float, bfloat16, half, double}", "align_corners: bool = false", "half_pixel_centers: bool = false",
      ]), shapes: { [try $0.withRank(1, 4)] })
  ops.add(
    OpDefinition(
      "ResizeBicubicGrad", inputs: ["grads: float", "original_image: T"], outputs: ["output: T"],
      attributes: ["T: {float, double}", "align_corners: bool = false", "half_pixel_centers: bool = false"]),
    shapes: { [try $0.withRank(1, 4)] })
  ops.add(
    OpDefinition(
      "CropAndResize", inputs: ["image: T", "boxes: float", "box_ind: int32", "crop_size: int32"],
      outputs: ["crops: float"],
      attributes: [
        "T: {uint8, uint16, int8, int16, int32, int64, half, float, double}",
        "method: {'bilinear', 'nearest'} = 'bilinear'", "extrapolation_value: float = 0",
      ]), shapes: ImageShapes.cropped)
  ops.add(
    OpDefinition(
      "DecodePng", inputs: ["contents: string"], outputs: ["image: dtype"],
      attributes: ["channels: int = 0", "dtype: {uint8, uint16} = uint8"]), shapes: ImageShapes.decoded)
  ops.add(
    OpDefinition(
      "DecodeJpeg", inputs: ["contents: string"], outputs: ["image: uint8"],
      attributes: [
        "channels: int = 0", "ratio: int = 1", "fancy_upscaling: bool = true", "try_recover_truncated: bool = false",
        "acceptable_fraction: float = 1.0", "dct_method: string = ''",
      ]), shapes: ImageShapes.decoded)
  ops.add(
    OpDefinition(
      "EncodePng", inputs: ["image: T"], outputs: ["contents: string"],
      attributes: ["compression: int = -1", "T: {uint8, uint16} = uint8"]), shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "EncodeJpeg", inputs: ["image: uint8"], outputs: ["contents: string"],
      attributes: [
        "format: {'', 'grayscale', 'rgb'} = ''", "quality: int = 95", "progressive: bool = false",
        "optimize_size: bool = false", "chroma_downsampling: bool = true", "density_unit: {'in', 'cm'} = 'in'",
        "x_density: int = 300", "y_density: int = 300", "xmp_metadata: string = ''",
      ]), shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "AdjustContrastv2", inputs: ["images: T", "contrast_factor: float"], outputs: ["output: T"],
      attributes: ["T: {half, float} = float"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "AdjustHue", inputs: ["images: T", "delta: float"], outputs: ["output: T"],
      attributes: ["T: {half, float} = float"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "AdjustSaturation", inputs: ["images: T", "scale: float"], outputs: ["output: T"],
      attributes: ["T: {half, float} = float"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "RGBToHSV", inputs: ["images: T"], outputs: ["output: T"],
      attributes: ["T: {half, bfloat16, float, double} = float"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "HSVToRGB", inputs: ["images: T"], outputs: ["output: T"],
      attributes: ["T: {half, bfloat16, float, double} = float"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ImageSummary", inputs: ["tag: string", "tensor: T"], outputs: ["summary: string"],
      attributes: [
        "max_images: int >= 1 = 3", "T: {uint8, float, half, double} = float", "bad_color: tensor = [255, 0, 0, 255]",
      ]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "AudioSummary", inputs: ["tag: string", "tensor: float"], outputs: ["summary: string"],
      attributes: ["sample_rate: float", "max_outputs: int >= 1 = 3"]), shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "AudioSummaryV2", inputs: ["tag: string", "tensor: float", "sample_rate: float"], outputs: ["summary: string"],
      attributes: ["max_outputs: int >= 1 = 3"]), shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "TensorSummary", inputs: ["tensor: T"], outputs: ["summary: string"],
      attributes: ["T: type", "description: string = ''", "labels: list(string) = []", "display_name: string = ''"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "TensorSummaryV2", inputs: ["tag: string", "tensor: T", "serialized_summary_metadata: string"],
      outputs: ["summary: string"], attributes: ["T: type"]), shapes: Shapes.scalar)
  ops.add(
    OpDefinition("EncodeWav", inputs: ["audio: float", "sample_rate: int32"], outputs: ["contents: string"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "DecodeWav", inputs: ["contents: string"], outputs: ["audio: float", "sample_rate: int32"],
      attributes: ["desired_channels: int = -1", "desired_samples: int = -1"]), shapes: { _ in [[nil, nil], .scalar] })
}
