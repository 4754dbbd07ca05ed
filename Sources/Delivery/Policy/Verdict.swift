/// What is done with a delivery after an attempt.
public enum Verdict: Sendable, Hashable {
    case delivered
    case retry(after: Duration)
    /// No attempt is left: kept and shown, never dropped.
    case deadLetter
    /// 410: the endpoint is disabled, the delivery kept for when it is enabled again.
    case endpointGone
}
