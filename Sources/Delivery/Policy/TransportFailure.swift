/// Why no answer was had. The raw value is the label kept with the attempt and used in metrics.
public enum TransportFailure: String, Sendable, Hashable, CaseIterable {
    /// The host name has no address.
    case nameLookup = "name_lookup"
    /// Nobody took the connection: refused, or no route to any of the host's addresses (CURLE_COULDNT_CONNECT).
    case connectionRefused = "connection_refused"
    /// The connection broke before a whole answer.
    case connectionLost = "connection_lost"
    /// Look-up, connection and answer together took longer than the endpoint's `timeout`.
    case timeout
    /// The certificate was refused or no TLS could be agreed.
    case tls
    /// The address is not one of the endpoint's `allow`.
    case addressNotAllowed = "address_not_allowed"
    /// The section's proxy cannot be reached, or makes no way to the receiver (`ProxyFault`).
    case proxy
    /// The answer is not HTTP.
    case malformedAnswer = "malformed_answer"
    /// No OAuth 2 token could be had.
    case token
    /// The daemon stopped before the answer came.
    case stopped
    /// Any other code of libcurl's; its words stand in the attempt's detail.
    case other
}
