public import Telephony

/// Which messages; every condition given must hold.
public struct DeliveryFilter: Sendable, Equatable {
    /// Name of the endpoint, compared whole; nil is all of them.
    public var endpoint: String?
    /// Nil is any. Dead letters have an index of their own; the other states are looked for row by row.
    public var state: DeliveryState?
    /// Created at or after.
    public var since: Instant?
    /// Created before.
    public var until: Instant?
    /// Row number above which to look, for `tail`; then oldest first.
    public var after: Int64?
    /// At most this many; nil is no limit.
    public var limit: Int?
    public init(
        endpoint: String? = nil, state: DeliveryState? = nil, since: Instant? = nil, until: Instant? = nil,
        after: Int64? = nil, limit: Int? = 100
    ) {
        (self.endpoint, self.state, self.since, self.until) = (endpoint, state, since, until)
        (self.after, self.limit) = (after, limit)
    }
}
