public import Telephony

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
