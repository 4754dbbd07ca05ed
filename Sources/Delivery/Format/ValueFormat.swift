/// How an endpoint wants its values: numbers, local times, dispositions, links to recordings.
struct ValueFormat: Sendable {
    var numbers = NumberFormat()
    var zone: TimeZoneChoice = .system
    var dispositions: DispositionMap?
    /// Base of links to recordings, a template; nil where there are none.
    var recordingURL: Template?
    /// `account_sid` of Twilio, `sn` of Yeastar: who the sender says it is.
    var account: String?
}
