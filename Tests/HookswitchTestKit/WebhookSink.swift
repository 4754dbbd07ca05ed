import Glibc
import Synchronization
import TestGround

/// A receiver of webhooks on a loopback port of its own, one thread a connection, that answers as it is told to.
///
/// It keeps every request that arrived in full, in the order of arrival, with the connection it came on.
public final class WebhookSink: Sendable {
    /// One request as it came.
    public struct Request: Sendable {
        /// 0 for the first that arrived.
        public var number: Int
        /// In capitals, as sent.
        public var method: String
        /// Path and query.
        public var target: String
        /// Names in small letters.
        public var headers: [String: String]
        /// As many bytes as `Content-Length` says.
        public var body: [UInt8]
        /// Connections are numbered from 0.
        public var connection: Int
        /// The body as text, repaired where it is not UTF-8.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }
    /// What the sink does with one request.
    public enum Reply: Sendable {
        /// The answer, at once; `headers` are whole lines.
        case status(Int, headers: [String] = [], body: String = "{\"ok\":true}")
        /// The answer, later.
        indirect case after(Duration, Reply)
        /// Holds the connection and says nothing until `stop`.
        case hang
        /// Ends the connection with RST.
        case reset
        /// Ends the connection without an answer.
        case close
        /// Answers, then closes the connection without having said so.
        case thenClose(Int)
        /// Promises more bytes than it sends, and closes.
        case cutShort(Int)
        /// A body of that many bytes.
        case huge(Int, bytes: Int)
        /// The beginning of an answer, a byte each time, for as long as the connection lives.
        case dribble(Duration)
        /// Header lines without end.
        case endlessHeaders
        /// Bytes that are no HTTP.
        case raw(String)
    }

    /// Where it listens.
    public let host: String
    /// Where it listens.
    public let port: UInt16
    private let listener: Int32
    private let resets: @Sendable (Int) -> Bool
    private let plan: @Sendable (Request) -> Reply
    private let state = Mutex(State())

    private struct State {
        var requests: [Request] = []
        /// Open descriptors; each is taken out before it is closed.
        var connections: [Int32] = []
        var isListening = true
        var opened = 0
        var sent = 0
        var isStopped = false
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    /// Listens on 127.0.0.1 (a free port, or `port` to come back at the address of an earlier sink).
    /// - Parameters:
    ///   - host: another address of loopback, 127.x.y.z, where nobody who means 127.0.0.1 can come by mistake.
    ///   - resets: whether the connection of that number is ended with RST before anything is read of it.
    public init(
        host: String = "127.0.0.1", port: UInt16 = 0,
        plan: @escaping @Sendable (Request) -> Reply = { _ in .status(200) },
        resets: @escaping @Sendable (Int) -> Bool = { _ in false }
    ) {
        (self.host, self.resets, self.plan) = (host, resets, plan)
        signal(SIGPIPE, SIG_IGN)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        precondition(listener >= 0, "no descriptor for the webhook sink")
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = Loopback.withAddress(port, host: host) { [listener] in bind(listener, $0, $1) }
        precondition(bound == 0, "the webhook sink's port is taken")
        precondition(listen(listener, 512) == 0)
        self.port = Loopback.port(of: listener)
        WebhookSink.thread { [self] in accepting() }
    }

    /// What an endpoint's `url` should be; any other path is served as well.
    public var url: String { "http://\(host):\(port)/hook" }
    /// All that have arrived, in order.
    public var requests: [Request] { state.withLock { $0.requests } }
    /// Connections accepted so far.
    public var connectionCount: Int { state.withLock { $0.opened } }
    /// Bytes of bodies of `huge` that the kernel has taken so far.
    public var sentCount: Int { state.withLock { $0.sent } }

    /// Returns once that many requests have arrived.
    public func received(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.requests.count >= count || state.isStopped { return true }
                state.waiting.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Stops listening and breaks every connection.
    public func stop() {
        let waiting = state.withLock { state in
            defer { (state.isStopped, state.waiting) = (true, []) }
            // Under the lock: a descriptor that was closed meanwhile is another's by now, the socket of a test that runs beside this.
            if state.isListening { shutdown(listener, Int32(SHUT_RDWR)) }
            for descriptor in state.connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return state.waiting
        }
        for waiter in waiting { waiter.continuation.resume() }
    }

    // MARK: - Threads

    private func accepting() {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 {
                if errno == EINTR { continue }
                break
            }
            // What another test starts just now is not to hold the connection open.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let number: Int? = state.withLock { state in
                guard !state.isStopped else { return nil }
                state.connections.append(descriptor)
                defer { state.opened += 1 }
                return state.opened
            }
            guard let number else {
                Glibc.close(descriptor)
                break
            }
            var yes: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            WebhookSink.thread { [self] in
                serve(descriptor, number)
                state.withLock { $0.connections.removeAll { $0 == descriptor } }
                Glibc.close(descriptor)
            }
        }
        state.withLock { $0.isListening = false }
        Glibc.close(listener)
    }

    private func serve(_ descriptor: Int32, _ connection: Int) {
        if resets(connection) {
            _ = answer(.reset, descriptor)
            return
        }
        var buffer: [UInt8] = []
        while let request = read(descriptor, &buffer, connection) {
            let (stored, ready) = state.withLock { state in
                var stored = request
                stored.number = state.requests.count
                state.requests.append(stored)
                let count = state.requests.count
                let ready = state.waiting.filter { $0.count <= count }
                state.waiting.removeAll { $0.count <= count }
                return (stored, ready)
            }
            let reply = plan(stored)
            for waiter in ready { waiter.continuation.resume() }
            guard answer(reply, descriptor) else { return }
        }
    }

    /// Answers; false where the connection is to end.
    private func answer(_ reply: Reply, _ descriptor: Int32) -> Bool {
        func send(_ status: Int, _ headers: [String], _ body: String, length: Int? = nil) -> Bool {
            var text = "HTTP/1.1 \(status) X\r\nContent-Length: \(length ?? body.utf8.count)\r\n"
            for header in headers { text += header + "\r\n" }
            return write(descriptor, Array((text + "\r\n" + body).utf8))
        }
        switch reply {
        case .status(let status, let headers, let body): return send(status, headers, body)
        case .after(let wait, let reply):
            pause(wait, descriptor)
            return answer(reply, descriptor)
        case .hang:
            pause(.seconds(3600), descriptor)
            return false
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            return false
        case .close: return false
        case .thenClose(let status):
            _ = send(status, [], "{}")
            return false
        case .cutShort(let status):
            _ = send(status, [], "{", length: 1000)
            return false
        case .huge(let status, let bytes):
            guard send(status, [], "", length: bytes) else { return false }
            let block = [UInt8](repeating: 120, count: 65536)
            var left = bytes
            while left > 0 {
                let piece = Array(block.prefix(left))
                guard write(descriptor, piece) else { return false }
                left -= piece.count
                state.withLock { $0.sent += piece.count }
            }
            return true
        case .dribble(let interval):
            for byte in Array("HTTP/1.1 200 OK\r\nX-Slow: ".utf8) + [UInt8](repeating: 97, count: 100_000) {
                guard write(descriptor, [byte]) else { return false }
                pause(interval, descriptor)
            }
            return false
        case .endlessHeaders:
            guard write(descriptor, Array("HTTP/1.1 200 OK\r\n".utf8)) else { return false }
            while write(descriptor, Array("X-More: \(String(repeating: "y", count: 1000))\r\n".utf8)) {}
            return false
        case .raw(let text):
            _ = write(descriptor, Array(text.utf8))
            return false
        }
    }

    /// Waits, but no longer than the connection lives.
    private func pause(_ duration: Duration, _ descriptor: Int32) {
        var poll = pollfd(fd: descriptor, events: 0x2000, revents: 0)  // POLLRDHUP, which Glibc does not show
        let (seconds, attoseconds) = duration.components
        _ = Glibc.poll(&poll, 1, Int32(min(seconds * 1000 + attoseconds / 1_000_000_000_000_000, 3_600_000)))
    }

    private func read(_ descriptor: Int32, _ buffer: inout [UInt8], _ connection: Int) -> Request? {
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            if let (request, used) = WebhookSink.parse(buffer, connection) {
                buffer.removeFirst(used)
                return request
            }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            buffer.append(contentsOf: chunk[..<count])
        }
    }

    /// One whole request at the start of the bytes, and how many they are.
    private static func parse(_ bytes: [UInt8], _ connection: Int) -> (Request, Int)? {
        guard bytes.count >= 4,
            let end = (0...(bytes.count - 4)).first(where: { bytes[$0..<($0 + 4)].elementsEqual("\r\n\r\n".utf8) })
        else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard bytes.count >= end + 4 + length else { return nil }
        let request = Request(
            number: 0, method: String(words[0]), target: String(words[1]), headers: headers,
            body: Array(bytes[(end + 4)..<(end + 4 + length)]), connection: connection)
        return (request, end + 4 + length)
    }

    private func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        final class Start {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { start in
                Unmanaged<Start>.fromOpaque(start!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Start(body)).toOpaque())
        precondition(status == 0, "the system refuses another thread")
        pthread_detach(thread)
    }
}
