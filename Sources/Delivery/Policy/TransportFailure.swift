/// Why no answer was had. The raw value is the label kept with the attempt and used in metrics.
public enum TransportFailure: String, Sendable, Hashable, CaseIterable {
    /// The host name has no address.
    case nameLookup = "name_lookup"
    case connectionRefused = "connection_refused"
    /// The connection broke before a whole answer.
    case connectionLost = "connection_lost"
    case timeout
    /// The certificate was refused or no TLS could be agreed.
    case tls
    /// The address is not one of the endpoint's `allow`.
    case addressNotAllowed = "address_not_allowed"
    case proxy
    /// The answer is not HTTP.
    case malformedAnswer = "malformed_answer"
    /// No OAuth 2 token could be had.
    case token
    /// The daemon stopped before the answer came.
    case stopped
    case other
}
