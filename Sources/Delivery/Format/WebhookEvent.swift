public import Telephony

/// One thing that happened and is to be told.
public struct WebhookEvent: Sendable, Equatable {
    /// What it is about.
    public enum Subject: Sendable, Equatable {
        /// The record as far as it is known when the event is made.
        case call(CallRecord)
        /// `type` is `alert`, and there is no record.
        case alert(Alert)
    }
    /// Decides who wants it, and where it stands among a call's events.
    public var type: EventType
    /// The `webhook-id`, derived: the same event gives the same id whenever and by whomever it is read.
    public var id: String
    /// When it happened.
    public var timestamp: Instant
    /// What `data` is written from.
    public var subject: Subject
    /// Tells events of one type and call apart (the second transfer, the second recording); 0 to 9,999.
    public var counter: Int

    /// An event of a call; `record` is as much as is known.
    public init(_ type: EventType, of record: CallRecord, counter: Int = 0, at timestamp: Instant) {
        (self.type, self.timestamp, self.counter) = (type, timestamp, min(max(counter, 0), 9999))
        id = WebhookEvent.id(type, of: record.id, counter: counter)
        subject = .call(record)
    }
    /// An alert. Its id is derived from kind, subject and time.
    public init(_ alert: Alert) {
        (type, timestamp, counter, subject) = (.alert, alert.at, 0, .alert(alert))
        id = WebhookEvent.id(
            .alert, of: "\(alert.kind.rawValue)\n\(alert.subject)", counter: Int(alert.at.milliseconds))
    }

    /// The call's record; nil for an alert.
    public var record: CallRecord? { if case .call(let record) = subject { record } else { nil } }
    /// What keeps its order: the call, or for an alert the event itself.
    public var callID: String { record?.id ?? id }
    /// Place among the messages of a call, ascending; the outbox sends those of one call and endpoint in this order.
    public var sequence: Int { type.rank + counter }

    /// `msg_` and 32 hexadecimal digits: the start of a SHA-256 over type, call and counter. Letters and digits only,
    /// as the id is part of what is signed and some receivers store it as a key.
    public static func id(_ type: EventType, of callID: String, counter: Int) -> String {
        "msg_" + Crypto.hex(Crypto.hash(.sha256, Array("\(type.rawValue)\n\(callID)\n\(counter)".utf8)).prefix(16))
    }
}
