/// How one dialled leg ended: the `DialStatus` header of `DialEnd`; words not listed here are kept.
public struct DialStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let answer = DialStatus(rawValue: "ANSWER")
    public static let busy = DialStatus(rawValue: "BUSY")
    public static let noAnswer = DialStatus(rawValue: "NOANSWER")
    public static let cancel = DialStatus(rawValue: "CANCEL")
    public static let congestion = DialStatus(rawValue: "CONGESTION")
    public static let channelUnavailable = DialStatus(rawValue: "CHANUNAVAIL")
}
