/// One story on real Asterisk: what is done, and what must be told of it.
public struct Scenario: Sendable {
    /// What an instance must be set to for it.
    public enum Setting: String, Sendable {
        /// `timestampevents = yes`, `unanswered = yes`, `endbeforehexten` unset.
        case standard
        /// `timestampevents = no`.
        case noTimestamps
        /// `unanswered = no`, `endbeforehexten = no`.
        case cdrUnansweredOff
        /// `systemname` with dots and dashes: each unique id begins with it.
        case systemName
        /// `chan_sip` instead of PJSIP (Asterisk 16 only).
        case legacySIP
        /// An IAX2 trunk that leads back to the same Asterisk by another port.
        case iax
        /// The daemon reaches the manager over TLS, signed by the lab's own authority.
        case managerTLS
        /// `unanswered = yes`, `endbeforehexten = no`, and the other way round.
        case cdrLateEnd
        case cdrAnsweredOnly
        /// The web server runs, and an application outside holds what Stasis() hands it (ARI).
        case application
        /// The shipped manager user has class `dtmf`, by the line that its file has for it.
        case keysHeard
    }

    /// Unique; also its capture's folder.
    public var name: String
    /// What it is about: its neighbours in the list.
    public var family: String
    /// What happens, in words.
    public var story: String
    /// Done one after another by one thread.
    public var steps: [Step]
    /// One for each call that must be told; no more and no fewer.
    public var calls: [StatedFacts]
    /// What its Asterisk must have been booted with.
    public var setting = Setting.standard
    /// Asterisk's major versions it runs on.
    public var versions: Set<Int> = [16, 22]
    /// Why Asterisk's own CDR says otherwise; nil where it must agree.
    public var cdrDiffers: String?
    /// What is not told right yet, and why: such a run is reported, not failed. `live: ` where `replay` has it right.
    public var openIssue: String?
    /// More calls may be told than are stated: what a forged event leaves of its own call is not stated.
    public var allowsMore = false

    /// - Parameter openIssue: nil: it must be told right.
    public init(
        _ name: String, _ family: String, _ story: String, steps: [Step], calls: [StatedFacts],
        cdrDiffers: String? = nil, setting: Setting = .standard, versions: Set<Int> = [16, 22],
        allowsMore: Bool = false, openIssue: String? = nil
    ) {
        (self.name, self.family, self.story, self.steps, self.calls) = (name, family, story, steps, calls)
        (self.cdrDiffers, self.setting, self.versions) = (cdrDiffers, setting, versions)
        (self.allowsMore, self.openIssue) = (allowsMore, openIssue)
    }
}

/// Who has a phone in the lab.
public enum Party: String, Sendable, CaseIterable {
    case alice = "1001"
    case bob = "1002"
    case carol = "1003"
    case dave = "1004"
    /// The outside: where the trunk leads, and who calls in through it.
    case customer = "15551230001"
    case customer2 = "15551230002"
    case customer3 = "15551230003"

    /// A phone of the PBX, not beyond the trunk.
    var isInside: Bool { rawValue.utf8.count == 4 }
    /// How this party's channels begin.
    func channelPrefix(_ setting: Scenario.Setting) -> String {
        let technology = setting == .legacySIP ? "SIP" : "PJSIP"
        return isInside ? "\(technology)/\(rawValue)-" : "\(technology)/trunk-"
    }
}

/// One thing done, or waited for. A step that does not come true ends the scenario as failed.
public enum Step: Sendable {
    /// Calls a number; `as` and `name` change what the From header says.
    case dial(Party, String, as: String? = nil, name: [UInt8]? = nil)
    /// Waits for a call and answers it.
    case answer(Party)
    /// Waits for a call and refuses it with a SIP status.
    case refuse(Party, Int)
    /// Waits for a call and sends sound before any answer (183).
    case progress(Party)
    /// Waits for a call and sends it elsewhere (302).
    case forward(Party, to: String)
    /// Waits until a call has come.
    case called(Party)
    /// Waits until ringing is heard.
    case ringing(Party)
    /// Waits until the party's call is up.
    case up(Party)
    /// Lets so many seconds pass.
    case wait(Double)
    /// Hangs up, gives up (CANCEL) or refuses (603), by how far the call is. `line` from 1; nil: the newest.
    case hangUp(Party, line: Int? = nil)
    /// Waits until the other side has ended it.
    case ended(Party, line: Int? = nil)
    /// Puts the other side on hold by a re-INVITE.
    case hold(Party, line: Int? = nil)
    /// Takes it back.
    case resume(Party, line: Int? = nil)
    /// Keys, as RFC 4733 events in the audio.
    case press(Party, String)
    /// Blind transfer by REFER.
    case transfer(Party, to: String)
    /// Attended transfer by REFER with Replaces: the other sides of both lines are joined.
    case join(Party, line: Int, into: Int)
    /// Waits for the transfer's progress to reach a SIP status.
    case referred(Party, Int)
    /// What a phone does by itself from now on.
    case manner(Party, SIPPhone.Manner)
    /// A manager action; `{alice}` in a value is that party's newest channel.
    case action([String])
    /// A request to Asterisk's REST interface by the application `lab`, as `"POST"`, `"/bridges/room"`; `{alice}` is the unique id of
    /// that party's newest channel.
    case ari(String, String)
    /// A command at Asterisk's own console (`asterisk -rx`), up to its answer.
    case command(String)
    /// By `SIGKILL`: no event, no CDR.
    case killAsterisk
    /// Boots it anew after that; its counters start at 0.
    case restartAsterisk
}
