import Glibc
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTPTypes

/// Whether a client is still there. Shared between the connection and the work done for it.
final class ConnectionState: Sendable {
  private struct State {
    var isClosed = false
    var observers: [Int: @Sendable () -> Void] = [:]
    var nextObserver = 0
  }

  private let state = NIOLockedValueBox(State())

  /// Whether the client closed the connection, or its sending half.
  var isClosed: Bool { state.withLockedValue { $0.isClosed } }

  /// Calls `action` once when the client goes, at once where it has gone. Returns what ends that.
  func onClose(_ action: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
    let id: Int? = state.withLockedValue { state in
      guard !state.isClosed else { return nil }
      state.nextObserver += 1
      state.observers[state.nextObserver] = action
      return state.nextObserver
    }
    guard let id else {
      action()
      return {}
    }
    return { [state] in _ = state.withLockedValue { $0.observers.removeValue(forKey: id) } }
  }

  func close() {
    let observers = state.withLockedValue { state in
      state.isClosed = true
      defer { state.observers = [:] }
      return state.observers.values.map { $0 }
    }
    for observer in observers { observer() }
  }
}

/// What holds for every connection, below the router, so that no answer and no client escapes it:
///
/// - every answer gets the security headers, also those of the HTTP parser to requests that cannot be read;
/// - an answer that says `Connection: close` is followed by the end of the connection;
/// - a client that sends far more than a request may hold, or takes nothing of its answer for `stallTimeout`, is cut off; one
///   that reads slowly is not;
/// - work for a client that has gone learns of it through ``ConnectionState``.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  let state = ConnectionState()
  private let largestBody: Int
  private let stallTimeout: TimeAmount
  private static let unsentBytes = 128 << 10
  private var bodyBytes = 0
  private var closesAfterAnswer = false
  private var stalled: Scheduled<Void>?

  init(largestBody: Int, stallTimeout: TimeAmount) {
    self.largestBody = largestBody
    self.stallTimeout = stallTimeout
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head: bodyBytes = 0
    case .body(let buffer):
      bodyBytes += buffer.readableBytes
      // The route has refused the body long before; nobody reads on for this client.
      guard bodyBytes <= 4 * largestBody else { return context.close(promise: nil) }
    case .end: break
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      SecurityHeaders.add(to: &head.headerFields)
      closesAfterAnswer = head.headerFields[.connection] == "close"
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      // The channel becomes writable only when nearly all that waits has left, so each part tells that it has.
      let written = promise ?? context.eventLoop.makePromise()
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      written.futureResult.whenSuccess {
        let (handler, context) = bound.value
        if handler.stalled != nil { handler.restartStallTimer(context) }
      }
      context.write(data, promise: written)
    case .end where closesAfterAnswer:
      let written = promise ?? context.eventLoop.makePromise()
      let context = NIOLoopBound(context, eventLoop: context.eventLoop)
      written.futureResult.whenComplete { _ in context.value.close(promise: nil) }
      context.value.write(data, promise: written)
    default: context.write(data, promise: promise)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      stalled?.cancel()
      stalled = nil
    } else {
      restartStallTimer(context)
    }
    context.fireChannelWritabilityChanged()
  }

  private func restartStallTimer(_ context: ChannelHandlerContext) {
    stalled?.cancel()
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    stalled = context.eventLoop.scheduleTask(in: stallTimeout) { bound.value.close(promise: nil) }
  }

  /// Asks the kernel to take no more than `unsentBytes` beyond what is on its way. Its buffer grows to megabytes
  /// otherwise, and it asks for more only when a third of that is gone: too rarely to tell slow clients from those that
  /// take nothing.
  func channelActive(context: ChannelHandlerContext) {
    let option = ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT))
    // Only a socket has it.
    if let options = context.channel.syncOptions { try? options.setOption(option, value: Self.unsentBytes) }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { state.close() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stalled?.cancel()
    stalled = nil
    state.close()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stalled?.cancel()
    stalled = nil
  }

  /// The state of a request's connection.
  static func state(of channel: any Channel) async throws -> ConnectionState {
    try await channel.eventLoop.submit {
      try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self).state
    }.get()
  }
}
