import EventLoop

/// Ends a session when its time is over: closes the socket at once, so that the channel is free whatever the handler is
/// doing, and cancels the handler's task.
///
/// `@unchecked Sendable`: its fields are touched on the loop's thread only, by the session's task and by the timer.
@safe final class SessionClock: @unchecked Sendable {
    private let stream: ByteStream
    private var timer: LoopTimer?
    /// The session's task. Valid while the task is alive: `finish`, which the task calls before it ends,
    /// makes sure that `ring` is not called any more.
    private var task: UnsafeCurrentTask?
    /// The time was over.
    private(set) var hasRung = false

    /// Takes the calling task for the session's own.
    init(stream: ByteStream) {
        self.stream = stream
        unsafe withUnsafeCurrentTask { unsafe task = $0 }
    }

    /// Counts from now; replaces what was counted before.
    func start(_ duration: Duration) {
        timer?.cancel()
        timer = stream.loop.schedule(after: duration) { [self] in ring(after: duration) }
    }

    /// Stops counting. Must be called by the session's task before it ends.
    func finish() {
        timer?.cancel()
        timer = nil
    }

    private func ring(after duration: Duration) {
        timer = nil
        hasRung = true
        stream.fail(
            EventLoopError(.timedOut, operation: "serve a FastAGI session", detail: "no end within \(duration)"))
        unsafe task?.cancel()
    }
}
