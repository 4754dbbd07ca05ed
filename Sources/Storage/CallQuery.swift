public import Telephony

/// Reading the store beside its writer; sees what has been committed.
///
/// The work is done on a reader's own thread. `StoreReader` is the one for SQLite; in the daemon the `CallStore` has one.
public protocol CallQuery: Sendable {
    /// Calls, newest first.
    func calls(matching filter: CallFilter) async throws(StorageError) -> [StoredCall]
    /// The call with this record id, or of which this is any channel's `uniqueid` or `linkedid`; the newest if several.
    func call(withAnyID id: String) async throws(StorageError) -> StoredCall?
    /// Messages, newest first, without their attempts.
    func deliveries(matching filter: DeliveryFilter) async throws(StorageError) -> [Delivery]
    /// All messages of one call in the order they are sent, each with every attempt.
    func deliveries(ofCall id: String) async throws(StorageError) -> [Delivery]
    /// Every endpoint that ever had a message, with its counts.
    func endpoints() async throws(StorageError) -> [EndpointStatus]
}

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
    public var disposition: CallRecord.Disposition?
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

/// A call as it was stored.
public struct StoredCall: Sendable, Equatable {
    /// Ascending in the order calls were stored.
    public var row: Int64
    /// The contract's JSON object.
    public var recordJSON: [UInt8]
    public var evidence: [FieldEvidence]
    /// When it was first written, and when last amended.
    public var storedAt: Instant
    public var amendedAt: Instant?

    public init(row: Int64, recordJSON: [UInt8], evidence: [FieldEvidence], storedAt: Instant, amendedAt: Instant?) {
        (self.row, self.recordJSON, self.evidence) = (row, recordJSON, evidence)
        (self.storedAt, self.amendedAt) = (storedAt, amendedAt)
    }
}

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

/// A message of the outbox, for people to look at.
public struct Delivery: Sendable, Equatable {
    public var id: Int64
    public var messageID: String
    public var endpoint: String
    public var callID: String
    public var event: String
    public var sequence: Int
    public var state: DeliveryState
    /// Attempts made so far.
    public var attemptCount: Int
    public var createdAt: Instant
    /// Next attempt; nil once settled.
    public var dueAt: Instant?
    /// When it was delivered or given up.
    public var settledAt: Instant?
    /// Status and error label of the latest attempt.
    public var lastStatus: Int?
    public var lastError: String?
    public var contentType: String
    /// Bytes of the body.
    public var size: Int
    /// Filled by `deliveries(ofCall:)` only, oldest first.
    public var attempts: [Attempt] = []
}
