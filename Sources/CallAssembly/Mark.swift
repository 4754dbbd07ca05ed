import Telephony

/// When something was seen, and where in the stream it stands.
struct Mark: Sendable, Hashable {
    /// The event's own time; of one that a file or a handler told, when it says that it happened.
    var at: Instant
    /// Stream offset; -1 where the source has none.
    var offset: Int64
}
