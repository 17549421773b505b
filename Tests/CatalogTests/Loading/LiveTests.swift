import Foundation
import Glibc
import Synchronization
import Testing

@testable import Catalog

/// Many files, few descriptors, and runs that come while others are loading.
@Suite struct LiveTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func tasks(_ catalog: Catalog) throws -> [Registrar.Task] {
    let registrar = Registrar(store: catalog.store)
    let known = try registrar.known()
    return try registrar.register(try Discovery.walk(root: catalog.root), known: known)
  }

  @Test func `a run that comes while a large one is loading is there long before that one is`() throws {
    try folder.write(EventBytes.log(3000), to: "large/events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: folder.path)
    let root = folder.path
    let log = EventBytes.log(5)
    // One worker, so that the order is that of the turns; each turn a few records.
    let loader = Loader(root: root, store: catalog.store, options: .init(sliceBytes: 1000, workers: 1))
    let seen = Mutex<[(large: Int, new: Int)]>([])
    let first = try tasks(catalog)
    let isAdded = Mutex(false)
    let ticket = loader.add(first) { progress in
      do {
        let isTime = isAdded.withLock { isAdded in
          defer { isAdded = isAdded || progress.bytesDone > 2000 }
          return !isAdded && progress.bytesDone > 2000
        }
        if isTime {
          try TemporaryFolder.write(log, to: "\(root)/new/events.out.tfevents.1.host")
          let registrar = Registrar(store: catalog.store)
          let known = try registrar.known()
          let all = try registrar.register(try Discovery.walk(root: root), known: known)
          let new = all.filter { $0.record.path.hasPrefix("new") }
          // Whoever is told must not wait for the loader.
          DispatchQueue(label: "add").async { _ = loader.add(new) }
          while loader.files < 2 { sched_yield() }
        }
        let runs = try catalog.runs()
        seen.withLock {
          $0.append((runs.first { $0.run == "large" }?.points ?? 0, runs.first { $0.run == "new" }?.points ?? 0))
        }
      } catch { Issue.record(error) }
    }
    try loader.wait(for: ticket)
    let met = seen.withLock { $0 }
    let whole = try #require(met.first { $0.new == 5 })
    #expect(whole.large < 2500, "\(whole)")
    #expect(try catalog.allPoints("large", "loss").count == 3000)
  }

  @Test func `more files than descriptors are read, and few are open at a time`() throws {
    // Large enough for several turns each, so that files wait between turns.
    let bytes = EventBytes.log(40)
    for number in 0..<120 { try folder.write(bytes, to: "run\(number)/events.out.tfevents.1.host") }
    let catalog = try Catalog.open(root: folder.path)
    let loader = Loader(root: folder.path, store: catalog.store, options: .init(sliceBytes: 600, workers: 3))
    let name = (folder.path as NSString).lastPathComponent
    let most = Mutex(0)
    let ticket = loader.add(try tasks(catalog)) { _ in
      let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
      let mine = open.count { descriptor in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)"))?
          .contains("\(name)/run") == true
      }
      most.withLock { $0 = max($0, mine) }
    }
    try loader.wait(for: ticket)
    let limit = loader.options.openFiles + 2 * loader.options.workers
    #expect((1...limit).contains(most.withLock { $0 }))
    #expect(try catalog.runs().map(\.points) == Array(repeating: 40, count: 120))
  }

  @Test func `progress ends with everything done`() throws {
    for number in 0..<5 { try folder.write(EventBytes.log(50), to: "run\(number)/events.out.tfevents.1.host") }
    let catalog = try Catalog.open(root: folder.path)
    let told = Mutex<[LoadingProgress]>([])
    try catalog.refresh { progress in told.withLock { $0.append(progress) } }
    let all = told.withLock { $0 }
    #expect(all.first?.files == 5 && all.first?.filesDone == 0 && all.first?.bytesDone == 0)
    #expect(all.last?.isDone == true && all.last?.bytesDone == all.last?.bytes && all.last?.secondsLeft == 0)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.filesDone <= $1.filesDone && $0.bytesDone <= $1.bytesDone })
  }

  @Test func `a file that grows while it is read is read to its new end`() throws {
    let log = EventBytes.log(200)
    try folder.write(Array(log[..<5000]), to: "run/events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: folder.path)
    let loader = Loader(root: folder.path, store: catalog.store, options: .init(sliceBytes: 1000, workers: 2))
    let growing = AtFirstProgress { [folder] in try folder.append(log[5000...], to: "run/events.out.tfevents.1.host") }
    try loader.wait(for: loader.add(try tasks(catalog), progress: growing.report))
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").count == 200)
  }

  @Test func `what cannot be written fails the refresh, and the next one goes on`() throws {
    try folder.write(EventBytes.log(300), to: "run/events.out.tfevents.1.host")
    try folder.write(EventBytes.log(300), to: "other/events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: folder.path)
    try catalog.store.write { try $0.execute(sql: "ALTER TABLE segments RENAME TO hidden") }
    #expect(throws: CatalogError.self) { try catalog.refresh() }
    try catalog.store.write { try $0.execute(sql: "ALTER TABLE hidden RENAME TO segments") }
    try catalog.refresh()
    #expect(try catalog.runs().map(\.points) == [300, 300])
  }
}
