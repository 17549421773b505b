import Dispatch
import Engine
import Synchronization
import Testing

@testable import Training

@Suite struct CoordinatorTests {
  private struct Trouble: Error, Equatable {}

  @Test func theFirstErrorStopsAllAndIsThrown() throws {
    let coordinator = Coordinator()
    let stopped = Atomic(false)
    coordinator.start(name: "waits") {
      coordinator.waitForStop()
      stopped.store(true, ordering: .releasing)
    }
    coordinator.start(name: "fails") { throw Trouble() }
    #expect(throws: Trouble()) { try coordinator.join() }
    let wasStopped = stopped.load(ordering: .acquiring)
    #expect(wasStopped)
    #expect(coordinator.shouldStop)
    coordinator.clearStop()
    #expect(!coordinator.shouldStop)
    try coordinator.join()
  }

  @Test(arguments: [EngineError.Code.outOfRange, .cancelled]) func theEndOfTheInputIsNoError(
    _ code: EngineError.Code
  ) throws {
    let coordinator = Coordinator()
    coordinator.start(name: "ends") { throw EngineError(code, "that is all") }
    try coordinator.join()
    #expect(coordinator.shouldStop)
  }

  @Test func threadsThatGoOnAreNamed() throws {
    let coordinator = Coordinator()
    let release = DispatchSemaphore(value: 0)
    coordinator.start(name: "stubborn") { release.wait() }
    coordinator.requestStop()
    let error = #expect(throws: BuildError.self) { try coordinator.join(grace: .milliseconds(1)) }
    #expect(error?.message == "Coordinator stopped with threads still running: stubborn")
    release.signal()
  }

  @Test func waitingEndsWithTimeOrWithTheWish() {
    let coordinator = Coordinator()
    #expect(!coordinator.waitForStop(timeout: .zero))
    coordinator.stopOnError { throw Trouble() }
    #expect(coordinator.waitForStop(timeout: .seconds(100)))
  }
}
