import Glibc
import Synchronization

/// The files that this process may have open, shared out among the tests that open thousands at once: what one has, another waits for.
///
/// The limit is the process's, and hundreds of tests run in it side by side: two of thousands at once meet it where each alone would
/// not, or a third test does that opens only one.
public enum Descriptors {
    /// The system does not allow as many open files as a test needs.
    public struct TooFew: Error {}

    private struct State {
        /// The process's limit; 0 until it is asked for.
        var limit = 0
        var lent = 0
        /// In the order in which they asked.
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        var hasRoom: Bool { waiting.first.map { lent + $0.count + Descriptors.others <= limit } ?? false }
    }
    private static let state = Mutex(State())

    /// What all tests that do not ask here have open together: 1200 have been seen, with two processors.
    private static let others = 4000
    /// Where the system sets no limit to speak of, this much is taken: programs that are started look at each number below it.
    private static let plenty = 65_536

    /// Waits until this process may open `count` files more; `giveBack` is to follow.
    /// - Throws: `TooFew` where it never may.
    public nonisolated(nonsending) static func take(_ count: Int) async throws(TooFew) {
        let isAllowed = state.withLock { state in
            if state.limit < count + others { state.limit = raise(to: count + others) }
            return state.limit >= count + others
        }
        guard isAllowed else { throw TooFew() }
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting.append((count, continuation)) }
            serve()
        }
    }

    /// Says that the files are closed again.
    public static func giveBack(_ count: Int) {
        state.withLock { $0.lent -= count }
        serve()
    }

    /// Lets those go on that there is room for, the first first.
    private static func serve() {
        while let next = state.withLock({ state -> CheckedContinuation<Void, Never>? in
            guard state.hasRoom else { return nil }
            let first = state.waiting.removeFirst()
            state.lent += first.count
            return first.continuation
        }) { next.resume() }
    }

    /// Raises the limit as far as this user may, and as root as far as is needed; what it is then.
    private static func raise(to count: Int) -> Int {
        let files = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return 0 }
        let old = Int(clamping: limit.rlim_cur)
        limit.rlim_cur = rlim_t(max(old, count, min(Int(clamping: limit.rlim_max), plenty)))
        limit.rlim_max = max(limit.rlim_cur, limit.rlim_max)
        if setrlimit(files, &limit) == 0 { return Int(clamping: limit.rlim_cur) }
        // A process that may not have that many has what it is allowed.
        guard getrlimit(files, &limit) == 0 else { return old }
        limit.rlim_cur = limit.rlim_max
        return setrlimit(files, &limit) == 0 ? Int(clamping: limit.rlim_cur) : old
    }
}
