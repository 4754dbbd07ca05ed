/// A connected TCP socket, plain or inside TLS, as bytes in and bytes out.
///
/// One task reads, any number write; all of them run on the stream's loop. A stream that nobody holds any more closes
/// itself. Reading and writing end separately: after `shutdownWrite` the peer's remaining bytes can still be read.
///
/// `@unchecked Sendable`: used on its loop's thread only, which every method checks.
public final class ByteStream: @unchecked Sendable {
    /// The loop it lives on.
    public let loop: EventLoop
    /// The other side; of a connection that was opened, the address it was opened to.
    public let peerAddress: SocketAddress
    /// The connection itself, encrypted or not.
    let socket: TCPSocket
    /// Between the socket and the caller; nil: plain.
    var tls: TLSEngine?
    private var isAtEnd = false
    /// Bytes read since the reader last let others run; a read counts as 64 KiB at least.
    private var readInARow = 0

    /// `write` suspends its caller while more than this many bytes wait for the peer.
    public var highWaterMark = 256 * 1024
    /// `send` refuses to queue more than this.
    public var maximumQueued = 8 * 1024 * 1024

    /// Takes over an open socket.
    init(socket: TCPSocket) {
        self.socket = socket
        loop = socket.loop
        peerAddress = socket.name
    }

    /// Takes over an accepted descriptor; nil when that is not possible, and then it is still the caller's.
    convenience init?(descriptor: Int32, peer: SocketAddress, loop: EventLoop) {
        guard let socket = TCPSocket.adopt(descriptor: descriptor, name: peer, loop: loop) else { return nil }
        self.init(socket: socket)
    }

    deinit {
        let socket = socket
        loop.perform { socket.close() }
    }

    /// Opens a connection.
    /// - Throws: `.connectionRefused`, `.unreachable`, `.timedOut` after `deadline`, `.cancelled`.
    nonisolated(nonsending)
        public static func connect(
            to address: SocketAddress, on loop: EventLoop, deadline: Duration = .seconds(10)
        ) async throws(EventLoopError) -> ByteStream
    {
        loop.preconditionCurrent()
        return ByteStream(socket: try await TCPSocket.connect(to: address, loop: loop, deadline: deadline))
    }

    /// Opens a connection to the first of several addresses that answers, one after another.
    /// - Throws: the error of the last one tried.
    nonisolated(nonsending)
        public static func connect(
            toFirstOf addresses: [SocketAddress], on loop: EventLoop, deadline: Duration = .seconds(10)
        ) async throws(EventLoopError) -> ByteStream
    {
        var last = EventLoopError(.nameNotFound, operation: "connect", detail: "no address to connect to")
        for address in addresses {
            do {
                return try await connect(to: address, on: loop, deadline: deadline)
            } catch {
                if error.code == .cancelled { throw error }
                last = error
            }
        }
        throw last
    }

    /// How long the peer may take nothing at all of what waits to be written before the stream fails; 30 s at first.
    public var writeDeadline: Duration {
        get { socket.writeDeadline }
        set { socket.writeDeadline = newValue }
    }

    /// Whether a waiting `read` ends when its task is cancelled; true at first.
    ///
    /// Off for a stream whose owner lets it `fail` when the task is cancelled: a server with thousands of sessions then
    /// registers once for each session and not for each read.
    public var endsReadsOnCancellation: Bool {
        get { socket.endsReadsOnCancellation }
        set { socket.endsReadsOnCancellation = newValue }
    }

    /// Whether the stream can still be used; false after `close`, a failure or a missed deadline.
    public var isOpen: Bool { socket.failure == nil }
    /// Bytes that wait for the peer to take them.
    public var queuedCount: Int { socket.queuedCount }
    /// Whether TLS is on.
    public var isEncrypted: Bool { tls != nil }
}

// MARK: - Reading

extension ByteStream {
    /// Waits for bytes and shows them to `body`, once; false, without calling it, when the peer has ended its side.
    ///
    /// The buffer belongs to the loop and is overwritten by the next read of any stream: copy what is to be kept. It holds
    /// 1 to 2,097,152 bytes.
    /// - Throws: `.connectionReset`, `.cancelled`, `.closed`, `.tlsFailed`, or whatever `fail` was given.
    nonisolated(nonsending)
        public func read(_ body: (UnsafeRawBufferPointer) -> Void) async throws(EventLoopError) -> Bool
    {
        loop.preconditionCurrent()
        if isAtEnd { return false }
        while true {
            if let tls {
                let buffer = loop.readBuffer
                switch tls.read(into: buffer) {
                case .bytes(let count):
                    body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    return true
                case .endOfStream:
                    isAtEnd = true
                    return false
                case .needsMore: try flush(tls)
                case .failed(let error): throw socket.fail(error.while("read from \(peerAddress)"))
                }
            }
            if Task.isCancelled { throw .cancelled("read from \(peerAddress)") }
            // A peer that sends as fast as we read would keep this task from ever suspending, and all others waiting.
            if readInARow >= 1 << 20 {
                readInARow = 0
                await Task.yield()
            }
            switch try socket.read() {
            case .bytes(let count):
                readInARow += max(count, 1 << 16)
                let bytes = UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count])
                guard let tls else {
                    body(bytes)
                    return true
                }
                tls.receive(bytes)
            case .endOfStream:
                isAtEnd = true
                return false
            case .notYet:
                readInARow = 0
                await socket.waitUntilReadable()
            }
        }
    }
}

// MARK: - Writing

extension ByteStream {
    /// Sends all bytes, and suspends while more than `highWaterMark` wait for the peer.
    ///
    /// Returning means that the bytes are on their way, not that the peer has them.
    /// - Throws: `.connectionReset`, `.timedOut` (write deadline), `.cancelled` (the bytes stay queued), `.closed`.
    nonisolated(nonsending) public func write(_ bytes: [UInt8]) async throws(EventLoopError) {
        try enqueue(bytes, limit: .max)
        if socket.queuedCount > highWaterMark { try await socket.drain(to: highWaterMark / 2) }
    }

    /// Sends all bytes without ever suspending, for callbacks on the loop.
    /// - Throws: `.backlogFull`, without taking any, when more than `maximumQueued` would wait; else as `write`.
    public func send(_ bytes: [UInt8]) throws(EventLoopError) { try enqueue(bytes, limit: maximumQueued) }

    private func enqueue(_ bytes: [UInt8], limit: Int) throws(EventLoopError) {
        loop.preconditionCurrent()
        guard let tls else { return try write(bytes, limit: limit) }
        if let failure = socket.failure { throw failure }
        if let error = tls.write(bytes) { throw socket.fail(error.while("write to \(peerAddress)")) }
        try flush(tls)
    }

    private func write(_ bytes: [UInt8], limit: Int) throws(EventLoopError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(EventLoopError) in try socket.write(buffer, limit: limit) }
        }
        try result.get()
    }

    /// Sends what TLS wants to say: records, handshake messages, alerts.
    func flush(_ tls: TLSEngine) throws(EventLoopError) {
        let records = tls.takeOutput()
        if !records.isEmpty { try write(records, limit: .max) }
    }

    /// Waits until everything written is with the kernel.
    nonisolated(nonsending) public func drain() async throws(EventLoopError) {
        loop.preconditionCurrent()
        try await socket.drain(to: 0)
    }

    /// Ends this side of the conversation once everything written has gone; the peer may still send.
    nonisolated(nonsending) public func shutdownWrite() async throws(EventLoopError) {
        loop.preconditionCurrent()
        if let tls {
            tls.close()
            try flush(tls)
        }
        try await socket.drain(to: 0)
        socket.shutdownWriting()
    }

    /// Closes both directions at once; queued bytes are dropped, waiting calls throw `.closed`. May be called twice.
    public func close() {
        loop.preconditionCurrent()
        socket.close()
    }

    /// Closes at once; waiting and later calls throw `error`. For deadlines of a whole session and the like.
    public func fail(_ error: EventLoopError) {
        loop.preconditionCurrent()
        _ = socket.fail(error)
    }
}
