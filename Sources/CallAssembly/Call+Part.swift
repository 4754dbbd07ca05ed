import Telephony

/// What happens to a channel.
extension Call.Part {
    mutating func take(_ state: ChannelState, _ mark: Mark) {
        switch state {
        case .ringing where ringing == nil: ringing = mark
        case .up where up == nil: up = mark
        default: break
        }
    }
    mutating func finish(
        _ mark: Mark, _ cause: HangupCause, _ text: String?, _ techCause: String?, _ location: CallEvent.Location
    ) {
        end = mark
        self.cause = cause
        causeText = text
        self.techCause = techCause
        hasMovedOn = location != self.location && !(location.context.isEmpty && location.exten.isEmpty)
        closeOpenSpans(mark)
    }
    /// Ends it at `mark`; in truth somewhere between that and `until`, where that is known.
    mutating func guessEnd(_ mark: Mark, until: Instant? = nil) {
        end = mark
        endIsGuessed = true
        closeOpenSpans(mark, until)
    }
    private mutating func closeOpenSpans(_ mark: Mark, _ until: Instant? = nil) {
        for i in stays.indices where stays[i].to == nil {
            stays[i].to = mark
            stays[i].unseen = until.map { Call.Window(since: mark.at, until: $0) }
        }
        for i in holds.indices where holds[i].to == nil { holds[i].to = mark }
    }
}
