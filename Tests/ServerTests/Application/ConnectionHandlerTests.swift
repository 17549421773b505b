import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Server

@Suite struct ConnectionHandlerTests {
  private let channel = EmbeddedChannel()
  private let handler = ConnectionHandler(largestBody: 100, stallTimeout: .seconds(60))

  init() throws {
    try channel.pipeline.syncOperations.addHandler(handler)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  @Test func clientThatTakesNothingIsCutOff() {
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    channel.embeddedEventLoop.advanceTime(by: .seconds(59))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test func clientThatTakesSomethingInTimeIsNot() {
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    channel.embeddedEventLoop.advanceTime(by: .seconds(59))
    channel.isWritable = true
    channel.pipeline.fireChannelWritabilityChanged()
    channel.embeddedEventLoop.advanceTime(by: .seconds(600))
    #expect(channel.isActive)
  }

  /// The channel stays unwritable until nearly all of what waits has left; what counts is that something leaves.
  @Test func clientThatTakesALargeAnswerSlowlyIsNotCutOff() throws {
    let network = SlowNetwork()
    try channel.pipeline.syncOperations.addHandler(network, position: .first)
    let part = HTTPResponsePart.body(ByteBuffer(repeating: 7, count: 1000))
    for _ in 0..<10 { channel.write(part, promise: nil) }
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    for _ in 0..<9 {
      channel.embeddedEventLoop.advanceTime(by: .seconds(59))
      network.takeOne()
    }
    channel.embeddedEventLoop.advanceTime(by: .seconds(59))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test func clientThatTookAllIsNotTimed() throws {
    let network = SlowNetwork()
    try channel.pipeline.syncOperations.addHandler(network, position: .first)
    channel.write(HTTPResponsePart.body(ByteBuffer(repeating: 7, count: 1000)), promise: nil)
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    channel.isWritable = true
    channel.pipeline.fireChannelWritabilityChanged()
    network.takeOne()
    channel.embeddedEventLoop.advanceTime(by: .seconds(600))
    #expect(channel.isActive)
  }

  @Test func bodyFarBeyondTheLimitEndsTheConnection() throws {
    let head = HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/")
    for _ in 0..<2 {
      try channel.writeInbound(HTTPRequestPart.head(head))
      try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 0, count: 400)))
      try channel.writeInbound(HTTPRequestPart.end(nil))
    }
    #expect(channel.isActive)
    try channel.writeInbound(HTTPRequestPart.head(head))
    try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 0, count: 401)))
    #expect(!channel.isActive)
  }

  @Test func answersGetTheHeadersAndMayEndTheConnection() throws {
    try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
    try channel.writeOutbound(HTTPResponsePart.end(nil))
    guard case .head(let head)? = try channel.readOutbound(as: HTTPResponsePart.self) else {
      Issue.record("no head")
      return
    }
    #expect(head.headerFields[.contentSecurityPolicy] == SecurityHeaders.contentSecurityPolicy)
    #expect(channel.isActive)
    try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok, headerFields: [.connection: "close"])))
    #expect(channel.isActive)
    try channel.writeOutbound(HTTPResponsePart.end(nil))
    #expect(!channel.isActive)
  }

  @Test func closedSendingHalfIsTold() {
    #expect(!handler.state.isClosed)
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(handler.state.isClosed)
  }

  @Test func endOfTheConnectionIsTold() throws {
    let count = Counter()
    _ = handler.state.onClose { count.increment() }
    try channel.close().wait()
    #expect(handler.state.isClosed)
    #expect(count.value == 1)
  }
}

/// Stands for the network: what is written waits until it is taken, one write at a time.
private final class SlowNetwork: ChannelOutboundHandler {
  typealias OutboundIn = HTTPResponsePart
  private var waiting: [EventLoopPromise<Void>?] = []

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    waiting.append(promise)
  }

  func takeOne() { if !waiting.isEmpty { waiting.removeFirst()?.succeed() } }

  func handlerRemoved(context: ChannelHandlerContext) {
    for promise in waiting { promise?.fail(ChannelError.ioOnClosedChannel) }
    waiting = []
  }
}
