/// The one result a task waits for, from whichever comes first: the event, the deadline or the cancellation.
///
/// `@unchecked Sendable`: its fields are touched on the loop's thread only; `finish` must be called there.
public final class OneShot<Value: Sendable>: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Value, Never>?
    private var early: Value?
    /// Whether the result has come; a second one is ignored.
    public private(set) var isFinished = false

    /// Delivers `value` unless something else came first.
    public func finish(_ value: Value) {
        guard !isFinished else { return }
        isFinished = true
        if let continuation {
            self.continuation = nil
            continuation.resume(returning: value)
        } else {
            early = value
        }
    }

    fileprivate func attach(_ continuation: UnsafeContinuation<Value, Never>) {
        if let early {
            self.early = nil
            continuation.resume(returning: early)
        } else {
            self.continuation = continuation
        }
    }
}

extension EventLoop {
    /// Suspends until `start`'s event calls `finish`, or `late` after `deadline`, or `cancelled` when the task is
    /// cancelled. `start` is called on the loop, once, and not at all when the task is cancelled already. May be called
    /// from any thread.
    nonisolated(nonsending)
        public func wait<Value: Sendable>(
            deadline: Duration? = nil, late: Value, cancelled: Value,
            start: @escaping @Sendable (OneShot<Value>) -> Void
        ) async -> Value
    {
        let shot = OneShot<Value>()
        var timer: LoopTimer?
        if let deadline { timer = schedule(after: deadline) { shot.finish(late) } }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                perform {
                    shot.attach(continuation)
                    if !shot.isFinished { start(shot) }
                }
            }
        } onCancel: {
            perform { shot.finish(cancelled) }
        }
    }

    /// Suspends the calling task for `duration`; zero or less still lets other tasks run.
    /// - Throws: `CancellationError`, at once when the task is cancelled.
    nonisolated(nonsending) public func sleep(for duration: Duration) async throws(CancellationError) {
        let slept = await wait(deadline: duration, late: true, cancelled: false) { _ in }
        if !slept { throw CancellationError() }
    }
}
