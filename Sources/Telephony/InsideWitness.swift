/// What Asterisk's dialplan itself says of one channel: the witness from inside the call, independent of the manager
/// stream.
///
/// A hangup handler sends it by FastAGI (`call-complete`), or a script leaves it in the spool while no daemon is there.
/// It tells less than the events do, but it is there when the manager connection was down. Each of a call's legs may
/// send one. Values a stranger can choose (numbers, names) have lost their control characters.
public struct InsideWitness: Hashable, Sendable {
    /// Why the dialplan spoke up.
    public enum Occasion: String, Hashable, Sendable {
        /// The channel has ended: `call-complete` from a hangup handler.
        case hangup
        /// The dialplan attached a reference or variables to a call that goes on: `tag`.
        case tag
    }
    /// Which leg the channel is, as the dialplan that pushed the handler knows it.
    public enum Role: String, Hashable, Sendable {
        /// The channel that entered the dialplan; its CDR and dial results are the call's.
        case caller
        /// A channel that was dialled; its CDR values say nothing (asterisk's CDR belongs to the caller's channel).
        case callee
    }
    /// By which way the words came, for the record's notes.
    public enum Path: String, Hashable, Sendable {
        case fastAGI = "fastagi"
        case spool
    }

    public var occasion: Occasion
    public var path: Path
    /// When the daemon (or the spooling script, to the second) received it; for a hangup, at or just after the end.
    public var receivedAt: Instant
    /// Which PBX, where the dialplan says so (`system=`).
    public var system: String?
    /// The address a FastAGI request came from; nil for the spool.
    public var peer: String?
    /// Nothing says which of several PBXs it speaks of.
    public var isSystemGuessed = false

    public var uniqueID: UniqueID
    /// Nil where the dialplan did not send it: AGI's own environment has none.
    public var linkedID: LinkedID?
    public var channel: ChannelName
    public var role: Role?

    /// The channel's caller id; nil where Asterisk says `unknown` or nothing.
    public var callerNumber: String?
    public var callerName: String?
    /// The number dialled at the start: `CALLERID(dnid)`, which survives IVRs and transfers where the channel driver sets it,
    /// else `exten`.
    public var dialledNumber: String?
    /// Where in the dialplan the report was asked for.
    public var context: String?
    public var exten: String?
    public var accountCode: String?

    /// `DIALSTATUS`: ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL, …
    public var dialStatus: String?
    /// `DIALEDTIME` and `ANSWEREDTIME`: seconds since Dial() began, and since its answer; right on the caller's channel.
    public var dialedSeconds: Int?
    public var answeredSeconds: Int?
    public var hangupCause: HangupCause?
    /// `CHANNEL(hangupsource)`: the channel whose side hung up, or `dialplan/builtin`, `dialplan/agi`; nil: not known.
    public var hangupSource: String?
    /// `DIALEDPEERNAME` or `BRIDGEPEER`: the channel last talked to.
    public var peerChannel: ChannelName?
    public var peerNumber: String?

    public var cdr: CDRValues
    /// `MIXMONITOR_FILENAME`: the path as Asterisk sees it.
    public var recordingPath: String?
    /// `HOOKSWITCH_REF`, or `ref_id` of a tag: the caller's own reference.
    public var refID: String?
    /// `HOOKSWITCH_DIRECTION`: inbound, outbound or internal; other words are kept.
    public var direction: String?
    /// `QUEUESTATUS`: TIMEOUT, FULL, JOINEMPTY, LEAVEEMPTY, CONTINUE, …; nil while or unless a queue ended without answer.
    public var queueStatus: String?
    /// The queue's name and who took the call in it, where `queues.conf` has `setqueuevar` and `setinterfacevar`.
    public var queueName: String?
    public var memberName: String?
    public var memberInterface: String?
    /// Other variables by name, as the dialplan sent them (`var.NAME=`, and what a tag brings).
    public var variables: [String: String]
    /// The environment had repeated or strange lines: something in it was forged or cut. What Asterisk sends before any
    /// text of a stranger (channel, uniqueid) was taken, the first value of each name.
    public var isDamaged: Bool

    public init(
        occasion: Occasion, path: Path, receivedAt: Instant, uniqueID: UniqueID, channel: ChannelName
    ) {
        (self.occasion, self.path, self.receivedAt) = (occasion, path, receivedAt)
        (self.uniqueID, self.channel) = (uniqueID, channel)
        cdr = CDRValues()
        variables = [:]
        isDamaged = false
    }

    /// A plain channel variable's name: letters, digits and underscores. Anything else could be a dialplan function
    /// (`SHELL(…)`, `FILE(…)`), which must never be reached from a request.
    public static func isVariableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 79 else { return false }
        func isLetter(_ byte: UInt8) -> Bool {
            (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
        }
        return isLetter(first) && name.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) }
    }

    /// The channel's CDR as `CDR()` reads it in a hangup handler: right on the caller's channel, and only with
    /// `endbeforehexten = yes` in cdr.conf, which is Asterisk's own default.
    public struct CDRValues: Hashable, Sendable {
        public var start: CDRTime?
        public var answer: CDRTime?
        public var end: CDRTime?
        /// Whole seconds.
        public var duration: Int?
        public var billsec: Int?
        /// `ANSWERED`, `NO ANSWER`, `BUSY`, `FAILED`, `CONGESTION`.
        public var disposition: String?
        public var source: String?
        public var destination: String?
        public var destinationChannel: ChannelName?
        public var accountCode: String?
        public var userField: String?

        public init() {}
    }

    /// A CDR's time: `CDR(start,u)` gives epoch seconds with microseconds, `CDR(start)` local time without a zone.
    public enum CDRTime: Hashable, Sendable {
        case instant(Instant)
        case local(CivilTime)

        /// Reads `1795227945.926176` or `2026-11-21 02:25:45`; nil for anything else, and for an epoch of 0 (not set).
        public init?(_ text: some StringProtocol) {
            if let civil = CivilTime(text) {
                self = .local(civil)
                return
            }
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard let seconds = Int64(parts[0]), seconds > 0, seconds < 1 << 40 else { return nil }
            var microseconds: Int64 = 0
            if parts.count == 2 {
                let digits = parts[1].prefix(6)
                guard !digits.isEmpty, let value = Int64(digits), value >= 0 else { return nil }
                microseconds = value
                for _ in digits.count..<6 { microseconds *= 10 }
            }
            self = .instant(Instant(microseconds: seconds * 1_000_000 + microseconds))
        }
    }
}
