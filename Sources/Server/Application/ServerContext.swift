import Catalog

/// What routes work with.
struct ServerContext: Sendable {
  let catalog: Catalog
  /// Progress of ingestion, and news of what it found.
  let feed: ChangeFeed
  /// Threads for work that blocks. Routes run there already.
  let pool: WorkPool
  /// Names this process, so that nothing cached from an earlier one is taken for current.
  let instance = String(UInt64.random(in: 0 ... .max), radix: 36)
  /// The version the program reports.
  let version: String
  let isReadOnly: Bool
  /// What a person should know of the catalogue and of what keeps it up to date.
  let messages: @Sendable () -> [String]
}
