/// How an endpoint wants its values: numbers, local times, dispositions, links to recordings.
struct ValueFormat: Sendable {
    /// `number_format` and its prefixes. The standard body and CloudEvents carry the record as it is, whatever it says.
    var numbers = NumberFormat()
    /// Of times written without an offset, as presets and their templates do; RFC 3339 times are in UTC always.
    var zone: TimeZoneChoice = .system
    /// `disposition.` lines; nil where there are none: the call's own word is sent, and no alert tells of an unmapped
    /// one.
    var dispositions: DispositionMap?
    /// Base of links to recordings, a template; nil where there are none.
    var recordingURL: Template?
    /// `account_sid` of Twilio, `sn` of Yeastar: who the sender says it is.
    var account: String?
}
