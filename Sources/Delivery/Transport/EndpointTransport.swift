import CCurl
import EventLoop
import Glibc
import Telephony

/// Sends one endpoint's requests by libcurl's multi interface on the event loop.
///
///     send ─▶ free easy handle (kept, with its connection settings) ─▶ multi ──sockets──▶ EventLoop.watch
///       ▲                                                                ▲ └──timeout───▶ EventLoop.schedule
///       └─ completion ◀── messages read ◀── socket_action ◀──────────────┴──── ready ────┘
///
/// Each endpoint has a multi handle of its own: connections, looked-up names and TLS sessions of one are never used by
/// another, whose rules (`allow`, authorities, certificate) may be stricter. A watch outlives the single request, so that
/// a kept connection costs no system call beside its write and its reads.
///
/// **Isolation**: the loop's thread only. `@unchecked Sendable` on that ground; libcurl's callbacks come on it too.
/// **Source**: libcurl 7.88's manual pages curl_multi_socket_action(3), CURLMOPT_SOCKETFUNCTION(3),
/// CURLOPT_OPENSOCKETFUNCTION(3), CURLOPT_CLOSESOCKETFUNCTION(3).
final class EndpointTransport: @unchecked Sendable {
    /// An answer's body is read this far; then the connection is closed and the status counts.
    static let readLimit = 256 * 1024
    /// And kept this far, where nobody asks for more: what an attempt shows of it.
    static let keptLimit = 4096
    /// Kept of an answer that is read for what it says: a token, or what the CRM knows.
    static let longAnswer = 64 * 1024

    /// Asked by `open` before each connection; kept connections are not asked about again.
    let policy: AddressPolicy
    private let connection: EndpointConfiguration.Connection
    private let timeout: Duration
    private let userAgent: String
    private let loop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private var idle: [Transfer] = []
    /// Set up and not started.
    private var prepared: Transfer?
    private var running: [ObjectIdentifier: Transfer] = [:]
    private var watchers: [Int32: Watch] = [:]
    /// Descriptors of connections, which `closing` is told the end of. libcurl has others of its own (its resolver's), and
    /// closes them silently.
    private var connections: Set<Int32> = []
    private var timer: LoopTimer?
    /// When `timer` rings, and when libcurl wants to be called; loop time is not seen here, so monotonic nanoseconds.
    private var timerAt = UInt64.max
    private var wantedAt = UInt64.max
    private var isInside = false
    /// Nothing can be sent any more.
    private(set) var isClosed = false

    private struct Watch {
        let watcher: DescriptorWatcher
        var events: DescriptorWatcher.Events
        /// libcurl waits for it; else it is kept for the connection's next request.
        var isWanted: Bool
    }

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(
        connection: EndpointConfiguration.Connection, policy: AddressPolicy, timeout: Duration, concurrency: Int,
        userAgent: String, loop: EventLoop
    ) {
        precondition(EndpointTransport.isReady, "libcurl does not start")
        (self.connection, self.policy, self.timeout) = (connection, policy, timeout)
        (self.userAgent, self.loop) = (userAgent, loop)
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl has no memory for a multi handle") }
        self.multi = multi
        let this = Unmanaged.passUnretained(self).toOpaque()
        hs_curl_multi_setopt_socket(multi, EndpointTransport.onSocket, this)
        hs_curl_multi_setopt_timer(multi, EndpointTransport.onTimer, this)
        hs_curl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, concurrency)
        hs_curl_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, concurrency)
    }

    /// Requests on their way.
    var inFlight: Int { running.count }

    /// Starts a request; `completion` is called once, on the loop, also when `close` comes
    /// first, which answers what is left with `.stopped`.
    /// - Parameter kept: bytes of the answer's body that `completion` gets at most.
    func send(
        _ request: HTTPRequest, keeping kept: Int = EndpointTransport.keptLimit,
        completion: @escaping (HTTPResponse) -> Void
    ) {
        start(setUp(idle.popLast() ?? Transfer(transport: self), request, keeping: kept), completion)
    }
    /// Sets a request up and sends nothing. The next one takes its place.
    func prepare(_ request: HTTPRequest) {
        prepared = setUp(
            prepared ?? idle.popLast() ?? Transfer(transport: self), request, keeping: EndpointTransport.keptLimit)
    }
    /// Sends what was prepared, as `send`.
    func sendPrepared(completion: @escaping (HTTPResponse) -> Void) {
        guard let transfer = prepared else { preconditionFailure("nothing is prepared") }
        prepared = nil
        start(transfer, completion)
    }
    private func setUp(_ transfer: Transfer, _ request: HTTPRequest, keeping kept: Int) -> Transfer {
        precondition(!isClosed, "a transport was used after its end")
        transfer.prepare(
            request, connection: connection, timeout: timeout, userAgent: userAgent, keeping: kept)
        return transfer
    }
    private func start(_ transfer: Transfer, _ completion: @escaping (HTTPResponse) -> Void) {
        transfer.completion = completion
        running[ObjectIdentifier(transfer)] = transfer
        let code = curl_multi_add_handle(multi, transfer.easy)
        precondition(code == CURLM_OK, "libcurl refuses a handle that is in no multi handle")
        // libcurl has asked for an immediate call by its timer function; it is given by whoever called us, or here.
        if !isInside { advance() }
    }

    /// Ends all requests and connections. Call before letting go.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for transfer in running.values {
            curl_multi_remove_handle(multi, transfer.easy)
            transfer.stopped()
            transfer.close()
        }
        running = [:]
        for transfer in idle { transfer.close() }
        idle = []
        prepared?.close()
        prepared = nil
        // Closes the kept connections, by `onClose`.
        curl_multi_cleanup(multi)
        timer?.cancel()
        for watch in watchers.values { watch.watcher.stop() }
        watchers = [:]
    }

    // MARK: - libcurl's wishes

    private static func monotonic() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }

    private static let onTimer: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Int32 = {
        _, milliseconds, data in
        let transport = Unmanaged<EndpointTransport>.fromOpaque(data!).takeUnretainedValue()
        transport.wantedAt =
            milliseconds < 0 ? .max : monotonic() + UInt64(milliseconds) * 1_000_000
        return 0
    }

    private static let onSocket:
        @convention(c) (
            UnsafeMutableRawPointer?, Int32, Int32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
        ) -> Int32 = { _, descriptor, what, data, _ in
            Unmanaged<EndpointTransport>.fromOpaque(data!).takeUnretainedValue().watch(descriptor, what)
            return 0
        }

    private func watch(_ descriptor: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            if connections.contains(descriptor) {
                // It may be kept: go on waiting, so that its next request finds the watch as it needs it.
                watchers[descriptor]?.isWanted = false
            } else {
                watchers.removeValue(forKey: descriptor)?.watcher.stop()
            }
            return
        }
        var events: DescriptorWatcher.Events = []
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events.insert(.readable) }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events.insert(.writable) }
        if var known = watchers[descriptor] {
            known.isWanted = true
            if known.events != events {
                known.events = events
                known.watcher.update(events)
            }
            watchers[descriptor] = known
            return
        }
        do {
            let watcher = try loop.watch(descriptor: descriptor, events: events) { [unowned self] events in
                ready(descriptor, events)
            }
            watchers[descriptor] = Watch(watcher: watcher, events: events, isWanted: true)
        } catch {
            // The request then ends by its timeout; epoll refuses nothing libcurl opens but for lack of memory.
        }
    }

    private func ready(_ descriptor: Int32, _ events: DescriptorWatcher.Events) {
        guard var watch = watchers[descriptor] else { return }
        if events.contains(.failed) {
            // The watch has ended by itself; it is set up anew when libcurl asks again.
            watch.watcher.stop()
            watchers[descriptor] = nil
        } else if !watch.isWanted {
            // A kept connection was closed by its peer; libcurl finds out when it would use it.
            watch.watcher.update([])
            watch.events = []
            watchers[descriptor] = watch
            return
        }
        var mask: Int32 = 0
        if events.contains(.readable) { mask |= CURL_CSELECT_IN }
        if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
        if events.contains(.failed) { mask |= CURL_CSELECT_ERR }
        advance(descriptor, mask)
    }

    /// Lets libcurl work, tells whoever waited, and sees to its timer.
    private func advance(_ descriptor: Int32 = CURL_SOCKET_BAD, _ mask: Int32 = 0) {
        isInside = true
        var left: Int32 = 0
        if descriptor != CURL_SOCKET_BAD { curl_multi_socket_action(multi, descriptor, mask, &left) }
        repeat {
            if wantedAt != .max, wantedAt <= EndpointTransport.monotonic() {
                wantedAt = .max
                curl_multi_socket_action(multi, CURL_SOCKET_BAD, 0, &left)
            }
            readMessages()
            if isClosed { return }
        } while wantedAt != .max && wantedAt <= EndpointTransport.monotonic()
        isInside = false
        setTimer()
    }

    private func setTimer() {
        // A timer that rings too early finds nothing to do and is set again: cheaper than moving it with each request.
        guard wantedAt != .max, wantedAt < timerAt else { return }
        timer?.cancel()
        let now = EndpointTransport.monotonic()
        timerAt = wantedAt
        timer = loop.schedule(after: .nanoseconds(wantedAt > now ? Int64(wantedAt - now) : 0)) { [weak self] in
            guard let self, !isClosed else { return }
            timer = nil
            timerAt = .max
            advance()
        }
    }

    private func readMessages() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let result = hs_curl_result(message)
            var pointer: UnsafeMutableRawPointer?
            hs_curl_getinfo_pointer(easy, CURLINFO_PRIVATE, &pointer)
            let transfer = Unmanaged<Transfer>.fromOpaque(pointer!).takeUnretainedValue()
            curl_multi_remove_handle(multi, easy)
            running[ObjectIdentifier(transfer)] = nil
            transfer.finish(transfer.judge(result))
            if isClosed { return transfer.close() }
            idle.append(transfer)
        }
    }

    // MARK: - Sockets

    /// Asked for each connection with the address it would go to.
    func open(_ address: UnsafeMutablePointer<curl_sockaddr>, for transfer: Transfer) -> Int32 {
        let family = address.pointee.family
        let isAllowed = withUnsafePointer(to: &address.pointee.addr) { sockaddr in
            let raw = UnsafeRawPointer(sockaddr)
            switch family {
            case AF_INET:
                let start = raw + MemoryLayout<sockaddr_in>.offset(of: \.sin_addr)!
                return policy.allows(Array(UnsafeRawBufferPointer(start: start, count: 4)))
            case AF_INET6:
                let start = raw + MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)!
                return policy.allows(Array(UnsafeRawBufferPointer(start: start, count: 16)))
            default:
                return policy.isAny
            }
        }
        guard isAllowed else {
            transfer.isAddressRefused = true
            return CURL_SOCKET_BAD
        }
        let descriptor = socket(
            family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
        if descriptor >= 0 { connections.insert(descriptor) }
        return descriptor
    }

    /// libcurl is done with a descriptor: its watch ends first, as the number may be given out again at once.
    func closing(_ descriptor: Int32) {
        connections.remove(descriptor)
        watchers.removeValue(forKey: descriptor)?.watcher.stop()
        Glibc.close(descriptor)
    }
}
