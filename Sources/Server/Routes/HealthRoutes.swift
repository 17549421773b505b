import Catalog

/// `GET /health` and `/environment`: the soundness of what is served, and what serves it.
func addHealthRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  // Loading moves on without a new revision, so that this answer is never taken from a cache.
  routes.get("/health", "Damage of files, and how far loading is") { _ in
    let files = try catalog.health()
    return .json(capacity: 256 * files.count + 256) {
      $0.object {
        $0.member("files") {
          $0.array(files) { json, file in
            json.object {
              $0.member("run", file.run)
              $0.member("path", file.path)
              $0.member("kind", file.kind)
              $0.member("records", file.records)
              $0.member("skipped") {
                $0.array(file.skipped) { json, skip in
                  json.object {
                    $0.member("offset", skip.offset)
                    $0.member("reason", skip.reason)
                    $0.member("bytes", skip.bytes)
                  }
                }
              }
              $0.member("bytes_lost", file.bytesLost)
              $0.member("truncated_tail", file.truncatedTail)
              $0.member("ok", file.ok)
              $0.member("message", file.message)
            }
          }
        }
        $0.member("loading") { ChangeStream.write(context.feed.loading, to: &$0) }
      }
    }
  }

  routes.get("/environment", "What serves: version, root, whether anything may be changed") { _ in
    .json {
      $0.object {
        $0.member("version", context.version)
        $0.member("root", catalog.root)
        $0.member("read_only", context.isReadOnly)
        $0.member("messages", context.messages())
      }
    }
  }
}
