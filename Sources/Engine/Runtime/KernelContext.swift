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

  // The current step.
  var firstInput = 0
  var inputCount = 0
  var firstOutput = 0

  init(
    values: [Tensor?], variables: [Variable], inputSlots: [Int], inputIsLast: [Bool],
    checkpoints: (any CheckpointStore)? = nil
  ) {
    self.checkpoints = checkpoints
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
    try kernel(context)
    return try context.values[inputs.count...].map {
      guard let value = $0 else { throw EngineError(.internal, "a kernel left an output unset") }
      return value
    }
  }

  /// The value of input `index`; a variable's present value where the input refers to one.
  func input(_ index: Int) throws -> Tensor {
    let slot = inputSlots[firstInput + index]
    if slot < 0 { return try variables[~slot].read() }
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

  /// The shape of input `index`, without holding on to its value.
  func shape(_ index: Int) throws -> Shape {
    let slot = inputSlots[firstInput + index]
    if slot >= 0, let shape = values[slot]?.shape { return shape }
    return try input(index).shape
  }

  /// The variable that input `index` refers to.
  func variable(_ index: Int) throws -> Variable {
    let slot = inputSlots[firstInput + index]
    guard slot < 0 else {
      throw EngineError(.internal, "input \(index) is a value where a variable is needed")
    }
    return variables[~slot]
  }

  /// Sets output `index`.
  func setOutput(_ index: Int = 0, _ value: Tensor) { values[firstOutput + index] = value }

  /// A tensor for an output, from the run's pool; its elements are not set.
  func allocate(_ dtype: DataType, _ shape: Shape) throws -> Tensor {
    guard let bytes = Tensor.byteCount(dtype, shape), bytes <= BufferPool.largestBlock else {
      throw EngineError(
        .resourceExhausted, "OOM when allocating tensor with shape\(shape) and type \(dtype.shortName)")
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

/// Blocks of memory of a run that are free at the moment, by size. Sizes are rounded up to four steps an octave, so that
/// shapes that change a little still find their block.
struct BufferPool {
  /// A tensor larger than this is taken for a mistake (1 TiB).
  static let largestBlock = 1 << 40
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
