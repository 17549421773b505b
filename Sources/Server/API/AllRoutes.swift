extension RouteTable {
  /// Every route of the API. A resource is added by one line here.
  static func all(context: ServerContext) -> RouteTable {
    var routes = RouteTable()
    addRunRoutes(to: &routes, context: context)
    addScalarRoutes(to: &routes, context: context)
    addSeriesRoutes(to: &routes, context: context)
    addLookupRoutes(to: &routes, context: context)
    addGroupRoutes(to: &routes, context: context)
    addSearchRoutes(to: &routes, context: context)
    addHistogramRoutes(to: &routes, context: context)
    addValueRoutes(to: &routes, context: context)
    addCheckpointRoutes(to: &routes, context: context)
    addGraphRoutes(to: &routes, context: context)
    addHealthRoutes(to: &routes, context: context)
    addEventRoutes(to: &routes, context: context)
    routes.addDocument(version: context.version)
    return routes
  }

  /// The description of all routes there are, its own included.
  private mutating func addDocument(version: String) {
    let path = "/openapi.json"
    let summary = "This description of the API"
    get(path, summary) { _ in Answer() }
    let document = OpenAPI.document(of: all, version: version)
    replaceWork(of: path) { _ in .bytes(document, contentType: ContentType.json) }
  }
}
