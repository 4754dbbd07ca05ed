public import Telephony

/// Which calls; every condition given must hold.
public struct CallFilter: Sendable, Equatable {
    /// Started at or after.
    public var since: Instant?
    /// Started before.
    public var until: Instant?
    /// The caller's, the callee's or any leg's number. From seven digits on, the end of one will do, and `+63917...`,
    /// `0063917...` and `0917...` are the same.
    public var number: String?
    /// The agent's number, or a part of the name in any case of letters.
    public var agent: String?
    /// The call's outcome as its record has it; nil is any.
    public var disposition: CallRecord.Disposition?
    /// The `system` of the record, compared whole and with its case; nil is any. With several Asterisks it tells theirs
    /// apart.
    public var system: String?
    /// Stored after this row, for `tail`; then in the order they were stored.
    public var after: Int64?
    /// At most this many; nil is no limit.
    public var limit: Int?
    public init(
        since: Instant? = nil, until: Instant? = nil, number: String? = nil, agent: String? = nil,
        disposition: CallRecord.Disposition? = nil, system: String? = nil, after: Int64? = nil, limit: Int? = 100
    ) {
        (self.since, self.until, self.number, self.agent) = (since, until, number, agent)
        (self.disposition, self.system, self.after, self.limit) = (disposition, system, after, limit)
    }
}
