import CUV

/// What went wrong with a socket, a name or a TLS session, in the words of an operator.
public struct EventLoopError: Error, Sendable, CustomStringConvertible {
    /// The kinds a caller may want to tell apart.
    public enum Code: String, Sendable, CaseIterable {
        /// Nobody listens on that port.
        case connectionRefused = "connection_refused"
        /// No route, or the network is down.
        case unreachable
        /// A deadline passed: connect, name look-up, TLS handshake, or a peer that does not read.
        case timedOut = "timed_out"
        /// The peer cut the connection instead of ending it.
        case connectionReset = "connection_reset"
        /// This side has closed the stream or listener already.
        case closed
        /// The task was cancelled while it waited.
        case cancelled
        /// The host name has no address.
        case nameNotFound = "name_not_found"
        /// Another process listens on that address.
        case addressInUse = "address_in_use"
        /// The address is not one of this machine, or not an address.
        case addressInvalid = "address_invalid"
        /// The system does not allow it (a port below 1024, a file that may not be read).
        case permissionDenied = "permission_denied"
        /// No file descriptors are left.
        case descriptorsExhausted = "descriptors_exhausted"
        /// More bytes wait to be sent than the stream's limit allows.
        case backlogFull = "backlog_full"
        /// The peer's certificate was not accepted; `detail` says why.
        case certificateWrong = "certificate_wrong"
        /// The TLS handshake or a TLS record failed for another reason than the certificate.
        case tlsFailed = "tls_failed"
        /// The TLS files or names given by the configuration cannot be used.
        case tlsSetup = "tls_setup"
        /// Anything else the operating system reports; `detail` holds its words.
        case system
    }

    /// What happened, as far as it decides what to do.
    public var code: Code
    /// What was being done, with the address: `connect to 127.0.0.1:5038`.
    public var operation: String
    /// The operating system's, resolver's or OpenSSL's own words.
    public var detail: String
    /// The sentence an operator needs.
    public var hint: String

    /// - Parameter hint: empty: the code's usual one.
    public init(_ code: Code, operation: String, detail: String, hint: String = "") {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.hint = hint.isEmpty ? code.usualHint : hint
    }

    /// From a libuv status (a negated errno, or a resolver's code).
    init(uv status: Int32, operation: String) {
        let name = String(cString: uv_strerror(status))
        self.init(Code(uv: status), operation: operation, detail: name)
    }

    public var description: String {
        hint.isEmpty ? "cannot \(operation): \(detail)" : "cannot \(operation): \(detail) (\(hint))"
    }

    /// The task that waited was cancelled.
    static func cancelled(_ operation: String) -> EventLoopError {
        EventLoopError(.cancelled, operation: operation, detail: "the task was cancelled")
    }
    /// Somebody on this side closed it before.
    static func closed(_ operation: String) -> EventLoopError {
        EventLoopError(.closed, operation: operation, detail: "already closed on this side")
    }
    /// A deadline passed.
    static func timedOut(_ operation: String, after deadline: Duration) -> EventLoopError {
        EventLoopError(.timedOut, operation: operation, detail: "no answer within \(deadline)")
    }
}

extension EventLoopError.Code {
    /// Of a negated errno or one of libuv's own numbers; `system` for any that is not listed.
    init(uv status: Int32) {
        switch uv_errno_t(rawValue: status) {
        case UV_ECONNREFUSED: self = .connectionRefused
        case UV_EHOSTUNREACH, UV_ENETUNREACH, UV_ENETDOWN: self = .unreachable
        case UV_ETIMEDOUT: self = .timedOut
        case UV_ECONNRESET, UV_EPIPE, UV_ECONNABORTED: self = .connectionReset
        case UV_ECANCELED: self = .cancelled
        case UV_EAI_NONAME, UV_EAI_NODATA, UV_EAI_FAIL, UV_EAI_AGAIN: self = .nameNotFound
        case UV_EADDRINUSE: self = .addressInUse
        case UV_EADDRNOTAVAIL, UV_EAFNOSUPPORT, UV_EINVAL: self = .addressInvalid
        case UV_EACCES, UV_EPERM: self = .permissionDenied
        case UV_EMFILE, UV_ENFILE: self = .descriptorsExhausted
        default: self = .system
        }
    }

    /// What an operator can do where nothing more is known; empty where there is nothing.
    var usualHint: String {
        switch self {
        case .connectionRefused: "nothing listens there: is the service running, and on this address and port?"
        case .unreachable: "no route to that host"
        case .timedOut: "the other side or a firewall is silent"
        case .nameNotFound: "check the host name and the name servers"
        case .addressInUse: "another process listens there already"
        case .addressInvalid: "not an address of this machine"
        case .permissionDenied: "ports below 1024 need a privilege"
        case .descriptorsExhausted: "raise the limit of open files (LimitNOFILE)"
        case .certificateWrong: "check the CA file and that the host name is in the certificate"
        case .tlsFailed: "does that port speak TLS?"
        case .connectionReset, .closed, .cancelled, .backlogFull, .tlsSetup, .system: ""
        }
    }
}
