import Telephony

/// Lets the first of a kind through at once, then at most one a minute that says how many there were.
struct AlertThrottle {
    private var last: Instant?
    private var held = 0
    private let interval: Duration = .seconds(60)

    /// How many happened since the last one let through, this one included; nil where this one is held back.
    mutating func admit(now: Instant) -> Int? {
        if let last, now - last < interval, now >= last {
            held += 1
            return nil
        }
        last = now
        defer { held = 0 }
        return held + 1
    }
}
