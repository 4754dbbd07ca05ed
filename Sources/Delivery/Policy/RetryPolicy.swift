public import Telephony

/// When a delivery that failed is tried again, and when it is given up.
///
/// A value without a clock and without chance of its own: the caller brings both.
public struct RetryPolicy: Sendable, Hashable {
    /// Waits between attempts: after the first attempt the first, and so on. When they are used up, the delivery is a
    /// dead letter. Empty: one attempt only.
    public var waits: [Duration]
    /// A wait is stretched or shortened by at most this part of itself, so that many failures of one moment do not
    /// come back in one moment. 0 to 1.
    public var jitter: Double

    /// Takes any waits; `retry = none` of a section is the empty list.
    public init(waits: [Duration], jitter: Double = 0.1) { (self.waits, self.jitter) = (waits, jitter) }

    /// The contract's list: ten waits over about two days.
    public static let standard = RetryPolicy(waits: [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(3 * 3600),
        .seconds(6 * 3600), .seconds(12 * 3600), .seconds(24 * 3600),
    ])
    /// The Intellicall callback's: 1 s, 2 s, 4 s, exactly. The guide says "up to 3 attempts" and names three waits, which
    /// take four; Hookswitch uses all three waits (one attempt and three retries). `retry = 1s, 2s` gives three attempts.
    public static let intellicall = RetryPolicy(waits: [.seconds(1), .seconds(2), .seconds(4)], jitter: 0)

    /// No receiver can postpone a delivery further than this by `Retry-After`.
    public static let longestRetryAfter: Duration = .seconds(24 * 3600)

    /// Judges one finished attempt.
    /// - Parameters:
    ///   - attempt: its number, 1 for the first.
    ///   - chance: a uniformly drawn number from 0 up to 1.
    public func verdict(attempt: Int, outcome: AttemptOutcome, now: Instant, chance: Double) -> Verdict {
        var asked: Duration?
        switch outcome {
        case .answered(let status, let retryAfter):
            switch status {
            case 200..<300: return .delivered
            case 410: return .endpointGone
            case 429, 503: asked = retryAfter.map { min($0.wait(from: now), RetryPolicy.longestRetryAfter) }
            default: break
            }
        case .failed: break
        }
        guard attempt >= 1, attempt <= waits.count else { return .deadLetter }
        let own = waits[attempt - 1]
        let stretched = own * (1 + jitter * (2 * chance - 1))
        guard let asked else { return .retry(after: stretched) }
        // Never earlier than asked; spread over a tenth more, as all of its waiting deliveries were told the same time.
        return .retry(after: max(stretched, asked * (1 + jitter * chance)))
    }
}
