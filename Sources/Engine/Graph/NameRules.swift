/// Which names nodes and scopes may have (TensorFlow's regular expressions).
enum NameRules {
  /// First a letter, digit or dot; then also `_`, `-`, `/`, `\`-free.
  static func isValidNodeName(_ name: String) -> Bool {
    guard let first = name.utf8.first, isAlphanumeric(first) || first == UInt8(ascii: ".") else { return false }
    return isValidScopePart(name)
  }

  /// What a scope nested in another may be called: any of the characters, from the first on.
  static func isValidScopePart(_ name: String) -> Bool {
    name.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D || $0 == 0x2F }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }
}

extension Graph {
  /// A name nobody has yet, inside the current name scope: `name`, then `name_1`, `name_2`, …. Case is ignored.
  /// - Parameter markAsUsed: false only asks what the name would be.
  public func uniqueName(_ name: String, markAsUsed: Bool = true) -> String {
    state.withLock { state in
      let full = state.nameScope.isEmpty ? name : state.nameScope + "/" + name
      let key = full.lowercased()
      var count = state.namesInUse[key] ?? 0
      if markAsUsed { state.namesInUse[key] = count + 1 }
      guard count > 0 else { return full }
      var candidate = key
      while state.namesInUse[candidate] != nil {
        candidate = "\(key)_\(count)"
        count += 1
      }
      if markAsUsed { state.namesInUse[candidate] = 1 }
      return "\(full)_\(count - 1)"
    }
  }

  /// The open name scope with a trailing `/`, or an empty string at the root.
  public var currentNameScope: String { state.withLock { $0.nameScope.isEmpty ? "" : $0.nameScope + "/" } }

  /// Runs `body` with nodes named below `name`, which is made unique; a name ending in `/` re-enters that scope
  /// exactly; nil or an empty name goes back to the root.
  /// - Parameter body: gets the scope with a trailing `/`.
  /// - Throws: `EngineError` for a name TensorFlow refuses, and what `body` throws.
  @discardableResult
  public func withNameScope<Result>(_ name: String?, _ body: (String) throws -> Result) throws -> Result {
    let old = state.withLock { $0.nameScope }
    let new: String
    if let name, !name.isEmpty {
      guard old.isEmpty ? NameRules.isValidNodeName(name) : NameRules.isValidScopePart(name) else {
        throw EngineError.invalid("'\(name)' is not a valid scope name")
      }
      new = name.hasSuffix("/") ? String(name.dropLast()) : uniqueName(name)
    } else {
      new = ""
    }
    state.withLock { $0.nameScope = new }
    defer { state.withLock { $0.nameScope = old } }
    return try body(new.isEmpty ? "" : new + "/")
  }

  /// Runs `body`; nodes made inside wait for `nodes` to run first. Nested calls add up; nil clears what is open.
  /// A node gets no edge from a context in which one of its inputs was made (that input carries it).
  public func withControlDependencies<Result>(_ nodes: [Node]?, _ body: () throws -> Result) rethrows -> Result {
    let old = state.withLock { state in
      let old = state.controllers
      if let nodes {
        var seen = Set<Node>()
        state.controllers.append(ControlContext(inputs: nodes.filter { seen.insert($0).inserted }))
      } else {
        state.controllers = []
      }
      return old
    }
    defer {
      state.withLock { state in
        // What was made inside also counts as made in the contexts around.
        state.controllers =
          nodes == nil ? old : Array(state.controllers.prefix(old.count))
      }
    }
    return try body()
  }

  /// Runs `body`; nodes made inside get this device, completed by those of outer scopes. nil clears.
  /// - Throws: `EngineError` for a device string that does not parse.
  public func withDevice<Result>(_ device: String?, _ body: () throws -> Result) throws -> Result {
    let spec = try device.map { try DeviceSpec($0) }
    let old = state.withLock { state in
      defer { state.devices.append(spec) }
      return state.devices
    }
    defer { state.withLock { $0.devices = old } }
    return try body()
  }

  /// Runs `body`; nodes made inside are colocated with `node`: they take its device and name it in `_class`.
  public func withColocation<Result>(with node: Node, _ body: () throws -> Result) throws -> Result {
    let spec = node.device.isEmpty ? nil : try DeviceSpec(node.device)
    let old = state.withLock { state in
      let old = (state.colocations, state.devices)
      // A node that is itself colocated passes its own group on.
      let groups = node.colocationGroups
      for name in groups.isEmpty ? [node.name] : groups where !state.colocations.contains(name) {
        state.colocations.append(name)
      }
      if let spec { state.devices = [spec] }
      return old
    }
    defer { state.withLock { ($0.colocations, $0.devices) = old } }
    return try body()
  }
}

extension Node {
  /// Names of the nodes this one is colocated with, from `_class`.
  var colocationGroups: [String] {
    guard case .strings(let classes)? = attribute("_class") else { return [] }
    return classes.compactMap { $0.hasPrefix("loc:@") ? String($0.dropFirst(5)) : nil }
  }
}
