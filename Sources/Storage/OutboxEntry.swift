public import Telephony

/// Something to be sent to one endpoint, rendered, not yet on disk.
public struct OutboxDraft: Sendable, Equatable {
    /// The `webhook-id`: the same on every attempt and after any restart. Within a call and endpoint it is said once;
    /// the same again adds nothing.
    public var messageID: String
    /// The configuration's name of the endpoint.
    public var endpoint: String
    /// Messages of one call and endpoint are sent in order of `sequence`. Where there is no call (an alert), any id of
    /// its own, such as the message id.
    public var callID: String
    /// `call.complete`, `call.started`, …
    public var event: String
    /// Place within the call, ascending; gaps are fine.
    public var sequence: Int
    /// Sent as `Content-Type`; the outbox never looks into the body it speaks of.
    public var contentType: String
    /// What is sent, or for GET the query; the same bytes on every attempt.
    public var body: [UInt8]
    /// When the first attempt is due: when it is made, and no later than when it is written.
    public var dueAt: Instant

    public init(
        messageID: String, endpoint: String, callID: String, event: String, sequence: Int, contentType: String,
        body: [UInt8], dueAt: Instant
    ) {
        (self.messageID, self.endpoint, self.callID, self.event) = (messageID, endpoint, callID, event)
        (self.sequence, self.contentType, self.body, self.dueAt) = (sequence, contentType, body, dueAt)
    }
}

/// A message claimed from the outbox: on disk, and lent to the claimer until its lease ends.
public struct OutboxEntry: Sendable, Equatable, Identifiable {
    /// The outbox row.
    public let id: Int64
    /// The `webhook-id`, by which a receiver sees that it had a message before.
    public let messageID: String
    /// The endpoint it was claimed for.
    public let endpoint: String
    /// What its order is kept within; no other message of this call and endpoint is lent meanwhile.
    public let callID: String
    /// The kind of message, `call.complete` for instance.
    public let event: String
    /// Place among the messages of its call and endpoint.
    public let sequence: Int
    /// Sent as `Content-Type`.
    public let contentType: String
    /// As drafted; for GET the query. Empty where its row has lost its body.
    public let body: [UInt8]
    /// Attempts since it was last made ready; 0 for a fresh message, and for a dead letter that an operator sends again.
    public let attempts: Int
    /// When this attempt fell due.
    public let dueAt: Instant

    /// - Parameter id: the outbox row, which a draft has not.
    public init(id: Int64, draft: OutboxDraft, attempts: Int = 0) {
        (self.id, messageID, endpoint, callID) = (id, draft.messageID, draft.endpoint, draft.callID)
        (event, sequence, contentType, body) = (draft.event, draft.sequence, draft.contentType, draft.body)
        (self.attempts, dueAt) = (attempts, draft.dueAt)
    }
}

/// Where a message of the outbox stands.
///
/// ```
///            first of its call          claim                 2xx
/// enqueue ──────────────────▶ ready ◀────────▶ (leased) ───────────▶ delivered
///    │                          ▲    retry, lease over │                 │
///    └─ behind another ─▶ waiting                      └─ gave up ─▶ dead ┘ retry, replay: back to ready
///                      predecessor delivered or dead
/// ```
/// A lease is kept in memory only: the state folder has one owner, so a restart ends all leases at once.
public enum DeliveryState: String, Sendable, CaseIterable {
    /// May be claimed once it is due.
    case ready
    /// An earlier message of the same call and endpoint is not settled yet.
    case waiting
    /// A receiver accepted it; kept for retention's time, and sent again on request.
    case delivered
    /// Given up; kept, shown, and sent again on request.
    case dead
}

/// One try at sending a message.
public struct Attempt: Sendable, Equatable {
    /// When it began.
    public var at: Instant
    /// From `at` to the end of the answer or the failure, by a clock that nobody sets; stored in microseconds.
    public var duration: Duration
    /// The HTTP status; nil where there was no answer.
    public var status: Int?
    /// A label from a bounded set where it failed: `timeout`, `connection_refused`, `tls`, `http_5xx`, …
    public var error: String?
    /// The start of the answer's body, for `show`; at most `Attempt.responseLimit` bytes are kept.
    public var response: [UInt8]
    /// Bytes of an answer that are stored; `init` cuts off the rest.
    public static let responseLimit = 2048

    public init(at: Instant, duration: Duration, status: Int?, error: String? = nil, response: [UInt8] = []) {
        (self.at, self.duration, self.status, self.error) = (at, duration, status, error)
        self.response = response.count > Attempt.responseLimit ? Array(response[..<Attempt.responseLimit]) : response
    }
}

/// What came of a claimed message.
public struct AttemptResult: Sendable, Equatable {
    /// What becomes of the message after the attempt.
    public enum Verdict: Sendable, Equatable {
        /// Accepted, and so out of the way of the next message of its call.
        case delivered
        /// Try again, not before the time given.
        case retry(at: Instant)
        /// Given up: a dead letter.
        case dead
    }
    /// The entry's row.
    public var entry: OutboxEntry.ID
    /// Stored whatever the verdict, and even where the message is settled already.
    public var attempt: Attempt
    /// Decided by delivery's retry policy; the outbox only writes it down.
    public var verdict: Verdict
    public init(entry: OutboxEntry.ID, attempt: Attempt, verdict: Verdict) {
        (self.entry, self.attempt, self.verdict) = (entry, attempt, verdict)
    }
}

/// The answer to a claim.
public struct Claim: Sendable, Equatable {
    /// Lent to the claimer, the longest due first; empty where nothing is due or the endpoint is held.
    public var entries: [OutboxEntry]
    /// When the endpoint's next unclaimed message falls due; nil where there is none, or the endpoint is held. Not after
    /// `now` where more could have been claimed.
    public var nextDue: Instant?
    public init(entries: [OutboxEntry] = [], nextDue: Instant? = nil) {
        (self.entries, self.nextDue) = (entries, nextDue)
    }
}
