import Dispatch
import Foundation
import Synchronization

/// Notes that the user pressed Ctrl-C or the process was asked to end, instead of ending it at once. A second signal
/// ends it.
final class InterruptFlag {
  private let flag = Shared()
  private let sources: [any DispatchSourceSignal]

  private final class Shared: Sendable {
    let isSet = Atomic(false)
  }

  var isSet: Bool { flag.isSet.load(ordering: .relaxed) }

  init() {
    sources = [SIGINT, SIGTERM].map { [flag] number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if flag.isSet.exchange(true, ordering: .relaxed) { exit(128 + number) }
      }
      source.resume()
      return source
    }
  }

  deinit {
    for source in sources { source.cancel() }
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
  }
}
