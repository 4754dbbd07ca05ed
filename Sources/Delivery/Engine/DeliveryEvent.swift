public import Telephony

/// One attempt that ended, as `tail` and the log tell it. Holds no number, name or body.
public struct DeliveryEvent: Sendable, Equatable {
    /// What became of the message: the policy's verdict, its wait turned into a time.
    public enum Verdict: Sendable, Equatable {
        /// A 2xx.
        case delivered
        /// Due again then, by the wall clock.
        case retry(at: Instant)
        /// Its attempts are used up; kept, and shown by `deliveries --state dead`.
        case deadLetter
        /// The endpoint was disabled by its answer; the message is kept.
        case kept
    }
    /// When the attempt ended, by the wall clock.
    public var at: Instant
    /// Name of its section.
    public var endpoint: String
    /// The `webhook-id`: the same on each attempt.
    public var messageID: String
    /// The record's id; of an alert the message id.
    public var callID: String
    /// The event type, as `call.complete`.
    public var event: String
    /// 1 for the first.
    public var attempt: Int
    /// The HTTP status; nil where there was no answer.
    public var status: Int?
    /// Label of what went wrong; nil where delivered.
    public var error: String?
    /// libcurl's words, where it has some.
    public var detail: String
    /// From the beginning of the attempt to its end, getting a token included, by a clock nobody sets.
    public var duration: Duration
    /// What was decided; it is written to the outbox a little later.
    public var verdict: Verdict
}
