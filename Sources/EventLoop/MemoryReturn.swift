import CUV

/// Gives memory that a burst of work has left free back to the system.
///
/// The C library keeps what is freed for the next time, without end: a daemon that was once ten thousand calls behind would stay
/// at 130 MB for weeks.
public enum MemoryReturn {
    /// Takes some milliseconds for each 100 MB, in which nobody else can allocate: for after a burst, on a thread that may wait.
    public static func toSystem() { _ = malloc_trim(0) }
}
