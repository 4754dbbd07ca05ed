/// What a webhook can be told of: the contract's event types.
public enum EventType: String, Sendable, Hashable, CaseIterable {
    /// A call began: with as much as is known then, often not yet who will answer.
    case callStarted = "call.started"
    /// Somebody took the call. A call that nobody takes has none.
    case callAnswered = "call.answered"
    /// Once for each transfer; the event's counter tells them apart.
    case callTransferred = "call.transferred"
    /// Facts at hangup; recordings may not have settled.
    case callEnded = "call.ended"
    /// All facts, recordings settled: what a CRM stores.
    case callComplete = "call.complete"
    /// A recording's file is complete; once for each recording, after the call.
    case recordingReady = "recording.ready"
    /// A recording was begun, but its file did not come in time or is empty.
    case recordingMissing = "recording.missing"
    /// Of no call: `data` is an `Alert`.
    case alert

    /// Where the type stands in the order of a call; the event's counter is added. `call.complete` says that all is
    /// settled, so it comes last.
    var rank: Int {
        switch self {
        case .callStarted: 0
        case .callAnswered: 10_000
        case .callTransferred: 20_000
        case .callEnded: 30_000
        case .recordingReady: 40_000
        case .recordingMissing: 50_000
        case .callComplete: 60_000
        case .alert: 0
        }
    }
}
