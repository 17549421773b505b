import Foundation

/// Standard output in large pieces; listings may have millions of lines.
struct OutputStream {
  private var bytes: [UInt8] = []

  mutating func write(_ text: some StringProtocol) {
    bytes.append(contentsOf: text.utf8)
    if bytes.count >= 1 << 16 { flush() }
  }

  /// Call when all is written.
  mutating func flush() {
    StandardOutput.write(bytes)
    bytes.removeAll(keepingCapacity: true)
  }
}

/// Standard output, and how it ends: where its reader has gone (`| head`), the program ends too, without a word; where it
/// cannot be written (a full disk), with a sentence. Either way the exit code is not 0.
enum StandardOutput {
  /// What a shell reports of a program that SIGPIPE ended.
  private static let readerIsGone: Int32 = 128 + SIGPIPE

  static func write(_ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let wrote = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress! + done, $0.count - done) }
      if wrote >= 0 {
        done += wrote
      } else if errno == EPIPE {
        end()
      } else if errno == EAGAIN {
        var ready = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } else if errno != EINTR {
        let reason = String(cString: strerror(errno))
        Diagnostics.note("Standard output cannot be written: \(reason).")
        exit(1)
      }
    }
  }

  /// Ends the program because nobody reads its answer any more.
  static func end() -> Never { exit(readerIsGone) }

  static func write(_ text: String) { write(Array(text.utf8)) }
}
