import CCrypto

/// One TLS session between two memory buffers: bytes of the wire on one side, plain bytes on the other. No descriptor.
///
/// **Source**: OpenSSL 3.0 SSL_set_bio(3), BIO_s_mem(3), SSL_read(3), X509_VERIFY_PARAM_set1_host(3).
final class TLSEngine {
    private let ssl: OpaquePointer
    private let fromWire: OpaquePointer
    private let toWire: OpaquePointer
    /// Largest plain text of one record.
    private static let recordSize = 16384

    /// How far a handshake is.
    enum Progress {
        /// Plain bytes may be written and read.
        case done
        /// Send the output, then give it what the peer answers.
        case needsMore
        /// For good; the output holds the alert that tells the peer why.
        case failed(EventLoopError)
    }

    /// What a read found.
    enum ReadResult {
        /// So many plain bytes, 1 at least.
        case bytes(Int)
        /// The peer has said goodbye (close_notify).
        case endOfStream
        /// No whole record has come: give it more of the wire.
        case needsMore
        /// For good.
        case failed(EventLoopError)
    }

    private init(context: OpaquePointer) throws(EventLoopError) {
        defer { SSL_CTX_free(context) }
        guard let ssl = SSL_new(context), let fromWire = BIO_new(BIO_s_mem()), let toWire = BIO_new(BIO_s_mem()) else {
            throw TLSEngine.setupError("out of memory")
        }
        (self.ssl, self.fromWire, self.toWire) = (ssl, fromWire, toWire)
        ccrypto_empty_means_retry(fromWire)
        ccrypto_empty_means_retry(toWire)
        SSL_set_bio(ssl, fromWire, toWire)  // owns both from here on
        ccrypto_set_moving_write_buffer(ssl)
    }

    deinit { SSL_free(ssl) }

    /// A client session that has said nothing yet.
    /// - Throws: `.tlsSetup` when a file cannot be used.
    convenience init(client options: TLSClientOptions) throws(EventLoopError) {
        let context = try TLSEngine.context(TLS_client_method())
        if let file = options.authoritiesFile {
            guard SSL_CTX_load_verify_locations(context, file, nil) == 1 else {
                throw TLSEngine.abandon(context, "read the authorities in \(file)")
            }
        } else {
            SSL_CTX_set_default_verify_paths(context)
        }
        if let certificate = options.certificateFile, let key = options.privateKeyFile {
            try TLSEngine.use(certificate: certificate, key: key, context)
        }
        SSL_CTX_set_verify(context, options.verifiesCertificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        try self.init(context: context)
        let parameters = SSL_get0_param(ssl)
        if SocketAddress(ip: options.hostName, port: 0) != nil {
            let bare = options.hostName.filter { $0 != "[" && $0 != "]" }
            X509_VERIFY_PARAM_set1_ip_asc(parameters, bare)
        } else {
            ccrypto_set_server_name(ssl, options.hostName)
            X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            X509_VERIFY_PARAM_set1_host(parameters, options.hostName, options.hostName.utf8.count)
        }
        SSL_set_connect_state(ssl)
    }

    /// A server session that waits for the client's hello.
    /// - Throws: `.tlsSetup` when a file cannot be used.
    convenience init(server options: TLSServerOptions) throws(EventLoopError) {
        let context = try TLSEngine.context(TLS_server_method())
        try TLSEngine.use(certificate: options.certificateFile, key: options.privateKeyFile, context)
        if let file = options.clientAuthoritiesFile {
            guard SSL_CTX_load_verify_locations(context, file, nil) == 1 else {
                throw TLSEngine.abandon(context, "read the client authorities in \(file)")
            }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        try self.init(context: context)
        SSL_set_accept_state(ssl)
    }

    private static func context(_ method: OpaquePointer?) throws(EventLoopError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = SSL_CTX_new(method) else { throw setupError("make a TLS context") }
        ccrypto_set_minimum_tls12(context)
        return context
    }

    private static func use(
        certificate: String, key: String, _ context: OpaquePointer
    ) throws(EventLoopError) {
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw abandon(context, "read the certificate in \(certificate)")
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            throw abandon(context, "read the private key in \(key)")
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw abandon(context, "use \(key) with \(certificate)")
        }
    }

    private static func abandon(_ context: OpaquePointer, _ operation: String) -> EventLoopError {
        SSL_CTX_free(context)
        return setupError(operation)
    }

    private static func setupError(_ operation: String) -> EventLoopError {
        EventLoopError(
            .tlsSetup, operation: operation, detail: queuedErrors(),
            hint: "the file must be PEM and readable by this program")
    }

    /// OpenSSL's words for what just failed, oldest first; empties its per-thread queue.
    private static func queuedErrors() -> String {
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            if let reason = ERR_reason_error_string(code) {
                let text = String(cString: reason)
                if !reasons.contains(text) { reasons.append(text) }
            }
        }
        return reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; ")
    }

    // MARK: The wire's side

    /// Takes bytes that came from the peer.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        // A memory BIO grows as needed; it is emptied before the stream reads more, so it holds one read at most.
        BIO_write(fromWire, bytes.baseAddress, Int32(bytes.count))
    }

    /// Hands over the bytes to be sent to the peer; empty when there are none.
    func takeOutput() -> [UInt8] {
        let count = BIO_ctrl_pending(toWire)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, Int(BIO_read(toWire, buffer.baseAddress, Int32(count))))
        }
    }

    // MARK: The plain side

    /// Goes on with the handshake as far as what has come allows.
    func handshake() -> Progress {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return .done }
        let reason = SSL_get_error(ssl, result)
        if reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE { return .needsMore }
        return .failed(failure())
    }

    /// Decrypts what has come, at most one record or the buffer's length.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        ERR_clear_error()
        let count = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .endOfStream
        default: return .failed(failure())
        }
    }

    /// Encrypts all bytes into the output; nil when that went well.
    func write(_ bytes: [UInt8]) -> EventLoopError? {
        ERR_clear_error()
        return bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let chunk = min(buffer.count - done, TLSEngine.recordSize)
                let count = SSL_write(ssl, buffer.baseAddress! + done, Int32(chunk))
                guard count > 0 else { return failure() }
                done += Int(count)
            }
            return nil
        }
    }

    /// Says goodbye (close_notify).
    func close() { SSL_shutdown(ssl) }

    // MARK: Reasons

    private func failure() -> EventLoopError {
        let verdict = Int32(truncatingIfNeeded: SSL_get_verify_result(ssl))
        let detail = TLSEngine.queuedErrors()
        if verdict != X509_V_OK, detail.contains("certificate verify failed") {
            let why = X509_verify_cert_error_string(Int(verdict)).map { String(cString: $0) } ?? "code \(verdict)"
            return EventLoopError(
                .certificateWrong, operation: "", detail: "certificate wrong: \(why)", hint: TLSEngine.hint(verdict))
        }
        if detail.contains("alert") && (detail.contains("certificate") || detail.contains("unknown ca")) {
            return EventLoopError(
                .certificateWrong, operation: "", detail: "the other side refused our certificate: \(detail)",
                hint: "give a client certificate that the other side's authority has signed")
        }
        return EventLoopError(.tlsFailed, operation: "", detail: detail)
    }

    private static func hint(_ verdict: Int32) -> String {
        switch verdict {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            "connect by a name that the certificate carries, or issue one for this name"
        case X509_V_ERR_CERT_HAS_EXPIRED: "renew the certificate, or set this machine's clock right"
        case X509_V_ERR_CERT_NOT_YET_VALID: "set this machine's clock right"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            "name the authority that signed it (or the self-signed certificate itself) in the CA file"
        default: "check the certificate with: openssl s_client -connect HOST:PORT"
        }
    }
}

extension EventLoopError {
    /// The same error, said of an operation with its address.
    func `while`(_ operation: String) -> EventLoopError {
        var error = self
        error.operation = operation
        return error
    }
}
