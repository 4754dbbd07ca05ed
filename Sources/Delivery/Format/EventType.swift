/// What a webhook can be told of: the contract's event types.
public enum EventType: String, Sendable, Hashable, CaseIterable {
    case callStarted = "call.started"
    case callAnswered = "call.answered"
    case callTransferred = "call.transferred"
    /// Facts at hangup; recordings may not have settled.
    case callEnded = "call.ended"
    /// All facts, recordings settled: what a CRM stores.
    case callComplete = "call.complete"
    case recordingReady = "recording.ready"
    case recordingMissing = "recording.missing"
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
