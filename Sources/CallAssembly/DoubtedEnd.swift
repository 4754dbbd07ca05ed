import Telephony

/// A Hangup as it was told, while it is not believed.
struct DoubtedEnd: Sendable {
    /// When it came; the channel's end, if it is believed after all.
    var mark: Mark
    /// Q.850; 0 where Asterisk stated none.
    var cause: HangupCause
    /// `Cause-txt`; nil for none.
    var text: String?
    /// SIP status of a failed leg; nil before 22.
    var techCause: String?
    /// Where in the dialplan the channel was.
    var location: CallEvent.Location
}
