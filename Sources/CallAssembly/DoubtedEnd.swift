import Telephony

/// A Hangup as it was told, while it is not believed.
struct DoubtedEnd: Sendable {
    var mark: Mark
    var cause: HangupCause
    var text: String?
    var techCause: String?
    var location: CallEvent.Location
}
