public import Telephony

/// At most so many requests in a time: a bucket that fills steadily.
///
/// The bucket holds a tenth of a second's worth (at least one), so that no second sees more than 1.1 times the rate.
public struct RateLimiter: Sendable, Hashable {
    /// Requests and the time they are spread over, as configured: `50/s`, `100/min`.
    public struct Rate: Sendable, Hashable {
        /// From 1 to 1,000,000 as configured; `RateLimiter` divides by it.
        public var count: Int
        /// A second, a minute or an hour as configured.
        public var per: Duration
        /// For tests and code; a section's `rate` is read by `init(configuration:)`.
        public init(count: Int, per: Duration) { (self.count, self.per) = (count, per) }
        /// Reads `50/s`, `100/min`, `2000/h`.
        init(configuration text: String) throws(ValueError) {
            let parts = text.split(separator: "/").map { ConfigurationText.trimmed(String($0)) }
            let units: [String: Duration] = [
                "s": .seconds(1), "sec": .seconds(1), "m": .seconds(60), "min": .seconds(60), "h": .seconds(3600),
            ]
            guard parts.count == 2, let count = Int(parts[0]), (1...1_000_000).contains(count),
                let per = units[parts[1]]
            else { throw ValueError(problem: "\"\(text)\" is not a rate", hint: "write as 50/s, 100/min or 2000/h") }
            self.init(count: count, per: per)
        }
    }

    private let interval: Double
    private let capacity: Double
    private var tokens: Double
    private var last: Instant?

    /// Begins with a full bucket: after a start, or a pause, a tenth of a second's worth goes out at once.
    public init(_ rate: Rate) {
        interval = Double(rate.per.wholeMicroseconds) / Double(rate.count)
        capacity = max(1, 100_000 / interval)
        tokens = capacity
    }

    /// Takes one request's place, or tells when there will be one.
    public mutating func take(now: Instant) -> Instant? {
        if let last, now > last {
            tokens = min(capacity, tokens + Double(now.microseconds - last.microseconds) / interval)
        }
        // Also when the clock was set back: the bucket then fills from the earlier time on, and nothing stops.
        last = now
        if tokens >= 1 {
            tokens -= 1
            return nil
        }
        return Instant(microseconds: now.microseconds + Int64(((1 - tokens) * interval).rounded(.up)))
    }
}
