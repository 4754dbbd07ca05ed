import CUV
import Glibc

/// The libuv side of a byte stream: one connected socket, its readiness, and the queue of what the kernel did not take.
///
/// libuv is used as a readiness notifier for reading: when a socket turns readable libuv asks for a buffer, gets none, and
/// reports UV_ENOBUFS (documented as "the user can't or won't handle the read"). The waiting task then reads by itself,
/// into the loop's shared buffer. So nothing is read that nobody asked for, and nothing is copied or allocated a read.
///
/// `@unchecked Sendable`: used on the loop's thread only.
final class TCPSocket: @unchecked Sendable {
    /// Where it lives.
    let loop: EventLoop
    /// -1 before the connection is open and once it is closed; libuv owns it in between.
    private(set) var descriptor: Int32 = -1
    /// Nil once closed.
    private var handle: UnsafeMutablePointer<uv_tcp_t>?
    /// Why reads and writes fail from now on; nil while the socket is open.
    private(set) var failure: EventLoopError?
    /// The other side, for error texts.
    let name: SocketAddress

    private var isNotifying = false
    /// False after a read that emptied the kernel's buffer, until libuv reports more.
    private var mayHaveData = true
    private var reader: UnsafeContinuation<Void, Never>?
    private var readerSerial: UInt64 = 0
    private var cancelledReader: UInt64 = 0

    /// Bytes accepted from writers that the kernel has not taken yet.
    private(set) var queuedCount = 0
    private var drainWaiters: [(mark: Int, shot: OneShot<Void>)] = []
    private var stallTimer: LoopTimer?
    /// How long the peer may take nothing at all while bytes are waiting.
    var writeDeadline: Duration = .seconds(30)

    private init(loop: EventLoop, name: SocketAddress) {
        self.loop = loop
        self.name = name
        let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
        uv_tcp_init(loop.uv, handle)  // makes no descriptor, cannot fail
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()  // until libuv has closed the handle
        self.handle = handle
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> TCPSocket {
        Unmanaged<TCPSocket>.fromOpaque(data!).takeUnretainedValue()
    }
    private static func stream(_ handle: UnsafeMutablePointer<uv_tcp_t>) -> UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    }

    /// Takes over a connected descriptor; nil when libuv refuses it (the caller still owns it then).
    static func adopt(descriptor: Int32, name: SocketAddress, loop: EventLoop) -> TCPSocket? {
        let socket = TCPSocket(loop: loop, name: name)
        guard uv_tcp_open(socket.handle, descriptor) == 0 else {
            socket.close()
            return nil
        }
        socket.descriptor = descriptor
        return socket
    }

    /// Connects; on any failure the socket is closed again.
    nonisolated(nonsending)
        static func connect(
            to address: SocketAddress, loop: EventLoop, deadline: Duration
        ) async throws(EventLoopError) -> TCPSocket
    {
        let operation = "connect to \(address)"
        let socket = TCPSocket(loop: loop, name: address)
        let late = Int32.min
        let status = await loop.wait(deadline: deadline, late: late, cancelled: UV_ECANCELED.rawValue) { shot in
            final class Attempt {
                let shot: OneShot<Int32>
                init(_ shot: OneShot<Int32>) { self.shot = shot }
            }
            let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
            let attempt = Unmanaged.passRetained(Attempt(shot))
            request.pointee.data = attempt.toOpaque()
            let status = address.withSockaddr { pointer, _ in
                uv_tcp_connect(request, socket.handle, pointer) { request, status in
                    Unmanaged<Attempt>.fromOpaque(request!.pointee.data).takeRetainedValue().shot.finish(status)
                    request!.deallocate()
                }
            }
            if status != 0 {
                attempt.release()
                request.deallocate()
                shot.finish(status)
            }
        }
        guard status == 0 else {
            socket.close()
            throw status == late
                ? .timedOut(operation, after: deadline) : EventLoopError(uv: status, operation: operation)
        }
        uv_tcp_nodelay(socket.handle, 1)
        uv_tcp_keepalive(socket.handle, 1, 60)
        var descriptor: uv_os_fd_t = -1
        uv_fileno(EventLoop.handle(socket.handle!), &descriptor)
        socket.descriptor = descriptor
        return socket
    }

    // MARK: Reading

    /// See `ByteStream.endsReadsOnCancellation`.
    var endsReadsOnCancellation = true

    /// What a read found.
    enum ReadResult {
        /// So many bytes lie in the loop's buffer, 1 at least.
        case bytes(Int)
        /// The peer has ended its side.
        case endOfStream
        /// Nothing is there: wait until readable.
        case notYet
    }

    /// Reads what is there into the loop's buffer, without waiting.
    func read() throws(EventLoopError) -> ReadResult {
        if let failure { throw failure }
        guard mayHaveData else { return .notYet }
        let buffer = loop.readBuffer
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                mayHaveData = count == buffer.count
                return .bytes(count)
            }
            if count == 0 { return .endOfStream }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                mayHaveData = false
                return .notYet
            default: throw fail(EventLoopError(uv: -errno, operation: "read from \(name)"))
            }
        }
    }

    /// Suspends until there may be something to read, the socket has failed, or the task is cancelled.
    nonisolated(nonsending) func waitUntilReadable() async {
        precondition(reader == nil, "one read at a time")
        if mayHaveData || failure != nil { return }
        notify(true)
        guard endsReadsOnCancellation else {
            return await withUnsafeContinuation { continuation in
                if mayHaveData || failure != nil { return continuation.resume() }
                reader = continuation
            }
        }
        readerSerial &+= 1
        let serial = readerSerial
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                // Looked at again: actors' tasks may hop on the way here, and the socket may have ended meanwhile.
                if cancelledReader == serial || mayHaveData || failure != nil { return continuation.resume() }
                reader = continuation
            }
        } onCancel: {
            loop.perform { [self] in
                cancelledReader = serial
                if readerSerial == serial { wakeReader() }
            }
        }
    }

    private func wakeReader() {
        guard let reader else { return }
        self.reader = nil
        reader.resume()
    }

    private func notify(_ on: Bool) {
        guard on != isNotifying, let handle else { return }
        isNotifying = on
        guard on else {
            uv_read_stop(TCPSocket.stream(handle))
            return
        }
        uv_read_start(
            TCPSocket.stream(handle), { _, _, buffer in buffer!.pointee = uv_buf_t(base: nil, len: 0) },
            { stream, _, _ in TCPSocket.of(stream!.pointee.data).becameReadable() })
    }

    private func becameReadable() {
        mayHaveData = true
        // Nobody waits: stop being told, or the loop would spin. The next wait starts it again.
        if reader == nil { notify(false) } else { wakeReader() }
    }

    // MARK: Writing

    /// Gives bytes to the kernel and queues what it does not take.
    /// - Throws: the failure of the socket; `.backlogFull`, without taking any byte, when more than `limit` would wait.
    func write(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(EventLoopError) {
        if let failure { throw failure }
        var sent = 0
        if queuedCount == 0 {
            while sent < bytes.count {
                let count = Glibc.send(
                    descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count >= 0 {
                    sent += count
                } else if errno == EAGAIN {
                    break
                } else if errno != EINTR {
                    throw fail(EventLoopError(uv: -errno, operation: "write to \(name)"))
                }
            }
        }
        let rest = bytes.count - sent
        guard rest > 0 else { return }
        if queuedCount + rest > limit {
            throw EventLoopError(
                .backlogFull, operation: "write to \(name)", detail: "\(queuedCount) bytes are waiting already")
        }
        queue(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
    }

    private func queue(_ bytes: UnsafeRawBufferPointer) {
        guard let handle else { return }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyMemory(from: bytes)
        let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
        request.pointee.data = Unmanaged.passRetained(QueuedWrite(socket: self, bytes: copy)).toOpaque()
        queuedCount += copy.count
        var buffer = uv_buf_init(copy.baseAddress!.assumingMemoryBound(to: CChar.self), UInt32(copy.count))
        let status = uv_write(request, TCPSocket.stream(handle), &buffer, 1) { request, status in
            QueuedWrite.finish(request!, status)
        }
        if status != 0 { return QueuedWrite.finish(request, status) }
        if stallTimer == nil { watchForStall() }
    }

    /// One buffer that libuv is writing.
    private final class QueuedWrite {
        let socket: TCPSocket
        let bytes: UnsafeMutableRawBufferPointer
        init(socket: TCPSocket, bytes: UnsafeMutableRawBufferPointer) {
            self.socket = socket
            self.bytes = bytes
        }
        static func finish(_ request: UnsafeMutablePointer<uv_write_t>, _ status: Int32) {
            let write = Unmanaged<QueuedWrite>.fromOpaque(request.pointee.data).takeRetainedValue()
            request.deallocate()
            write.bytes.deallocate()
            write.socket.wrote(write.bytes.count, status)
        }
    }

    private func wrote(_ count: Int, _ status: Int32) {
        queuedCount -= count
        if status != 0, failure == nil { _ = fail(EventLoopError(uv: status, operation: "write to \(name)")) }
        if queuedCount == 0 {
            stallTimer?.cancel()
            stallTimer = nil
        }
        wakeDrainWaiters()
    }

    private func wakeDrainWaiters() {
        guard !drainWaiters.isEmpty else { return }
        let due = drainWaiters.filter { $0.mark >= queuedCount || failure != nil }
        drainWaiters.removeAll { $0.mark >= queuedCount || failure != nil }
        for waiter in due { waiter.shot.finish(()) }
    }

    private func watchForStall() {
        guard let handle else { return }
        let before = uv_stream_get_write_queue_size(TCPSocket.stream(handle))
        stallTimer = loop.schedule(after: writeDeadline) { [self] in
            stallTimer = nil
            guard let handle = self.handle, queuedCount > 0 else { return }
            if uv_stream_get_write_queue_size(TCPSocket.stream(handle)) >= before {
                _ = fail(
                    EventLoopError(
                        .timedOut, operation: "write to \(name)", detail: "the peer took nothing for \(writeDeadline)"))
            } else {
                watchForStall()
            }
        }
    }

    /// Suspends until at most `mark` bytes are queued.
    /// - Throws: the failure of the socket, `.cancelled`. The queued bytes stay queued.
    nonisolated(nonsending) func drain(to mark: Int) async throws(EventLoopError) {
        if let failure { throw failure }
        if queuedCount <= mark { return }
        await loop.wait(deadline: nil, late: (), cancelled: ()) { [self] shot in
            if failure != nil || queuedCount <= mark { return shot.finish(()) }
            drainWaiters.append((mark, shot))
        }
        if let failure { throw failure }
        if queuedCount > mark { throw .cancelled("write to \(name)") }
    }

    /// Tells the peer that nothing more will come. Call it when nothing is queued.
    func shutdownWriting() {
        if failure == nil { shutdown(descriptor, Int32(SHUT_WR)) }
    }

    // MARK: Ending

    /// Closes because of an error, which every waiting and later call gets.
    func fail(_ error: EventLoopError) -> EventLoopError {
        if failure == nil { end(with: error) }
        return failure ?? error
    }

    /// Closes at once; queued bytes are dropped.
    func close() { if failure == nil { end(with: .closed("use the connection to \(name)")) } }

    private func end(with error: EventLoopError) {
        failure = error
        descriptor = -1
        if let handle {
            self.handle = nil
            uv_close(EventLoop.handle(handle)) { handle in
                Unmanaged<TCPSocket>.fromOpaque(handle!.pointee.data).release()
                UnsafeMutableRawPointer(handle!).deallocate()
            }
        }
        stallTimer?.cancel()
        stallTimer = nil
        wakeReader()
        wakeDrainWaiters()
    }
}
