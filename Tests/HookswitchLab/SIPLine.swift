/// One dialog of a phone with Asterisk (RFC 3261, section 12), as data; `SIPPhone` moves it.
final class SIPLine {
    /// How far the call is.
    enum State: Equatable {
        /// Our INVITE is out, or Asterisk's has come and nothing final was said.
        case early
        /// 2xx was sent or received.
        case up
        /// Both sides know that it is over, or nobody answers any more.
        case ended
    }

    /// Which of the phone's calls, from 1.
    let number: Int
    /// `Call-ID`, the same in each message of it.
    let callID: String
    /// The phone placed it.
    let isOutgoing: Bool
    /// The phone's audio for it.
    let media: MediaStream
    /// Moved by the phone alone.
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

    /// Our From or To without its tag, name and all.
    var localURI: String
    /// Asterisk's, likewise.
    var remoteURI: String
    /// Ours; with `Call-ID` and `remoteTag` it names the dialog.
    let localTag: String
    /// Asterisk's; nil until it has said something.
    var remoteTag: String?
    /// Where requests inside the dialog go (the peer's Contact).
    var remoteTarget: String
    /// Our last `CSeq` number in it.
    var localSequence = 0
    /// The INVITE that made it: ours to cancel or acknowledge, or Asterisk's to answer.
    var invite: SIPMessage
    /// Asterisk's re-INVITE in work, and what was answered, for when it is sent again.
    var lastAnswer: (sequence: Int, bytes: [UInt8])?
    /// Of our session description: counts up with each change (RFC 4566, `o=`).
    var descriptionVersion = 1
    /// What we offered last: `sendrecv`, or `sendonly` while we hold.
    var direction = "sendrecv"

    /// As the INVITE left it.
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
