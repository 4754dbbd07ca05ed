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
    /// And kept this far, where nobody asks for more.
    static let keptLimit = 4096

    let policy: AddressPolicy
    fileprivate let kept: Int
    private let connection: EndpointConfiguration.Connection
    private let timeout: Duration
    private let userAgent: String
    private let loop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private var idle: [Transfer] = []
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
    private var isClosed = false

    private struct Watch {
        let watcher: DescriptorWatcher
        var events: DescriptorWatcher.Events
        /// libcurl waits for it; else it is kept for the connection's next request.
        var isWanted: Bool
    }

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// - Parameter kept: bytes of an answer's body that its reader gets.
    init(
        connection: EndpointConfiguration.Connection, policy: AddressPolicy, timeout: Duration, concurrency: Int,
        userAgent: String, loop: EventLoop, kept: Int = EndpointTransport.keptLimit
    ) {
        precondition(EndpointTransport.isReady, "libcurl does not start")
        (self.connection, self.policy, self.timeout) = (connection, policy, timeout)
        (self.userAgent, self.loop, self.kept) = (userAgent, loop, kept)
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
    func send(_ request: HTTPRequest, completion: @escaping (HTTPResponse) -> Void) {
        precondition(!isClosed, "a transport was used after its end")
        let transfer = idle.popLast() ?? Transfer(transport: self)
        transfer.prepare(
            request, connection: connection, timeout: timeout, userAgent: userAgent, completion: completion)
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
            transfer.finish(.failed(.stopped), detail: "stopped")
        }
        running = [:]
        for transfer in idle { transfer.close() }
        idle = []
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
            let (outcome, detail) = transfer.judge(result)
            transfer.finish(outcome, detail: detail, certificateFault: transfer.certificateFault(result))
            if isClosed { return transfer.close() }
            idle.append(transfer)
        }
    }

    // MARK: - Sockets

    /// Asked for each connection with the address it would go to.
    fileprivate func open(_ address: UnsafeMutablePointer<curl_sockaddr>, for transfer: Transfer) -> Int32 {
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

    fileprivate func closing(_ descriptor: Int32) {
        connections.remove(descriptor)
        watchers.removeValue(forKey: descriptor)?.watcher.stop()
        Glibc.close(descriptor)
    }
}

/// One easy handle and the request it carries, kept from request to request.
///
/// `@unchecked Sendable` as its transport: the loop's thread only.
private final class Transfer: @unchecked Sendable {
    let easy: UnsafeMutableRawPointer
    var isAddressRefused = false
    private unowned let transport: EndpointTransport
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var body: UnsafeMutableRawBufferPointer
    /// Where libcurl writes what went wrong, in more words than the code's own.
    private let words: UnsafeMutableBufferPointer<CChar>
    private var received: [UInt8] = []
    private var receivedCount = 0
    private var completion: ((HTTPResponse) -> Void)?
    private var isConfigured = false
    private var url = ""
    private var method = ""

    init(transport: EndpointTransport) {
        guard let easy = curl_easy_init() else { preconditionFailure("libcurl has no memory for an easy handle") }
        (self.easy, self.transport) = (easy, transport)
        body = .allocate(byteCount: 4096, alignment: 16)
        words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        words.initialize(repeating: 0)
    }
    func close() {
        curl_easy_cleanup(easy)
        words.deallocate()
        curl_slist_free_all(headers)
        headers = nil
        body.deallocate()
        body = .init(start: nil, count: 0)
    }

    /// What stays the same from request to request.
    private func configure(_ connection: EndpointConfiguration.Connection, timeout: Duration, userAgent: String) {
        isConfigured = true
        let this = Unmanaged.passUnretained(self).toOpaque()
        hs_curl_setopt_pointer(easy, CURLOPT_PRIVATE, this)
        hs_curl_setopt_pointer(easy, CURLOPT_ERRORBUFFER, words.baseAddress)
        hs_curl_setopt_long(easy, CURLOPT_NOSIGNAL, 1)
        // Without it a request that ends while its name is looked up joins the resolver's thread: with a dead name server
        // that would stop the whole loop for as long as getaddrinfo waits.
        hs_curl_setopt_long(easy, CURLOPT_QUICK_EXIT, 1)
        hs_curl_setopt_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        hs_curl_setopt_long(easy, CURLOPT_FOLLOWLOCATION, 0)
        hs_curl_setopt_long(easy, CURLOPT_PATH_AS_IS, 1)
        hs_curl_setopt_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        hs_curl_setopt_long(easy, CURLOPT_TIMEOUT_MS, Int(timeout.wholeMilliseconds))
        hs_curl_setopt_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(timeout.wholeMilliseconds))
        hs_curl_setopt_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        hs_curl_setopt_long(easy, CURLOPT_MAXLIFETIME_CONN, 300)
        hs_curl_setopt_text(easy, CURLOPT_USERAGENT, userAgent)
        // Empty: no proxy, whatever the environment says.
        hs_curl_setopt_text(easy, CURLOPT_PROXY, connection.proxy ?? "")
        if let file = connection.authorityFile { hs_curl_setopt_text(easy, CURLOPT_CAINFO, file) }
        if let file = connection.certificateFile { hs_curl_setopt_text(easy, CURLOPT_SSLCERT, file) }
        if let file = connection.keyFile { hs_curl_setopt_text(easy, CURLOPT_SSLKEY, file) }
        hs_curl_setopt_write(
            easy, CURLOPT_WRITEFUNCTION,
            { bytes, size, count, data in
                let transfer = Unmanaged<Transfer>.fromOpaque(data!).takeUnretainedValue()
                return transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
            }, this)
        hs_curl_setopt_open(
            easy,
            { data, _, address in
                let transfer = Unmanaged<Transfer>.fromOpaque(data!).takeUnretainedValue()
                return transfer.transport.open(address!, for: transfer)
            }, this)
        // A connection outlives the transfer that opened it: its end is told to the transport.
        hs_curl_setopt_close(
            easy,
            { data, descriptor in
                Unmanaged<EndpointTransport>.fromOpaque(data!).takeUnretainedValue().closing(descriptor)
                return 0
            }, Unmanaged.passUnretained(transport).toOpaque())
    }

    func prepare(
        _ request: HTTPRequest, connection: EndpointConfiguration.Connection, timeout: Duration, userAgent: String,
        completion: @escaping (HTTPResponse) -> Void
    ) {
        if !isConfigured { configure(connection, timeout: timeout, userAgent: userAgent) }
        self.completion = completion
        received.removeAll(keepingCapacity: true)
        receivedCount = 0
        isAddressRefused = false
        words[0] = 0
        if url != request.url {
            url = request.url
            hs_curl_setopt_text(easy, CURLOPT_URL, url)
            // Over TLS a request waits for the first handshake to tell whether one HTTP/2 connection takes them all.
            hs_curl_setopt_long(easy, CURLOPT_PIPEWAIT, url.hasPrefix("https:") ? 1 : 0)
        }
        setHeaders(request.headers)
        if request.hasBody {
            if body.count < request.body.count {
                body.deallocate()
                body = .allocate(byteCount: max(request.body.count, 4096), alignment: 16)
            }
            body.copyBytes(from: request.body)
            hs_curl_setopt_pointer(easy, CURLOPT_POSTFIELDS, body.baseAddress)
            hs_curl_setopt_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
        } else if method != request.method {
            hs_curl_setopt_long(easy, CURLOPT_HTTPGET, 1)
        }
        if method != request.method {
            method = request.method
            hs_curl_setopt_text(
                easy, CURLOPT_CUSTOMREQUEST, method == "POST" || method == "GET" ? nil : method)
        }
    }

    private func setHeaders(_ lines: [String]) {
        curl_slist_free_all(headers)
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) }
        // No round trip before large bodies: most receivers do not know it, and time out.
        list = curl_slist_append(list, "Expect:")
        headers = list
        hs_curl_setopt_list(easy, CURLOPT_HTTPHEADER, list)
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        receivedCount += bytes.count
        if received.count < transport.kept {
            received.append(contentsOf: bytes.prefix(transport.kept - received.count))
        }
        // Fewer than given: libcurl gives up and closes the connection.
        return receivedCount > EndpointTransport.readLimit ? 0 : bytes.count
    }

    private var status: Int? {
        var status = 0
        hs_curl_getinfo_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return status == 0 ? nil : status
    }

    func judge(_ result: CURLcode) -> (AttemptOutcome, String) {
        let isCut = result == CURLE_WRITE_ERROR && receivedCount > EndpointTransport.readLimit
        if result == CURLE_OK || isCut, let status { return (.answered(status: status, retryAfter: retryAfter), "") }
        let detail =
            words[0] == 0 ? String(cString: curl_easy_strerror(result)) : printable(String(cString: words.baseAddress!))
        if isAddressRefused { return (.failed(.addressNotAllowed), "the address is not one of those allowed") }
        return (.failed(Transfer.failure(result)), detail)
    }

    /// What OpenSSL has against the receiver's certificate.
    func certificateFault(_ result: CURLcode) -> CertificateFault? {
        guard result == CURLE_PEER_FAILED_VERIFICATION else { return nil }
        var code = 0
        hs_curl_getinfo_long(easy, CURLINFO_SSL_VERIFYRESULT, &code)
        return CertificateFault(verifyResult: code)
    }

    private var retryAfter: RetryAfter? {
        guard status == 429 || status == 503 else { return nil }
        var header: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(easy, "Retry-After", 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK,
            let value = header?.pointee.value
        else { return nil }
        return RetryAfter(String(cString: value))
    }

    private static func failure(_ result: CURLcode) -> TransportFailure {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST: .nameLookup
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
        case CURLE_COULDNT_CONNECT: .connectionRefused
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_NOTFOUND:
            .tls
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            .connectionLost
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP3:
            .malformedAnswer
        default: .other
        }
    }

    /// Tells the waiting caller, once.
    func finish(_ outcome: AttemptOutcome, detail: String, certificateFault: CertificateFault? = nil) {
        let done = completion
        completion = nil
        done?(
            HTTPResponse(
                outcome: outcome, status: status, body: received, detail: detail, certificateFault: certificateFault))
    }
}
