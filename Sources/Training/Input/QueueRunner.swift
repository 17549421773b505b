import Engine
import Foundation
import Protos
import Synchronization

/// Fills a queue from threads of its own (`tf.train.QueueRunner`): each thread runs one enqueue op again and again.
///
/// When the input is used up (`OutOfRange`), the last thread closes the queue, so that who takes from it gets what is
/// left and then `OutOfRange`. When the coordinator asks to stop, the queue is closed and those who wait are woken.
public final class QueueRunner: Sendable {
  /// Name of the queue's node.
  public let queueName: String
  /// One thread each; an op that stands here twice runs on two threads.
  public let enqueueOps: [Node]
  public let closeOp: Node
  public let cancelOp: Node

  private let running = Mutex(0)

  /// A runner of `queue`; adds the ops that close it to the graph.
  public convenience init(_ queue: Queue, enqueueOps: [Node]) throws {
    self.init(
      queueName: queue.name, enqueueOps: enqueueOps, closeOp: try queue.close(),
      cancelOp: try queue.close(cancelPendingEnqueues: true))
  }

  init(queueName: String, enqueueOps: [Node], closeOp: Node, cancelOp: Node) {
    self.queueName = queueName
    self.enqueueOps = enqueueOps
    self.closeOp = closeOp
    self.cancelOp = cancelOp
  }

  /// Starts the threads (`create_threads(start=True)`): one for each enqueue op, and one that closes the queue when the
  /// coordinator stops.
  @discardableResult
  public func start(_ session: Session, _ coordinator: Coordinator) -> [CoordinatedThread] {
    running.withLock { $0 += enqueueOps.count }
    var threads = enqueueOps.enumerated().map { index, op in
      coordinator.start(name: "QueueRunnerThread-\(queueName)-\(op.name)-\(index)") { [self] in
        try fill(session, coordinator, op)
      }
    }
    threads.append(
      coordinator.start(name: "QueueRunnerThread-\(queueName)-close_on_stop") { [self] in
        coordinator.waitForStop()
        // A session that is closed already has woken everybody.
        try? session.run(cancelOp)
      })
    return threads
  }

  private func fill(_ session: Session, _ coordinator: Coordinator, _ op: Node) throws {
    // Whoever ends last closes the queue, however it ended.
    func end() -> Bool {
      running.withLock { count in
        count -= 1
        return count == 0
      }
    }
    var isCounted = true
    defer { if isCounted { _ = end() } }
    let run = try session.prepare([.node(op)])
    while !coordinator.shouldStop {
      do {
        _ = try run.run()
      } catch let error as EngineError where error.code == .outOfRange {
        isCounted = false
        if end() { try? session.run(closeOp) }
        return
      } catch let error as EngineError where error.code == .cancelled && coordinator.shouldStop {
        return
      }
    }
  }

  /// The message that meta graphs hold of it.
  var definition: Tensorflow_QueueRunnerDef {
    var proto = Tensorflow_QueueRunnerDef()
    proto.queueName = queueName
    proto.enqueueOpName = enqueueOps.map(\.name)
    proto.closeOpName = closeOp.name
    proto.cancelOpName = cancelOp.name
    proto.queueClosedExceptionTypes = [Int32(EngineError.Code.outOfRange.rawValue)]
    return proto
  }

  /// The runner that a message describes, of nodes that are in the graph.
  convenience init(_ proto: Tensorflow_QueueRunnerDef, graph: Graph, scope: String) throws {
    func named(_ name: String) throws -> Node { try graph.operation(named: CollectionCoding.scoped(name, scope)) }
    self.init(
      queueName: CollectionCoding.scoped(proto.queueName, scope), enqueueOps: try proto.enqueueOpName.map(named),
      closeOp: try named(proto.closeOpName), cancelOp: try named(proto.cancelOpName))
  }
}

extension Graph {
  /// Remembers a runner for `startQueueRunners` (`tf.train.add_queue_runner`).
  public func addQueueRunner(_ runner: QueueRunner, collection: String = GraphKeys.queueRunners) throws {
    try addToCollection(collection, runner)
  }
}

extension Session {
  /// Starts all runners of the graph (`tf.train.start_queue_runners`).
  /// - Parameter coordinator: stops them; whoever starts them joins it at the end.
  @discardableResult
  public func startQueueRunners(
    _ coordinator: Coordinator, collection: String = GraphKeys.queueRunners
  ) -> [CoordinatedThread] {
    graph.collection(collection).compactMap { $0 as? QueueRunner }.flatMap { $0.start(self, coordinator) }
  }
}
