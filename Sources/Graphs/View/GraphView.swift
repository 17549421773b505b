/// One picture of a graph: the boxes that are visible with certain scopes open, laid out, and the lines between them.
/// This is the answer of `GET /api/v1/graphs/view`, and what DOT and SVG are written from.
public struct GraphView: Codable, Sendable {
  /// Which way data flows in the picture.
  public enum Direction: String, Codable, Sendable, CaseIterable {
    case topToBottom = "tb"
    case leftToRight = "lr"
  }

  /// What a box stands for.
  public typealias Kind = ScopeTree.Kind

  /// A box, or, when open, a frame around its children.
  public struct Node: Codable, Sendable {
    /// Name from the root, unique in the graph: `layer1/MatMul`; see ``ScopeTree``.
    public var id: String
    /// Id of the frame it lies in; nil at the top.
    public var parent: String?
    /// What to write on it, shortened to fit.
    public var label: String
    public var kind: Kind
    /// Op type, of ops and of series of ops.
    public var op: String?
    /// Top left corner and size.
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double
    /// Whether it is a frame around its children.
    public var open: Bool
    /// How many ops are inside; 1 for an op.
    public var ops: Int
    /// Levels below the root, from 1.
    public var depth: Int
    /// Scopes with the same number have the same structure; nil where none is the same.
    public var template: Int?
    /// The device of all ops inside; empty if they have none, nil if they differ.
    public var device: String?
    /// Set aside from the layers because it has too many neighbours, or none that are drawn.
    public var auxiliary: Bool
    /// Constants, summaries and distant neighbours, drawn as marks beside the box.
    public var marks: [Mark]
    /// How many more there are of these.
    public var moreInputMarks: Int
    public var moreOutputMarks: Int
    /// In an open frame: where its auxiliary area starts (x), if it has one.
    public var divider: Double?

    enum CodingKeys: String, CodingKey {
      case id, parent, label, kind, op, x, y, width, height, open, ops, depth, template, device, auxiliary, marks,
        divider
      case moreInputMarks = "more_input_marks"
      case moreOutputMarks = "more_output_marks"
    }
  }

  /// A small mark at a box that stands for something not drawn as a line.
  public struct Mark: Codable, Sendable {
    public enum Kind: String, Codable, Sendable {
      /// A constant that only ops of this scope use.
      case constant
      case summary
      /// A neighbour in an auxiliary area, or one reached by a hidden control edge.
      case proxy
    }
    public var id: String
    public var label: String
    public var kind: Kind
    /// Whether data comes in from it; else it goes out.
    public var input: Bool
    public var control: Bool
  }

  /// All tensors and control edges that go from one visible box to another.
  public struct Edge: Codable, Sendable {
    public var from: String
    public var to: String
    /// Corner points from `from` to `to`. Between two points the line leaves and arrives along the flow.
    public var points: [[Double]]
    /// How many tensors flow here; 0 for a line of control edges only.
    public var tensors: Int
    /// The shape if all tensors have the same, else their number; empty if nothing is known.
    public var label: String
    /// Line width in pixels, by the number of elements that flow.
    public var width: Double
    /// Only orders execution.
    public var control: Bool
    /// The consumer changes the variable that comes in here.
    public var reference: Bool
    /// Runs against the flow: it closes a cycle.
    public var back: Bool
  }

  public var width: Double
  public var height: Double
  public var direction: Direction
  /// Frames come before what is inside them.
  public var nodes: [Node]
  public var edges: [Edge]
  /// Ids of the open scopes, sorted.
  public var open: [String]
  /// Ids of scopes that stayed closed because the picture would have had too many boxes.
  public var folded: [String]
  /// Where the auxiliary area of the whole picture starts (x), if there is one.
  public var divider: Double?
  /// How many different repeated structures the graph has.
  public var templates: Int
  /// Nodes of the whole graph, without those of functions.
  public var total: Int
  /// What is odd in the graph, at most 50.
  public var problems: [GraphProblem]
}

/// Which scopes a view shows open.
public enum OpenScopes: Sendable {
  /// As many as give a picture of about 25 to 60 boxes.
  case automatic
  /// Exactly these ids, where their parents are open too. Ids that name nothing are ignored.
  case these(Set<String>)
}
