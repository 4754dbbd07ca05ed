public import Telephony

/// Which messages; every condition given must hold.
public struct DeliveryFilter: Sendable, Equatable {
    public var endpoint: String?
    public var state: DeliveryState?
    /// Created at or after.
    public var since: Instant?
    /// Row number above which to look, for `tail`; then oldest first.
    public var after: Int64?
    public var limit: Int?
    public init(
        endpoint: String? = nil, state: DeliveryState? = nil, since: Instant? = nil, after: Int64? = nil,
        limit: Int? = 100
    ) {
        (self.endpoint, self.state, self.since) = (endpoint, state, since)
        (self.after, self.limit) = (after, limit)
    }
}
