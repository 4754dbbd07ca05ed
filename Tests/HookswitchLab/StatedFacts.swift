/// What a person says must be told of one call, written down before the run. Nil means nothing is stated.
///
/// A property is named as the record's field (`CallRecord`); seconds are given as a range, for a person's clock is no
/// stopwatch. Several values mean any of them is right: where the contract leaves it open, or Asterisk itself differs
/// by version.
public struct StatedFacts: Sendable {
    public var direction: String
    public var caller: String
    public var callee: [String]
    public var disposition: [String]
    public var billsec: ClosedRange<Int>?
    public var talk: ClosedRange<Double>?
    public var duration: ClosedRange<Int>?
    /// The number of who answered; `.some(nil)` states that nobody did.
    public var answeredBy: String??
    /// Numbers of all inside who spoke with the outside party, in order.
    public var agents: [String]?
    /// Whom the call belongs to in the end.
    public var agent: String?
    /// A nil among the values: the record may say null.
    public var hungUpBy: [String?]?
    public var cause: [Int]?
    public var queue: Queue?
    /// Kinds in order; empty states that there were none.
    public var transfers: [Transfer]?
    /// What each recording's path holds, in order; empty states that there were none.
    public var recordings: [String]?
    /// Of each of them; `pending` is right as well, for a stream that was replayed.
    public var recordingState: String?
    /// These at least, with just these values.
    public var variables: [String: String] = [:]
    public var callerName: String?
    public var hold: ClosedRange<Double>?
    public var park: ClosedRange<Double>?
    public var accountCode: String?
    public var userField: String?
    /// Stated unless a scenario says otherwise: a call that was heard whole is told as such.
    public var completeness: String? = "full"

    /// What is stated of the queue.
    public struct Queue: Sendable {
        public var name: String
        public var result: String
        public var wait: ClosedRange<Double>
        /// The four things that every call has; the rest by `with`.
        public init(_ name: String, _ result: String, wait: ClosedRange<Double>) {
            (self.name, self.result, self.wait) = (name, result, wait)
        }
    }

    /// What is stated of one transfer.
    public struct Transfer: Sendable {
        public var kind: String
        public var isOK: Bool?
        public init(_ kind: String, ok: Bool? = nil) { (self.kind, isOK) = (kind, ok) }
    }

    public init(
        _ direction: String, from caller: String, to callee: String..., disposition: String...
    ) {
        (self.direction, self.caller, self.callee, self.disposition) = (direction, caller, callee, disposition)
    }

    /// A copy with more stated: `.inbound(…).with { $0.billsec = 3 }`.
    public func with(_ change: (inout StatedFacts) -> Void) -> StatedFacts {
        var copy = self
        change(&copy)
        return copy
    }
}
