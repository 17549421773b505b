/// Gives coordinates to the inside of one frame. "Across" runs along a layer, "along" from layer to layer.
struct FramePlacer {
  private(set) var frame: Frame
  let extents: [(before: Double, after: Double, along: Double)]
  let attachments: (top: [[Int]], bottom: [[Int]])
  /// For open children: where the port for a line lies, from the child's centre.
  let portOffsets: [Int: [Int: Double]]
  let padAcross: Double
  let padAlong: Double
  private var mainAcross = 0.0
  private var mainAlong = 0.0

  static let gap = 26.0
  static let virtualGap = 14.0
  static let layerGap = 40.0
  static let partGap = 36.0

  init(
    frame: Frame, extents: [(before: Double, after: Double, along: Double)],
    attachments: (top: [[Int]], bottom: [[Int]]), portOffsets: [Int: [Int: Double]], padAcross: Double,
    padAlong: Double
  ) {
    self.frame = frame
    self.extents = extents
    self.attachments = attachments
    self.portOffsets = portOffsets
    self.padAcross = padAcross
    self.padAlong = padAlong
    self.frame.centre = [Double](repeating: 0, count: frame.localCount)
    self.frame.start = self.frame.centre
    self.frame.routes = [[(Double, Double)]](repeating: [], count: frame.lines.count)
  }

  // MARK: Parts

  /// Lays out each connected part and packs them: those with ports side by side, so that every port has a free way to
  /// the border; the others in rows beside them.
  mutating func placeParts() {
    var sizes: [(across: Double, along: Double)] = []
    for index in frame.parts.indices { sizes.append(placePart(index)) }
    var corners = [(across: Double, along: Double)](repeating: (0, 0), count: sizes.count)
    var across = 0.0
    for index in frame.parts.indices where frame.parts[index].hasPorts {
      corners[index] = (across, 0)
      across += sizes[index].across + Self.partGap
      mainAcross = max(mainAcross, across - Self.partGap)
      mainAlong = max(mainAlong, sizes[index].along)
    }
    let free = frame.parts.indices.filter { !frame.parts[$0].hasPorts }
      .sorted { (frame.parts[$1].nodes.count, $0) < (frame.parts[$0].nodes.count, $1) }
    pack(free, sizes, from: across, &corners)
    for index in frame.parts.indices { move(index, by: corners[index], height: sizes[index].along) }
  }

  /// Rows ("shelves") of parts, about as wide as high.
  private mutating func pack(
    _ free: [Int], _ sizes: [(across: Double, along: Double)], from origin: Double,
    _ corners: inout [(across: Double, along: Double)]
  ) {
    let area = free.reduce(0) { $0 + (sizes[$1].across + Self.partGap) * (sizes[$1].along + Self.partGap) }
    let widest = free.map { sizes[$0].across }.max() ?? 0
    let limit = max(widest, (area * 1.8).squareRoot())
    var across = 0.0
    var along = 0.0
    var row = 0.0
    for index in free {
      let gap = frame.parts[index].nodes.count == 1 ? Self.gap : Self.partGap
      if across > 0, across + sizes[index].across > limit {
        along += row + gap
        across = 0
        row = 0
      }
      corners[index] = (origin + across, along)
      across += sizes[index].across + gap
      row = max(row, sizes[index].along)
      mainAcross = max(mainAcross, origin + across - gap)
      mainAlong = max(mainAlong, along + row)
    }
  }

  private func extent(_ local: Int) -> (before: Double, after: Double, along: Double) {
    local < extents.count ? extents[local] : (1, 1, 0)
  }

  /// Coordinates of one part, from its own corner; returns its size.
  private mutating func placePart(_ index: Int) -> (across: Double, along: Double) {
    let part = frame.parts[index]
    let skeleton = part.skeleton
    var left = [Double](repeating: 0, count: skeleton.layer.count)
    var right = left
    for (number, local) in part.nodes.enumerated() { (left[number], right[number], _) = extent(local) }
    let coordinates = LayerCoordinates(
      left: left, right: right, skeleton: skeleton, gap: Self.gap, virtualGap: Self.virtualGap)
    let positions = coordinates.positions()
    let rows = layerRows(part, positions)
    for (number, local) in part.nodes.enumerated() {
      let row = rows[skeleton.layer[number]]
      frame.centre[local] = positions[number]
      frame.start[local] = row.start + (row.size - extent(local).along) / 2
    }
    for (number, line) in part.lines.enumerated() {
      frame.routes[line] = route(line, chain: skeleton.chains[number], positions, rows, skeleton)
    }
    let across = positions.indices.map { positions[$0] + right[$0] }.max() ?? 0
    return (across, rows.last.map { $0.start + $0.size } ?? 0)
  }

  /// Start and size of each layer along the flow. Layers whose lines go far sideways stand further apart, so that the
  /// lines are not flat.
  private func layerRows(_ part: Frame.Part, _ positions: [Double]) -> [(start: Double, size: Double)] {
    let skeleton = part.skeleton
    var rows: [(start: Double, size: Double)] = []
    var at = 0.0
    for (index, row) in skeleton.layers.enumerated() {
      let size = row.map { $0 < skeleton.realCount ? extent(part.nodes[$0]).along : 0 }.max() ?? 0
      if index > 0 {
        var far = 0.0
        for node in row {
          for other in skeleton.above[node] { far = max(far, abs(positions[node] - positions[other])) }
        }
        at += Self.layerGap + min(60, far * 0.06)
      }
      rows.append((at, size))
      at += size
    }
    return rows
  }

  // MARK: Lines

  private func route(
    _ line: Int, chain: [Int], _ positions: [Double], _ rows: [(start: Double, size: Double)], _ skeleton: LayerSkeleton
  ) -> [(Double, Double)] {
    let isBack = frame.isBack(line)
    let (from, to) = (frame.lines[line].from, frame.lines[line].to)
    let (upper, lower) = isBack ? (to, from) : (from, to)
    guard from != to else { return [] }
    let start = frame.centre[upper] + attachment(upper, line, atTop: false)
    let end = frame.centre[lower] + attachment(lower, line, atTop: true)
    var points = [(start, frame.start[upper] + extent(upper).along)]
    let upperRow = rows[skeleton.layer[frame.numberInPart[upper]]]
    points.append((start, upperRow.start + upperRow.size))
    for node in chain.dropFirst().dropLast() {
      let row = rows[skeleton.layer[node]]
      points.append((positions[node], row.start))
      points.append((positions[node], row.start + row.size))
    }
    points.append((end, rows[skeleton.layer[frame.numberInPart[lower]]].start))
    points.append((end, frame.start[lower]))
    return isBack ? points.reversed() : points
  }

  /// Where a line meets a box, from the box's centre: at an open child its port, else spread over the middle of the side.
  private func attachment(_ local: Int, _ line: Int, atTop: Bool) -> Double {
    guard local < extents.count else { return 0 }
    if let port = portOffsets[local]?[line] { return port }
    let side = atTop ? attachments.top[local] : attachments.bottom[local]
    guard side.count > 1, let position = side.firstIndex(of: line) else { return 0 }
    let extent = extents[local]
    let room = min(extent.before, extent.after) * 1.2
    let step = min(12, room / Double(side.count - 1))
    return (Double(position) - Double(side.count - 1) / 2) * step
  }

  /// Moves a placed part to its corner inside the frame, and leads the lines of its ports to the border.
  private mutating func move(_ index: Int, by corner: (across: Double, along: Double), height: Double) {
    let shift = (across: corner.across + padAcross, along: corner.along + padAlong)
    for local in frame.parts[index].nodes {
      frame.centre[local] += shift.across
      frame.start[local] += shift.along
    }
    for line in frame.parts[index].lines {
      for point in frame.routes[line].indices {
        frame.routes[line][point].0 += shift.across
        frame.routes[line][point].1 += shift.along
      }
    }
  }

  // MARK: Auxiliary area

  /// Stacks what is set aside in columns beside the layers.
  mutating func placeAuxiliary(_ sizes: [(before: Double, after: Double, along: Double)]) {
    guard !sizes.isEmpty else { return }
    let total = sizes.reduce(0) { $0 + $1.along + 18 }
    let limit = max(mainAlong, 300, (total * 140).squareRoot())
    let isAlone = frame.children.isEmpty
    let origin = isAlone ? 0 : mainAcross + 44
    if !isAlone { frame.divider = padAcross + mainAcross + 22 }
    // Columns first, then places: a column is as wide as its widest box.
    var columns: [[Int]] = [[]]
    var used = 0.0
    for (index, size) in sizes.enumerated() {
      if used > 0, used + size.along > limit {
        columns.append([])
        used = 0
      }
      columns[columns.count - 1].append(index)
      used += size.along + 18
    }
    frame.auxiliaryPlaces = [(across: Double, along: Double)](repeating: (0, 0), count: sizes.count)
    var across = origin
    for column in columns {
      let before = column.map { sizes[$0].before }.max() ?? 0
      let after = column.map { sizes[$0].after }.max() ?? 0
      var along = 0.0
      for index in column {
        frame.auxiliaryPlaces[index] = (padAcross + across + before, padAlong + along)
        along += sizes[index].along + 18
        mainAlong = max(mainAlong, along - 18)
      }
      across += before + after + Self.gap
    }
    mainAcross = max(mainAcross, across - Self.gap)
  }

  // MARK: Frame

  /// The frame's own size; lines of ports are led to its border.
  mutating func finish(minimumAcross: Double, minimumAlong: Double) {
    let natural = mainAcross + padAcross + BoxMetrics.padding
    frame.across = max(natural, minimumAcross)
    frame.along = max(mainAlong + padAlong + BoxMetrics.padding, minimumAlong)
    let shift = (frame.across - natural) / 2
    if shift > 0 { centre(by: shift) }
    let firstPort = frame.children.count
    for (index, line) in frame.lines.enumerated() where line.from >= firstPort || line.to >= firstPort {
      let isUpper = frame.isBack(index) == (line.to >= firstPort)
      let border = isUpper ? 0 : frame.along
      guard let first = frame.routes[index].first, let last = frame.routes[index].last else { continue }
      if line.from >= firstPort {
        frame.routes[index].insert((first.0, border), at: 0)
      } else {
        frame.routes[index].append((last.0, border))
      }
    }
  }

  /// A frame wider than its content, for its title, has the content in the middle.
  private mutating func centre(by shift: Double) {
    for index in frame.centre.indices { frame.centre[index] += shift }
    for index in frame.auxiliaryPlaces.indices { frame.auxiliaryPlaces[index].across += shift }
    for line in frame.routes.indices {
      for point in frame.routes[line].indices { frame.routes[line][point].0 += shift }
    }
    if let divider = frame.divider { frame.divider = divider + shift }
  }
}

/// Corner points of a line.
enum Polyline {
  /// Leaves out points that repeat, and those in the middle of a straight run along the flow.
  static func simplified(_ points: [(Double, Double)]) -> [(Double, Double)] {
    var result: [(Double, Double)] = []
    for point in points {
      if let last = result.last, abs(last.0 - point.0) < 0.05, abs(last.1 - point.1) < 0.05 { continue }
      if result.count > 1 {
        let last = result[result.count - 1]
        let before = result[result.count - 2]
        if abs(last.0 - before.0) < 0.05, abs(last.0 - point.0) < 0.05 {
          result[result.count - 1] = point
          continue
        }
      }
      result.append(point)
    }
    return result
  }
}
