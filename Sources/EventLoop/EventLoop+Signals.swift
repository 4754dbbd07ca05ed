import CUV

extension EventLoop {
    /// The signals of the process, as they arrive, until the stream's consumer ends.
    ///
    /// While at least one consumer listens, a signal's default action is off. Signals of one kind that arrive together
    /// may be reported once, as always in Unix; at most 16 unread ones are kept, the newest.
    /// - **Source**: libuv uv_signal_start.
    public func signals(_ numbers: [Int32]) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(16))
        let watchers = numbers.map { SignalWatcher(number: $0, continuation: continuation) }
        perform { [self] in for watcher in watchers { watcher.start(on: self) } }
        continuation.onTermination = { [self] _ in perform { for watcher in watchers { watcher.stop() } } }
        return stream
    }
}

/// One signal number on one loop.
///
/// `@unchecked Sendable`: its fields are touched on the loop's thread only.
private final class SignalWatcher: @unchecked Sendable {
    private let number: Int32
    private let continuation: AsyncStream<Int32>.Continuation
    private var handle: UnsafeMutablePointer<uv_signal_t>?

    init(number: Int32, continuation: AsyncStream<Int32>.Continuation) {
        self.number = number
        self.continuation = continuation
    }

    func start(on loop: EventLoop) {
        let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
        uv_signal_init(loop.uv, handle)
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        self.handle = handle
        let status = uv_signal_start(
            handle,
            { handle, number in
                let watcher = Unmanaged<SignalWatcher>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
                watcher.continuation.yield(number)
            }, number)
        precondition(status == 0, "signal \(number) cannot be caught")
    }

    func stop() {
        guard let handle else { return }
        self.handle = nil
        uv_close(EventLoop.handle(handle)) { handle in
            Unmanaged<SignalWatcher>.fromOpaque(handle!.pointee.data).release()
            UnsafeMutableRawPointer(handle!).deallocate()
        }
    }
}
