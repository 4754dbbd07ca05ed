/// How one attempt ended.
public enum AttemptOutcome: Sendable, Hashable {
    /// The receiver answered in full and in time.
    case answered(status: Int, retryAfter: RetryAfter?)
    /// No whole answer was had. The receiver may have acted on the message all the same.
    case failed(TransportFailure)

    /// A 2xx, and nothing else: a redirect is not followed and so delivers nothing.
    public var isSuccess: Bool { if case .answered(200..<300, _) = self { true } else { false } }
    /// The receiver, not the message, is in trouble: what counts for the circuit breaker. A 400 or 422 speaks of one message.
    public var speaksOfEndpoint: Bool {
        switch self {
        case .failed: true
        case .answered(let status, _):
            switch status {
            case 400, 409, 413, 415, 422: false
            default: !(200..<300).contains(status)
            }
        }
    }
}
