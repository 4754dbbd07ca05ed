/// How long to wait before the next attempt to connect.
public struct AMIBackoff: Sendable, Equatable {
    /// After the first failure.
    public var first: Duration = .milliseconds(250)
    /// The longest wait; each failure doubles the wait up to this.
    public var longest: Duration = .seconds(30)
    /// After a refused login: it will be refused again, and log watchers ban an address that hammers.
    public var afterRefusal: Duration = .seconds(30)

    /// A quarter of a second, doubled up to half a minute.
    public init() {}

    /// The wait after `failures` failures in a row (1 or more).
    /// - Parameter random: 0 ..< 1; the wait is spread over its upper half, so that many clients do not come back at once.
    public func delay(afterFailures failures: Int, refused: Bool, random: Double) -> Duration {
        var delay = first
        for _ in 1..<max(1, min(failures, 32)) where delay < longest { delay = delay * 2 }
        delay = min(delay, longest)
        if refused { delay = max(delay, afterRefusal) }
        return delay * (0.5 + random / 2)
    }
}
