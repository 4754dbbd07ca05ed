public import Telephony

/// The `Retry-After` header of a 429 or 503.
///
/// **Shape**: `120`, or an HTTP date, `Sat, 21 Nov 2026 05:00:00 GMT`.
/// **Source**: RFC 9110, 10.2.3 (the header) and 5.6.7 (the three forms of a date).
public enum RetryAfter: Sendable, Hashable {
    /// Counted from the answer; never negative, and 1,000,000,000 s where more than nine digits were sent.
    case delay(Duration)
    /// By the receiver's clock, which may differ from ours: one that has passed is no wait at all.
    case date(Instant)

    /// How long to wait, never negative.
    public func wait(from now: Instant) -> Duration {
        switch self {
        case .delay(let duration): duration
        case .date(let instant): max(.zero, instant - now)
        }
    }

    /// Reads the header's value; nil for anything that is neither form.
    public init?(_ text: String) {
        let text = ConfigurationText.trimmed(text)
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            // Longer than any number of seconds that makes sense: as long as is allowed.
            self = .delay(.seconds(text.utf8.count > 9 ? 1_000_000_000 : Int64(text) ?? 0))
        } else if let instant = HTTPDate.parse(text) {
            self = .date(instant)
        } else {
            return nil
        }
    }
}
