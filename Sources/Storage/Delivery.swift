public import Telephony

/// A message of the outbox, for people to look at.
public struct Delivery: Sendable, Equatable {
    /// The outbox row, ascending in the order messages were written; what `deliveries retry` and `body(ofMessage:)`
    /// take.
    public var id: Int64
    /// The `webhook-id` the receiver sees, the same on every attempt.
    public var messageID: String
    /// The section's name, of an endpoint that need not be configured any more.
    public var endpoint: String
    /// The id of the call's record; a message without a call (an alert) has one of its own.
    public var callID: String
    /// The kind of message, `call.complete` for instance.
    public var event: String
    /// Place among the messages of its call and endpoint, which are sent in this order; gaps are fine.
    public var sequence: Int
    /// As on disk: a message on its way just now is still `ready`, since leases are in memory only.
    public var state: DeliveryState
    /// Attempts made so far, those before a `retry` or `replay` by an operator included.
    public var attemptCount: Int
    /// When it was written to the outbox, by the writer's clock.
    public var createdAt: Instant
    /// Next attempt; nil once settled.
    public var dueAt: Instant?
    /// When it was delivered or given up.
    public var settledAt: Instant?
    /// The HTTP status of the latest attempt; nil where it got no answer or none was made.
    public var lastStatus: Int?
    /// The label of why the latest attempt failed, as in `Attempt.error`; nil where it succeeded or none was made.
    public var lastError: String?
    /// Sent as `Content-Type` with the body.
    public var contentType: String
    /// Bytes of the body.
    public var size: Int
    /// Filled by `deliveries(ofCall:)` only, oldest first.
    public var attempts: [Attempt] = []
}
