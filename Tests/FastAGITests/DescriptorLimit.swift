import Glibc
import Synchronization

/// Held while the limit is looked at and set: of two tests at once the one that wants fewer files would set the other's limit back.
private let turn = Mutex(())

/// Lets this process open at least `count` files, for tests with thousands of sockets.
func raiseDescriptorLimit(to count: Int) throws { try turn.withLock { _ in try raise(to: count) } }

private func raise(to count: Int) throws {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { throw NoDescriptors() }
    guard limit.rlim_cur < count else { return }
    limit.rlim_cur = rlim_t(count)
    if limit.rlim_max < count { limit.rlim_max = rlim_t(count) }
    guard setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { throw NoDescriptors() }
}

/// The system does not allow as many open files as a test needs.
struct NoDescriptors: Error {}
