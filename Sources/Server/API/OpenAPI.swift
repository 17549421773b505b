/// The OpenAPI 3.1 document of a table of routes. It is made from what the routes declare, which is also what they
/// accept, so that it cannot drift from them.
enum OpenAPI {
  static func document(of routes: [Route], version: String) -> [UInt8] {
    var json = JSONWriter(capacity: 32_768)
    json.object {
      $0.member("openapi", "3.1.0")
      $0.member("info") {
        $0.object {
          $0.member("title", "Trainscope")
          $0.member("version", version)
          $0.member("description", "Runs, series, graphs and checkpoints below a log root.")
        }
      }
      $0.member("servers") { $0.array { $0.object { $0.member("url", Responder.apiPrefix) } } }
      $0.member("paths") {
        $0.object { json in
          for path in Set(routes.map(\.path)).sorted() {
            json.member(path) { json in
              json.object { json in
                for route in routes where route.path == path {
                  json.member(route.method.rawValue.lowercased()) { write(route, to: &$0) }
                }
              }
            }
          }
        }
      }
      $0.member("components") { $0.object { $0.member("schemas") { $0.object { writeProblem(to: &$0) } } } }
    }
    return json.bytes
  }

  private static func write(_ route: Route, to json: inout JSONWriter) {
    json.object {
      $0.member("summary", route.summary)
      $0.member("operationId", operation(route))
      $0.member("parameters") { $0.array(route.parameters) { write($1, to: &$0) } }
      if route.method == .post {
        $0.member("requestBody") {
          $0.object {
            $0.member("required", true)
            writeContent(["application/json"], schema: "{\"type\":\"object\"}", to: &$0)
          }
        }
      }
      $0.member("responses") {
        $0.object {
          $0.member("200") {
            $0.object {
              $0.member("description", route.summary)
              writeContent(route.contentTypes, schema: "{}", to: &$0)
            }
          }
          $0.member("default") {
            $0.object {
              $0.member("description", "What went wrong")
              writeContent(
                [ContentType.problem], schema: "{\"$ref\":\"#/components/schemas/Problem\"}", to: &$0)
            }
          }
        }
      }
    }
  }

  /// `get /series/at` is `getSeriesAt`.
  private static func operation(_ route: Route) -> String {
    route.method.rawValue.lowercased()
      + route.path.split { !$0.isLetter && !$0.isNumber }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  private static func write(_ parameter: Parameter, to json: inout JSONWriter) {
    json.object {
      $0.member("name", parameter.name)
      $0.member("in", "query")
      $0.member("required", parameter.isRequired)
      $0.member("description", parameter.summary)
      if parameter.repeats { $0.member("explode", true) }
      $0.member("schema") { json in
        json.object {
          if parameter.repeats {
            $0.member("type", "array")
            $0.member("items") { $0.object { write(parameter.kind, to: &$0) } }
          } else {
            write(parameter.kind, to: &$0)
          }
        }
      }
    }
  }

  private static func write(_ kind: Parameter.Kind, to json: inout JSONWriter) {
    switch kind {
    case .text: json.member("type", "string")
    case .integer:
      json.member("type", "integer")
      json.member("format", "int64")
    case .number: json.member("type", "number")
    case .choice(let names):
      json.member("type", "string")
      json.member("enum", names)
    }
  }

  private static func writeContent(_ types: [String], schema: String, to json: inout JSONWriter) {
    json.member("content") {
      $0.object {
        for type in types {
          $0.member(String(type.prefix { $0 != ";" })) { $0.object { $0.member("schema") { $0.raw(schema) } } }
        }
      }
    }
  }

  private static func writeProblem(to json: inout JSONWriter) {
    json.member("Problem") {
      $0.raw(
        """
        {"type":"object","required":["title","status","detail"],"properties":{"title":{"type":"string"},\
        "status":{"type":"integer"},"detail":{"type":"string","description":"A sentence a person can act on"}}}
        """)
    }
  }
}
