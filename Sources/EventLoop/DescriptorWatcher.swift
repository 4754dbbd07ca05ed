import CUV

/// Readiness of a descriptor that somebody else owns; for libcurl's multi interface and the like.
///
/// `@unchecked Sendable`: its fields are touched on the loop's thread only, which every method checks.
public final class DescriptorWatcher: @unchecked Sendable {
    /// What to wait for, or what has come.
    public struct Events: OptionSet, Sendable {
        /// libuv's `UV_READABLE` and `UV_WRITABLE`; `failed` is a bit of our own.
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// Bytes, a connection or the end of the stream wait.
        public static let readable = Events(rawValue: Int32(UV_READABLE.rawValue))
        /// The kernel takes bytes.
        public static let writable = Events(rawValue: Int32(UV_WRITABLE.rawValue))
        /// An error or hang-up; reported whether asked for or not. The watch has stopped by itself then.
        public static let failed = Events(rawValue: 1 << 16)
    }

    /// Whose readiness it is; never closed from here.
    public let descriptor: Int32
    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_poll_t>?
    /// Nil once stopped: it may hold the watcher.
    private var body: ((Events) -> Void)?

    fileprivate init(
        descriptor: Int32, loop: EventLoop, events: Events, body: @escaping (Events) -> Void
    ) throws(EventLoopError) {
        loop.preconditionCurrent()
        (self.descriptor, self.loop, self.body) = (descriptor, loop, body)
        let handle = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
        let status = uv_poll_init(loop.uv, handle, descriptor)
        guard status == 0 else {
            handle.deallocate()
            throw EventLoopError(uv: status, operation: "watch descriptor \(descriptor)")
        }
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        self.handle = handle
        update(events)
    }

    /// Waits for other events from now on; an empty set pauses.
    public func update(_ events: Events) {
        loop.preconditionCurrent()
        guard let handle else { return }
        if events.isEmpty {
            uv_poll_stop(handle)
            return
        }
        let status = uv_poll_start(handle, events.rawValue) { handle, status, events in
            let watcher = Unmanaged<DescriptorWatcher>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
            watcher.body?(status < 0 ? .failed : Events(rawValue: events))
        }
        precondition(status == 0, "descriptor \(descriptor) is already watched in another way")
    }

    /// Stops for good and lets the body go. Must be called before the descriptor is closed; may be called twice, and
    /// from within the body.
    public func stop() {
        loop.preconditionCurrent()
        guard let handle else { return }
        self.handle = nil
        body = nil
        uv_poll_stop(handle)
        uv_close(EventLoop.handle(handle)) { handle in
            Unmanaged<DescriptorWatcher>.fromOpaque(handle!.pointee.data).release()
            UnsafeMutableRawPointer(handle!).deallocate()
        }
    }
}

extension EventLoop {
    /// Calls `body` on the loop whenever the descriptor is ready, until `stop`. The watch lives until then, also when
    /// nobody keeps the watcher. Must be called on the loop's thread.
    /// - Throws: `.system` when the descriptor cannot be polled (a regular file) or is not open.
    public func watch(
        descriptor: Int32, events: DescriptorWatcher.Events, _ body: @escaping (DescriptorWatcher.Events) -> Void
    ) throws(EventLoopError) -> DescriptorWatcher {
        try DescriptorWatcher(descriptor: descriptor, loop: self, events: events, body: body)
    }
}
