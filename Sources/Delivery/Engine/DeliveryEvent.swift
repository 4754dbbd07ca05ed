public import Telephony

/// One attempt that ended, as `tail` and the log tell it. Holds no number, name or body.
public struct DeliveryEvent: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        case delivered
        case retry(at: Instant)
        case deadLetter
        /// The endpoint was disabled by its answer; the message is kept.
        case kept
    }
    public var at: Instant
    public var endpoint: String
    public var messageID: String
    public var callID: String
    public var event: String
    /// 1 for the first.
    public var attempt: Int
    public var status: Int?
    /// Label of what went wrong; nil where delivered.
    public var error: String?
    /// libcurl's words, where it has some.
    public var detail: String
    public var duration: Duration
    public var verdict: Verdict
}
