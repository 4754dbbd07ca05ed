import CCurl
import Glibc
import Telephony

/// One easy handle and the request it carries, kept from request to request.
///
/// `@unchecked Sendable` as its transport: the loop's thread only.
final class Transfer: @unchecked Sendable {
    /// libcurl's handle: owned, freed by `close`.
    let easy: UnsafeMutableRawPointer
    /// Set by `EndpointTransport.open` when the policy refused an address: libcurl only says that it could not connect.
    var isAddressRefused = false
    private unowned let transport: EndpointTransport
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var body: UnsafeMutableRawBufferPointer
    /// Where libcurl writes what went wrong, in more words than the code's own.
    private let words: UnsafeMutableBufferPointer<CChar>
    private var received: [UInt8] = []
    private var receivedCount = 0
    private var kept = 0
    /// Called once, by `finish`; set before the handle is started.
    var completion: ((HTTPResponse) -> Void)?
    private var isConfigured = false
    private var hasProxy = false
    private var isHTTPProxy = false
    private var url = ""
    private var method = ""

    /// Makes the handle; its settings follow with the first `prepare`. The transport must outlive it.
    init(transport: EndpointTransport) {
        guard let easy = curl_easy_init() else { preconditionFailure("libcurl has no memory for an easy handle") }
        (self.easy, self.transport) = (easy, transport)
        body = .allocate(byteCount: 4096, alignment: 16)
        words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        words.initialize(repeating: 0)
    }
    /// Frees the handle and the buffers libcurl reads from and writes to. Once, with the handle out of the multi
    /// handle.
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
        hasProxy = connection.proxy != nil
        isHTTPProxy = connection.proxy?.hasPrefix("http") ?? false
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

    /// Sets the handle up for one request, changing only what differs from the last.
    ///
    /// `connection`, `timeout` and `userAgent` count the first time alone: a transport has one of each.
    /// - Parameter kept: bytes of the answer's body that `completion` gets at most.
    func prepare(
        _ request: HTTPRequest, connection: EndpointConfiguration.Connection, timeout: Duration, userAgent: String,
        keeping kept: Int
    ) {
        if !isConfigured { configure(connection, timeout: timeout, userAgent: userAgent) }
        self.kept = kept
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
        if received.count < kept {
            received.append(contentsOf: bytes.prefix(kept - received.count))
        }
        // Fewer than given: libcurl gives up and closes the connection.
        return receivedCount > EndpointTransport.readLimit ? 0 : bytes.count
    }

    private var status: Int? {
        let status = info(CURLINFO_RESPONSE_CODE)
        return status == 0 ? nil : status
    }

    /// What a finished request comes to, and libcurl's words where it failed.
    ///
    /// An answer that was cut at `readLimit` counts by its status. One that broke off counts as a failure though its
    /// status is known.
    func judge(_ result: CURLcode) -> HTTPResponse {
        var response = HTTPResponse(outcome: .failed(.other), status: status, body: received, detail: "")
        response.proxyFault = proxyFault(result)
        let isCut = result == CURLE_WRITE_ERROR && receivedCount > EndpointTransport.readLimit
        if result == CURLE_OK || isCut, let status, response.proxyFault == nil {
            response.outcome = .answered(status: status, retryAfter: retryAfter)
        } else if isAddressRefused {
            response.outcome = .failed(.addressNotAllowed)
            response.detail = "the address is not one of those allowed"
        } else if let fault = response.proxyFault {
            response.outcome = .failed(.proxy)
            response.detail = result == CURLE_OK ? fault.words : words(result)
        } else {
            response.outcome = .failed(
                result == CURLE_PROXY && isUnknownToSOCKS ? .nameLookup : Transfer.failure(result))
            response.detail = words(result)
            response.certificateFault = certificateFault(result)
        }
        return response
    }

    /// libcurl's own, with host and port where it has them, else the code's.
    private func words(_ result: CURLcode) -> String {
        words[0] == 0 ? String(cString: curl_easy_strerror(result)) : printable(String(cString: words.baseAddress!))
    }

    /// What OpenSSL has against the receiver's certificate.
    private func certificateFault(_ result: CURLcode) -> CertificateFault? {
        guard result == CURLE_PEER_FAILED_VERIFICATION else { return nil }
        return CertificateFault(verifyResult: info(CURLINFO_SSL_VERIFYRESULT))
    }

    /// Whether it is the proxy that keeps the request from the receiver, and how.
    ///
    /// libcurl says "recv error" for a refused CONNECT; with a proxy it connects to nobody else, so that a connection nobody
    /// took is always the proxy's. A request for plain http is the proxy's to answer, and only a 407 is surely its own.
    private func proxyFault(_ result: CURLcode) -> ProxyFault? {
        guard hasProxy, !isAddressRefused else { return nil }
        switch result {
        case CURLE_OK: return status == 407 ? .refused(status: 407) : nil
        // Of a SOCKS proxy libcurl says "host" too; the receiver's name, where it is looked up here, fails as a proxy error.
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST: return .unknownName
        case CURLE_PROXY: return isUnknownToSOCKS ? nil : .refused(status: nil)
        case CURLE_COULDNT_CONNECT: return .unreachable
        default: break
        }
        var begun: curl_off_t = 0
        hs_curl_getinfo_size(easy, CURLINFO_PRETRANSFER_TIME_T, &begun)
        // Begun: the request was on its way, also by a tunnel that an earlier one has made.
        guard begun == 0 else { return nil }
        if result == CURLE_OPERATION_TIMEDOUT, info(CURLINFO_NUM_CONNECTS) == 0 { return .unreachable }
        // Of SOCKS libcurl does not tell whether its part is over.
        guard isHTTPProxy else { return nil }
        let status = info(CURLINFO_HTTP_CONNECTCODE)
        return status == 0 ? .silent : (200..<300).contains(status) ? nil : .refused(status: status)
    }

    /// What libcurl looked up for a SOCKS proxy, the host of the URL, has no address.
    private var isUnknownToSOCKS: Bool { info(CURLINFO_PROXY_ERROR) == Int(CURLPX_RESOLVE_HOST.rawValue) }

    private func info(_ name: CURLINFO) -> Int {
        var value = 0
        hs_curl_getinfo_long(easy, name, &value)
        return value
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
    func finish(_ response: HTTPResponse) {
        let done = completion
        completion = nil
        done?(response)
    }
    /// The same for a request that nobody waits for any longer.
    func stopped() {
        finish(HTTPResponse(outcome: .failed(.stopped), status: status, body: received, detail: "stopped"))
    }
}
