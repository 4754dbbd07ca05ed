/// Something a phone saw or did, by this machine's clock: the second witness of a call.
public struct Sighting: Sendable, CustomStringConvertible {
    /// What happened, from the phone's side.
    public enum Kind: Sendable, Equatable {
        case inviteSent(to: String)
        case inviteReceived(from: String)
        case ringing
        case answerSent
        case answerReceived
        case refused(status: Int)
        case refusalSent(status: Int)
        case cancelSent
        case cancelReceived
        case byeSent
        case byeReceived(reason: String?)
        case holdSent
        case resumeSent
        case referSent(to: String)
        case referProgress(status: Int)
        case digits(String)
    }

    /// Seconds since 1970.
    public let time: Double
    /// Which phone.
    public let phone: String
    /// Which of the phone's calls, from 1.
    public let line: Int
    public let kind: Kind

    public var description: String { "\(phone)/\(line) \(kind)" }
}
