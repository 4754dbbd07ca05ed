/// Which event decided a field of the record: the answer to "why does it say that".
public struct FieldEvidence: Sendable, Hashable {
    /// The record's field, as the contract spells it; of a leg `legs[0].answered_at`, counted from the first.
    public var field: String
    /// The event's name as Asterisk spells it, a CEL row's as `CEL HANGUP`, `Cdr`, `hangup handler` or `tag`; `notSeen` where none
    /// came.
    public var event: String
    /// When that event happened.
    public var at: Instant
    /// Byte offset of the event in the manager stream since connect, or in the capture; nil for other sources.
    public var offset: Int64?
    /// A few words: what in that event decided; the name of a variable; empty where the field's name says it.
    public var reason: String
    /// In place of an event that should have come and did not: a channel that was gone after a gap, an Asterisk that was killed.
    public static let notSeen = "(not seen)"

    public init(field: String, event: String, at: Instant, offset: Int64?, reason: String) {
        (self.field, self.event, self.at, self.offset, self.reason) = (field, event, at, offset, reason)
    }
}
