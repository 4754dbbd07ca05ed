/// How one dialled leg ended: the `DialStatus` header of `DialEnd` and the variable `DIALSTATUS`; words not listed here
/// are kept.
///
/// A 404 and a 603 come as `NOANSWER` in the event: the leg's hangup cause tells more. `CHANUNAVAIL` is cause 3 or 20,
/// or what could not be dialled at all.
public struct DialStatus: RawRepresentable, Hashable, Sendable {
    /// Asterisk's word; empty where the event had none.
    public let rawValue: String
    /// Takes any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let answer = DialStatus(rawValue: "ANSWER")
    public static let busy = DialStatus(rawValue: "BUSY")
    public static let noAnswer = DialStatus(rawValue: "NOANSWER")
    /// The caller hung up, somebody else answered, or the line redirected.
    public static let cancel = DialStatus(rawValue: "CANCEL")
    /// No circuit, or the far side could not be reached.
    public static let congestion = DialStatus(rawValue: "CONGESTION")
    public static let channelUnavailable = DialStatus(rawValue: "CHANUNAVAIL")
}
