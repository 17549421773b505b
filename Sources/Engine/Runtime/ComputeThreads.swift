import CKernels

/// The threads that kernels share their work among: one pool for the whole process.
///
/// Results do not depend on how many there are. Sessions that run at the same time do not wait for each other: whoever
/// finds the pool busy works alone.
public enum ComputeThreads {
  /// How many threads work on one kernel, the calling one included; at the start as many as the machine has
  /// processors. Values below 1 and above 64 become these.
  public static var count: Int {
    get { ck_threads() }
    set { ck_set_threads(max(newValue, 1)) }
  }
}
