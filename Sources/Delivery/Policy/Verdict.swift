/// What is done with a delivery after an attempt.
public enum Verdict: Sendable, Hashable {
    /// A 2xx: settled, and kept as delivered until retention takes it.
    case delivered
    /// Due again that long after the attempt ended. Jitter and the receiver's `Retry-After` are in it.
    case retry(after: Duration)
    /// No attempt is left: kept and shown, never dropped.
    case deadLetter
    /// 410: the endpoint is disabled, the delivery kept for when it is enabled again.
    case endpointGone
}
