import Foundation
import Tensors

/// The code that runs one node: reads its inputs from the context and sets every output, or throws an `EngineError`.
typealias Kernel = @Sendable (KernelContext) throws -> Void

/// What a kernel sees of a run: its inputs, its outputs, and memory from the run's pool.
///
/// One object serves all steps of a run in turn. Values lie in numbered slots; a step knows which slots it reads, which
/// it writes, and which nobody needs after it, so that their memory is used again or changed in place.
final class KernelContext {
  /// Values of the run so far. Constants stay in their slots between runs.
  var values: [Tensor?]
  /// Variables that steps read or change; inputs below 0 count from here (`~index`).
  var variables: [Variable]
  /// Slots (or `~variable`) of all steps' inputs, one after the other.
  let inputSlots: [Int]
  /// For each entry of `inputSlots`, whether the slot's value is dead once this step has read it.
  let inputIsLast: [Bool]
  var pool = BufferPool()
  /// What `SaveV2` and `RestoreV2` work with.
  let checkpoints: (any CheckpointStore)?
  /// What readers of record files work with.
  let records: (any RecordFiles)?
  /// What may stop the run; nil outside of runs.
  var control: RunControl?

  // The current step.
  var firstInput = 0
  var inputCount = 0
  var firstOutput = 0
  var outputCount = 0

  init(
    values: [Tensor?], variables: [Variable], inputSlots: [Int], inputIsLast: [Bool],
    checkpoints: (any CheckpointStore)? = nil, records: (any RecordFiles)? = nil
  ) {
    self.checkpoints = checkpoints
    self.records = records
    self.values = values
    self.variables = variables
    self.inputSlots = inputSlots
    self.inputIsLast = inputIsLast
  }

  /// Runs a kernel by itself.
  static func evaluate(_ kernel: Kernel, inputs: [Tensor], outputs: Int) throws -> [Tensor] {
    let context = KernelContext(
      values: inputs + [Tensor?](repeating: nil, count: outputs), variables: [], inputSlots: Array(inputs.indices),
      inputIsLast: [Bool](repeating: false, count: inputs.count))
    context.inputCount = inputs.count
    context.firstOutput = inputs.count
    context.outputCount = outputs
    try kernel(context)
    return try context.values[inputs.count...].map {
      guard let value = $0 else { throw EngineError(.internal, "a kernel left an output unset") }
      return value
    }
  }

  /// The value of input `index`; a variable's present value where the input refers to one.
  func input(_ index: Int) throws -> Tensor {
    let slot = inputSlots[firstInput + index]
    if slot < 0 {
      let variable = variables[~slot]
      return variable.isResource ? Tensor(handleTo: variable, name: variable.name) : try variable.read()
    }
    guard let value = values[slot] else { throw EngineError(.internal, "input \(index) has no value") }
    return value
  }

  /// Input `index`, owned by the caller: where nobody else needs it, changing it costs no copy.
  func take(_ index: Int) throws -> Tensor {
    let slot = inputSlots[firstInput + index]
    guard slot >= 0, inputIsLast[firstInput + index] else { return try input(index) }
    guard let value = values[slot].take() else { return try input(index) }
    return value
  }

  /// Whether input `index` is a variable, not a value.
  func isVariable(_ index: Int) -> Bool { inputSlots[firstInput + index] < 0 }

  /// The value at a position of the list of all steps' inputs, owned by the caller; for a resource variable its handle.
  func takeInput(at position: Int) throws -> Tensor {
    firstInput = position
    inputCount = 1
    return try take(0)
  }

  /// The shape of input `index`, without holding on to its value.
  func shape(_ index: Int) throws -> Shape {
    let slot = inputSlots[firstInput + index]
    if slot >= 0, let shape = values[slot]?.shape { return shape }
    return try input(index).shape
  }

  /// The variable that input `index` refers to.
  func variable(_ index: Int) throws -> Variable {
    let slot = inputSlots[firstInput + index]
    if slot < 0 { return variables[~slot] }
    return try object(index, Variable.self, "variable")
  }

  /// What the handle at input `index` stands for.
  /// - Parameter kind: what errors call it.
  func object<Object: AnyObject & Sendable>(
    _ index: Int, _: Object.Type, _ kind: String
  ) throws -> Object {
    let slot = inputSlots[firstInput + index]
    guard slot >= 0, let found = values[slot]?.storage.object else {
      throw EngineError.invalid("input \(index) is no handle of a \(kind)")
    }
    guard let object = found as? Object else {
      throw EngineError.invalid("input \(index) is a handle of something else than a \(kind)")
    }
    return object
  }

  /// The values of fetches at the end of a run.
  func results(_ sources: [FetchSource]) throws -> [Tensor?] {
    var results: [Tensor?] = []
    results.reserveCapacity(sources.count)
    for source in sources {
      switch source {
      case .slot(let slot): results.append(values[slot])
      case .variable(let index): results.append(try variables[index].read())
      case .nothing: results.append(nil)
      }
    }
    return results
  }

  /// Sets output `index`.
  /// - Precondition: the step has that many outputs: beyond them lie other steps' values.
  func setOutput(_ index: Int = 0, _ value: Tensor) {
    precondition((0..<outputCount).contains(index), "a kernel set output \(index) of \(outputCount)")
    values[firstOutput + index] = value
  }

  /// Requires that a tensor of this type and shape can exist on this machine.
  /// - Throws: ResourceExhausted, also for an empty one whose other dimensions no arithmetic could be done with.
  static func checkSize(_ dtype: DataType, _ shape: Shape) throws {
    // An element of a string tensor is a reference.
    let bytes = dtype == .string ? Tensor.byteCount(.int64, shape) : Tensor.byteCount(dtype, shape)
    guard let bytes, bytes <= BufferPool.largestBlock, bytes > 0 || hasModestDimensions(shape) else {
      throw EngineError(
        .resourceExhausted, "OOM when allocating tensor with shape\(shape) and type \(dtype.shortName)")
    }
  }

  /// Whether the dimensions other than 0 multiply to less than 2^48, as those of every tensor with elements do. Sizes
  /// and strides computed from them then stay within an `Int`.
  static func hasModestDimensions(_ shape: Shape) -> Bool {
    Shape(shape.dimensions.map { max($0, 1) }).elementCount < 1 << 48
  }

  /// A tensor of zeros (or empty strings) for an output.
  func zeros(_ dtype: DataType, _ shape: Shape) throws -> Tensor {
    try Self.checkSize(dtype, shape)
    return Tensor(zeros: dtype, shape: shape)
  }

  /// A tensor for an output, from the run's pool; its elements are not set.
  func allocate(_ dtype: DataType, _ shape: Shape) throws -> Tensor {
    try Self.checkSize(dtype, shape)
    guard let bytes = Tensor.byteCount(dtype, shape) else {
      throw EngineError(.internal, "\(dtype.name) tensors are not made of bytes")
    }
    return Tensor(dtype: dtype, shape: shape, storage: pool.take(bytes))
  }

  /// Gives back the memory of a slot whose value is dead.
  func release(_ slot: Int) {
    guard values[slot] != nil else { return }
    if isKnownUniquelyReferenced(&values[slot]!.storage), values[slot]!.dtype != .string {
      pool.give(values[slot]!.storage)
    }
    values[slot] = nil
  }
}

extension Tensor {
  /// A handle to what an operation made: a scalar of type resource, or of type string for the older operations whose
  /// handles are references.
  init(handleTo object: any AnyObject & Sendable, name: String, dtype: DataType = .resource) {
    self.init(dtype: dtype, shape: .scalar, storage: TensorStorage(handleTo: object, name: name))
  }
}

/// Blocks of memory of a run that are free at the moment, by size. Sizes are rounded up to four steps an octave, so that
/// shapes that change a little still find their block.
struct BufferPool {
  /// A tensor larger than three quarters of the machine's memory is refused: asking for more would end the process.
  static let largestBlock = Int(clamping: ProcessInfo.processInfo.physicalMemory) / 4 * 3
  private static let smallest = 64
  /// At most this many free blocks of one size are kept.
  private static let keptPerSize = 64
  private var free: [[TensorStorage]] = Array(repeating: [], count: 160)

  /// The size class of `bytes`, and the size of its blocks.
  static func sizeClass(_ bytes: Int) -> (index: Int, size: Int) {
    guard bytes > smallest else { return (0, smallest) }
    let octave = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount
    let step = 1 << (octave - 2)
    let quarter = (bytes - 1 - (1 << octave)) / step
    return ((octave - 6) * 4 + quarter + 1, (1 << octave) + (quarter + 1) * step)
  }

  mutating func take(_ bytes: Int) -> TensorStorage {
    let (index, size) = Self.sizeClass(bytes)
    return free[index].popLast() ?? TensorStorage(capacity: size)
  }

  mutating func give(_ storage: TensorStorage) {
    let (index, size) = Self.sizeClass(storage.capacity)
    // Blocks from elsewhere (feeds, constants) may be smaller than their class; those are let go.
    guard storage.capacity == size, free[index].count < Self.keptPerSize else { return }
    free[index].append(storage)
  }
}
