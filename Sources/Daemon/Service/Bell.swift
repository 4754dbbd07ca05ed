import Glibc
import Telephony

/// Wakes the one thread that waits for it; a ring with nobody waiting is remembered.
///
/// A pipe and poll(2), as a wait with a limit must not depend on the wall clock, which may be set.
final class Bell: Sendable {
    private let hears: Int32
    private let rings: Int32

    /// Traps where the process has no descriptor left: without the bell its thread would sleep for ever.
    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "the system has no descriptor left: \(errno)")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (hears, rings) = (ends[0], ends[1])
    }
    deinit {
        close(hears)
        close(rings)
    }

    /// May be called from any thread, never blocks; several rings before a wait are one.
    func ring() {
        // A pipe that is full has rung already.
        var byte: UInt8 = 1
        _ = write(rings, &byte, 1)
    }

    /// Returns after a ring, or after the time given; nil waits for ever.
    func wait(atMost limit: Duration?) {
        var milliseconds: Int32 = -1
        if let limit { milliseconds = Int32(clamping: (max(.zero, limit).wholeMicroseconds + 999) / 1000) }
        var descriptor = pollfd(fd: hears, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, milliseconds) > 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(hears, &bytes, bytes.count) == bytes.count {}
    }
}
