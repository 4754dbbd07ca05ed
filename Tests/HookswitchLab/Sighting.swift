/// Something a phone saw or did, by this machine's clock: the second witness of a call.
public struct Sighting: Sendable, CustomStringConvertible {
    /// What happened, from the phone's side: `…Sent` is the phone's deed, `…Received` what reached it; SIP's own words
    /// otherwise.
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

        /// As a sentence with the phone in front.
        var words: String {
            switch self {
            case .inviteSent(let number): "calls \(number)"
            case .inviteReceived(let caller): "is called by \(caller)"
            case .ringing: "hears ringing"
            case .answerSent: "answers"
            case .answerReceived: "is answered"
            case .refused(let status): "is refused: \(status)"
            case .refusalSent(let status): "refuses: \(status)"
            case .cancelSent: "gives up: CANCEL"
            case .cancelReceived: "stops ringing: CANCEL"
            case .byeSent: "hangs up"
            case .byeReceived(let reason): "is hung up on" + (reason.map { ": \($0)" } ?? "")
            case .holdSent: "holds"
            case .resumeSent: "resumes"
            case .referSent(let target): "transfers: REFER \(target)"
            case .referProgress(let status): "hears of its transfer: \(status)"
            case .digits(let digits): "presses \(digits)"
            }
        }
    }

    /// Seconds since 1970.
    public let time: Double
    /// Which phone.
    public let phone: String
    /// Which of the phone's calls, from 1.
    public let line: Int
    /// What it saw or did.
    public let kind: Kind

    public var description: String { "\(phone)/\(line) \(kind.words)" }
}
