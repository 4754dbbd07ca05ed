/// One dialog of a phone with Asterisk (RFC 3261, section 12), as data; `SIPPhone` moves it.
final class SIPLine {
    /// How far the call is.
    enum State: Equatable {
        /// Our INVITE is out, or Asterisk's has come and nothing final was said.
        case early
        /// 2xx was sent or received.
        case up
        case ended
    }

    let number: Int
    let callID: String
    let isOutgoing: Bool
    let media: MediaStream
    var state = State.early
    /// An outgoing call that was told 180 or 183.
    var isRinging = false
    /// The answer was acknowledged (incoming), so that the dialog may be used.
    var isConfirmed = false
    /// Given up before it was answered.
    var isCancelled = false
    /// The refusal of an outgoing call.
    var refusal: Int?
    /// Asterisk ended it (BYE, CANCEL, refusal).
    var wasEndedByPeer = false
    /// Last `NOTIFY` about a REFER: 100, 180, 200, 486 …
    var referStatus: Int?

    var localURI: String
    var remoteURI: String
    let localTag: String
    var remoteTag: String?
    /// Where requests inside the dialog go (the peer's Contact).
    var remoteTarget: String
    var localSequence = 0
    /// The INVITE that made it: ours to cancel or acknowledge, or Asterisk's to answer.
    var invite: SIPMessage
    /// Asterisk's re-INVITE in work, and what was answered, for when it is sent again.
    var lastAnswer: (sequence: Int, bytes: [UInt8])?
    var descriptionVersion = 1
    var direction = "sendrecv"

    init(
        number: Int, callID: String, isOutgoing: Bool, media: MediaStream, localURI: String, remoteURI: String,
        localTag: String, remoteTag: String?, remoteTarget: String, invite: SIPMessage
    ) {
        (self.number, self.callID, self.isOutgoing, self.media) = (number, callID, isOutgoing, media)
        (self.localURI, self.remoteURI, self.localTag, self.remoteTag) = (localURI, remoteURI, localTag, remoteTag)
        (self.remoteTarget, self.invite) = (remoteTarget, invite)
    }

    /// The header value naming our side.
    var local: String { "\(localURI);tag=\(localTag)" }
    /// The header value naming Asterisk's side.
    var remote: String { remoteTag.map { "\(remoteURI);tag=\($0)" } ?? remoteURI }
}
