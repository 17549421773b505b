import Foundation

/// What is known of a log root: its runs, their series, blobs, checkpoints and graphs, and the soundness of every file.
///
/// The files are the truth and the catalogue is an index over them, kept in one SQLite database (docs/catalogue.md). It
/// may be deleted at any time. ``refresh(progress:)`` brings it up to date; every other call answers from the database
/// alone, in the state of the last commit of any process. A catalogue may be used from any thread, by several processes
/// at a time.
///
/// Names: a run is its folder's path relative to the root, `.` for the root; a series is a run, a tag and a kind.
public final class Catalog: Sendable {
  /// The log root, without a slash at its end.
  public let root: String
  /// The database file.
  public var path: String { store.path }
  /// What a person should know about how the catalogue was opened, such as that a damaged one was set aside.
  public var messages: [String] { store.messages }

  let store: CatalogStore
  let cache: SeriesCache
  private let loader: Loader
  private let now: @Sendable () -> Double
  /// One look at the root at a time in this process.
  private let refreshing = NSLock()

  /// Opens the catalogue of `root`, creating it where there is none. Nothing is read yet.
  ///
  /// - Parameters:
  ///   - root: the log root, an existing folder.
  ///   - path: the database file; by default `.trainscope/catalog.sqlite` in the root, or in the user's cache folder
  ///     where the root cannot be written or lies on a network file system.
  ///   - readOnly: never write: the catalogue must exist, and ``refresh(progress:)`` does nothing.
  ///   - now: the time in seconds since 1970; tests give their own.
  public static func open(
    root: String, at path: String? = nil, readOnly: Bool = false,
    now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws -> Catalog {
    var root = root
    while root.count > 1, root.hasSuffix("/") { root.removeLast() }
    guard let status = FileStatus(path: root, followingLinks: true) else { throw CatalogError.rootMissing(path: root) }
    guard status.kind == .folder else { throw CatalogError.rootNotADirectory(path: root) }
    if !root.hasPrefix("/") {
      let current = FileManager.default.currentDirectoryPath
      root = root == "." ? current : "\(current)/\(root)"
    }
    let store = try CatalogStore(
      path: CatalogLocation.path(root: root, explicit: path, readOnly: readOnly), readOnly: readOnly)
    return Catalog(root: root, store: store, now: now)
  }

  private init(root: String, store: CatalogStore, now: @escaping @Sendable () -> Double) {
    self.root = root
    self.store = store
    self.now = now
    cache = SeriesCache()
    loader = Loader(root: root, store: store)
  }

  /// Looks for files that are new, grown, replaced or gone, and takes in what is new, exactly once: each stretch of a
  /// file is committed together with the offset it ends at. Blocks until all is read; what was committed meanwhile can
  /// be queried. Damage of a file is recorded as its health and stops nothing.
  ///
  /// - Parameter progress: called from any thread, often.
  /// - Returns: what changed since the call began.
  /// - Throws: ``CatalogError`` where the root cannot be listed or the database cannot be written.
  @discardableResult
  public func refresh(progress: (@Sendable (LoadingProgress) -> Void)? = nil) throws -> CatalogChange {
    let before = try revision()
    try refreshAll(progress: progress)
    return try changes(since: before)
  }

  /// Does what ``refresh(progress:)`` does. `met` is told the folders met, relative to the root, before anything is read.
  func refreshAll(
    progress: (@Sendable (LoadingProgress) -> Void)? = nil, met: (([String]) -> Void)? = nil
  ) throws {
    try loader.wait(for: look(progress: progress, met: met))
  }

  /// Looks at the whole root and has what is new read, without waiting for it.
  func look(
    progress: (@Sendable (LoadingProgress) -> Void)? = nil, met: (([String]) -> Void)? = nil
  ) throws -> LoadTicket {
    try refreshing.withLock {
      guard !store.readOnly else {
        met?(try Discovery.walk(root: root).folders.map(\.path))
        return loader.add([])
      }
      let registrar = Registrar(store: store)
      let checkpoints = CheckpointRegistrar(root: root, store: store)
      let known = (files: try registrar.known(), checkpoints: try checkpoints.known())
      let discovery = try Discovery.walk(root: root)
      met?(discovery.folders.map(\.path))
      let ticket = loader.add(try registrar.register(discovery, known: known.files), progress: progress)
      try checkpoints.register(discovery, known: known.checkpoints)
      return ticket
    }
  }

  /// Has what is new in event files that are known already read, without waiting for it; paths are relative to the
  /// root. Gives nil where one is not known, or gone: then only ``look(progress:met:)`` can tell.
  func look(
    files: Set<ExactName>, progress: (@Sendable (LoadingProgress) -> Void)? = nil
  ) throws -> LoadTicket? {
    guard !store.readOnly else { return loader.add([]) }
    return try refreshing.withLock {
      let records = try store.read { database in
        try files.sorted().map { try FileRecord.find(database, path: $0.text) }
      }
      var tasks: [Registrar.Task] = []
      for record in records {
        guard let record, let status = FileStatus(path: absolute(record.path), followingLinks: true),
          status.kind == .file
        else { return nil }
        if !record.isCurrent(status) { tasks.append(Registrar.Task(record: record, status: status)) }
      }
      return loader.add(tasks, progress: progress)
    }
  }

  /// A number that grows with every change, whichever process made it.
  public func revision() throws -> Int64 { try store.read { try Revision.current($0) } }

  /// The time now, in seconds since 1970.
  var time: Double { now() }

  /// An absolute path.
  func absolute(_ path: String) -> String { "\(root)/\(path)" }
}
