/// The types of pictures and sounds that are given to a browser as what they are. Everything else is a file to save:
/// nothing vouches for what an event file calls a picture, and some formats (SVG) can hold programs.
public enum MediaType: String, Sendable, CaseIterable {
  case png = "image/png"
  case jpeg = "image/jpeg"
  case gif = "image/gif"
  case bmp = "image/bmp"
  case wav = "audio/wav"

  /// The type that the first bytes of a file are the mark of; nil for every other.
  public init?(of bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(12))
    func begins(_ mark: [UInt8], at start: Int = 0) -> Bool { head.dropFirst(start).starts(with: mark) }
    if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if begins([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if begins(Array("GIF87a".utf8)) || begins(Array("GIF89a".utf8)) {
      self = .gif
    } else if begins(Array("BM".utf8)), head.count >= 10, head[6...9].allSatisfy({ $0 == 0 }) {
      // The four bytes after the size are reserved: text that happens to begin with BM is no picture.
      self = .bmp
    } else if begins(Array("RIFF".utf8)), begins(Array("WAVE".utf8), at: 8) {
      self = .wav
    } else {
      return nil
    }
  }

  /// As the end of a file's name, without the dot.
  public var fileExtension: String {
    switch self {
    case .png: "png"
    case .jpeg: "jpg"
    case .gif: "gif"
    case .bmp: "bmp"
    case .wav: "wav"
    }
  }
}
