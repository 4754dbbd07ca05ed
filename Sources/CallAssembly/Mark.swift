import Telephony

/// When something was seen, and where in the stream it stands.
struct Mark: Sendable, Hashable {
    var at: Instant
    /// Stream offset; -1 where the source has none.
    var offset: Int64
}
