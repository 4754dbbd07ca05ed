import CUV
import Glibc

/// A listening TCP socket.
///
/// When the process has no descriptors left, waiting connections are taken with a spare one and closed at once: the peer
/// sees a refusal immediately (Asterisk's AGI then goes on with the call) and the loop does not spin on a backlog that it
/// cannot take. If even the spare is gone, accepting pauses for 100 ms at a time.
///
/// `@unchecked Sendable`: used on its loop's thread only, which every method checks.
public final class Listener: @unchecked Sendable {
    /// The loop it lives on.
    public let loop: EventLoop
    /// Where it listens, with the port the system chose when 0 was asked for.
    public let localAddress: SocketAddress
    /// Connections closed at once because no descriptors were left.
    public private(set) var refusedCount = 0

    private var descriptor: Int32
    private var spare: Int32
    private var watcher: DescriptorWatcher?
    private var isWatching = false
    private var waiter: OneShot<Bool>?
    private var acceptedInARow = 0

    /// Opens a listening socket.
    /// - Parameter backlog: connections the kernel keeps until they are accepted; 4,096 is what Linux allows at most unless it
    ///   is told otherwise (net.core.somaxconn). A connection beyond is tried again by its kernel after a second, which a
    ///   dialplan feels.
    /// - Throws: `.addressInUse`, `.addressInvalid`, `.permissionDenied`, `.descriptorsExhausted`.
    /// - **Isolation**: on the loop's thread.
    public static func listen(
        on address: SocketAddress, loop: EventLoop, backlog: Int32 = 4096
    ) throws(EventLoopError) -> Listener {
        try Listener(address: address, loop: loop, backlog: backlog)
    }

    private init(address: SocketAddress, loop: EventLoop, backlog: Int32) throws(EventLoopError) {
        loop.preconditionCurrent()
        self.loop = loop
        let operation = "listen on \(address)"
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(address.isIPv4 ? AF_INET : AF_INET6, kind, 0)
        guard descriptor >= 0 else { throw EventLoopError(uv: -errno, operation: operation) }
        spare = Listener.openSpare()
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        let tcp = Int32(IPPROTO_TCP)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
        // Accepted sockets inherit these two on Linux, which saves two calls a connection: answers are not held back,
        // and peers that vanish without a word are found by the kernel in the end.
        setsockopt(descriptor, tcp, TCP_NODELAY, &one, size)
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, size)
        let descriptor = descriptor
        var status: Int32 = 0
        if address.withSockaddr({ bind(descriptor, $0, $1) }) != 0 || Glibc.listen(descriptor, backlog) != 0 {
            status = -errno
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let bound = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length) == 0 ? SocketAddress($0) : nil
            }
        }
        localAddress = bound ?? address
        guard status == 0 else {
            Glibc.close(descriptor)
            Glibc.close(spare)
            self.descriptor = -1  // deinit runs after a throw from here on, and must not close them again
            throw EventLoopError(uv: status, operation: operation)
        }
        watcher = try loop.watch(descriptor: descriptor, events: []) { [weak self] _ in self?.becameReadable() }
    }

    deinit {
        // The watcher does not retain the listener, so this is reached when the owner forgot `close`.
        guard descriptor >= 0 else { return }
        let (watcher, descriptor, spare) = (watcher, descriptor, spare)
        loop.perform {
            watcher?.stop()
            Glibc.close(descriptor)
            Glibc.close(spare)
        }
    }

    private static func openSpare() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }

    /// The next connection, or nil once the listener is closed.
    /// - Throws: `.cancelled`; `.system` when the socket itself is broken. Faults of single connections are passed over.
    nonisolated(nonsending) public func accept() async throws(EventLoopError) -> ByteStream? {
        loop.preconditionCurrent()
        var refusedInARow = 0
        while descriptor >= 0 {
            var storage = sockaddr_storage()
            let taken = cuv_accept(descriptor, &storage)
            if taken >= 0 {
                let peer = withUnsafePointer(to: &storage) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
                }
                guard let peer, let stream = ByteStream(descriptor: taken, peer: peer, loop: loop) else {
                    Glibc.close(taken)
                    continue
                }
                acceptedInARow += 1
                if acceptedInARow >= 64 {
                    acceptedInARow = 0
                    await Task.yield()  // in a flood, those already accepted are served in between
                }
                return stream
            }
            switch errno {
            case EAGAIN:
                acceptedInARow = 0
                try await waitUntilReadable(forAtMost: nil)
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                refusedInARow += 1
                // Without descriptors accept(2) fails so even where nobody waits.
                if spare >= 0, refusedInARow % 64 != 0 {
                    if !refuseOne() { try await waitUntilReadable(forAtMost: nil) }
                } else {
                    // Nothing to refuse with, or a flood: let others run, and try again.
                    try await waitUntilReadable(forAtMost: .milliseconds(spare >= 0 ? 1 : 100))
                    if spare < 0 { spare = Listener.openSpare() }
                }
            // accept(2): errors of the new connection that were pending already, to be treated like EAGAIN.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENOPROTOOPT, EPERM:
                continue
            default: throw EventLoopError(uv: -errno, operation: "accept on \(localAddress)")
            }
        }
        return nil
    }

    /// Accepts a connection with the spare descriptor and closes it. False where none waits.
    private func refuseOne() -> Bool {
        Glibc.close(spare)
        defer { spare = Listener.openSpare() }
        var storage = sockaddr_storage()
        let taken = cuv_accept(descriptor, &storage)
        guard taken >= 0 else { return errno != EAGAIN }
        refusedCount += 1
        Glibc.close(taken)
        return true
    }

    nonisolated(nonsending)
        private func waitUntilReadable(forAtMost pause: Duration?) async throws(EventLoopError)
    {
        precondition(waiter == nil, "one accept at a time")
        let isPause = pause != nil
        let isOpen = await loop.wait(deadline: pause, late: true, cancelled: false) { [self] shot in
            if descriptor < 0 { return shot.finish(true) }
            waiter = shot
            if isPause {
                watcher?.update([])
                isWatching = false
            } else if !isWatching {
                isWatching = true
                watcher?.update(.readable)
            }
        }
        waiter = nil
        if !isOpen { throw .cancelled("accept on \(localAddress)") }
    }

    private func becameReadable() {
        if let waiter {
            self.waiter = nil
            waiter.finish(true)
        } else {
            watcher?.update([])
            isWatching = false
        }
    }

    /// Stops listening; a waiting `accept` returns nil, connections not yet accepted are reset by the kernel.
    public func close() {
        loop.preconditionCurrent()
        guard descriptor >= 0 else { return }
        watcher?.stop()
        watcher = nil
        Glibc.close(descriptor)
        Glibc.close(spare)
        descriptor = -1
        spare = -1
        let waiter = waiter
        self.waiter = nil
        waiter?.finish(true)
    }
}
