import Synchronization

/// Runs what may block, one thing after the other, on a thread of its own: started by the first, ended when nothing is left.
///
/// For what is rare. Whoever gives it work bounds how much.
final class SerialThread: Sendable {
    private struct State {
        var bodies: [@Sendable () -> Void] = []
        var isRunning = false
    }
    private let state = Mutex(State())

    /// Returns at once.
    func perform(_ body: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            state.bodies.append(body)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { BackgroundThread.run { self.work() } }
    }

    /// Returns what `body` does, once everything given before it is done.
    func result<R: Sendable>(of body: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            perform { continuation.resume(returning: body()) }
        }
    }

    private func work() {
        while true {
            let bodies = state.withLock { state in
                defer { state.bodies = [] }
                state.isRunning = !state.bodies.isEmpty
                return state.bodies
            }
            if bodies.isEmpty { return }
            for body in bodies { body() }
        }
    }
}
