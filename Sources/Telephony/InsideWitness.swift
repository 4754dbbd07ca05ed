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
    /// By which way the words came.
    public enum Path: String, Hashable, Sendable {
        case fastAGI = "fastagi"
        case spool
    }

    /// Why the dialplan spoke up.
    public var occasion: Occasion
    /// By which way; decides nothing.
    public var path: Path
    /// When the daemon (or the spooling script, to the second) received it; for a hangup, at or just after the end.
    public var receivedAt: Instant
    /// Which PBX, where the dialplan says so (`system=`).
    public var system: String?
    /// The address a FastAGI request came from; nil for the spool.
    public var peer: String?
    /// Nothing says which of several PBXs it speaks of.
    public var isSystemGuessed = false

    /// `agi_uniqueid`: the channel that speaks.
    public var uniqueID: UniqueID
    /// Nil where the dialplan did not send it: AGI's own environment has none.
    public var linkedID: LinkedID?
    /// `agi_channel`, its name.
    public var channel: ChannelName
    /// `role=`; nil where the dialplan says none, which is taken as the caller's.
    public var role: Role?

    /// The channel's caller id; nil where Asterisk says `unknown` or nothing.
    public var callerNumber: String?
    /// The name beside it, likewise.
    public var callerName: String?
    /// The number dialled at the start: `CALLERID(dnid)`, which survives IVRs and transfers where the channel driver sets it,
    /// else `exten`.
    public var dialledNumber: String?
    /// Where in the dialplan the report was asked for.
    public var context: String?
    /// The extension there, the number dialled unless the dialplan has moved on; nil with `context`.
    public var exten: String?
    /// `agi_accountcode`; nil for none.
    public var accountCode: String?

    /// `DIALSTATUS`: ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL, …
    public var dialStatus: String?
    /// `DIALEDTIME` and `ANSWEREDTIME` on the caller's channel: seconds that it was there, and that it was up, when its last Dial()
    /// ended. After a menu that answered first the second is longer than anybody talked.
    public var dialedSeconds: Int?
    /// `ANSWEREDTIME`: whole seconds since the dialled line's answer, rounded down; 0 or nil where it did not answer.
    public var answeredSeconds: Int?
    /// `HANGUPCAUSE` of the channel; nil where it is no number.
    public var hangupCause: HangupCause?
    /// `CHANNEL(hangupsource)`: the channel whose side hung up, or `dialplan/builtin`, `dialplan/agi`; nil: not known.
    public var hangupSource: String?
    /// `DIALEDPEERNAME` or `BRIDGEPEER`: the channel last talked to.
    public var peerChannel: ChannelName?
    /// `DIALEDPEERNUMBER`: what Dial() was told after the technology, as `1001` or `15559876543@trunk`.
    public var peerNumber: String?

    /// The channel's CDR so far; all nil where the dialplan sends none.
    public var cdr: CDRValues
    /// `MIXMONITOR_FILENAME`: the path as Asterisk sees it.
    public var recordingPath: String?
    /// `HOOKSWITCH_REF`, or `ref_id` of a tag: the caller's own reference.
    public var refID: String?
    /// `HOOKSWITCH_DIRECTION`: inbound, outbound or internal; other words are kept.
    public var direction: String?
    /// `QUEUESTATUS`: TIMEOUT, FULL, JOINEMPTY, LEAVEEMPTY, CONTINUE, …; nil while or unless a queue ended without answer.
    public var queueStatus: String?
    /// `QUEUENAME`, set where queues.conf has `setqueuevar`.
    public var queueName: String?
    /// `MEMBERNAME`: who took the call, set where queues.conf has `setinterfacevar`.
    public var memberName: String?
    /// `MEMBERINTERFACE`, with it: `PJSIP/1001`.
    public var memberInterface: String?
    /// `QEHOLDTIME`, set where queues.conf has `setqueueentryvar`: whole seconds in the queue until a member took the call.
    public var queueHoldSeconds: Int?
    /// `QEORIGINALPOS`, with it: the place in the queue at entry, 1 is next.
    public var queuePosition: Int?
    /// Other variables by name, as the dialplan sent them (`var.NAME=`, and what a tag brings).
    public var variables: [String: String]
    /// The environment had repeated or strange lines: something in it was forged or cut. What Asterisk sends before any
    /// text of a stranger (channel, uniqueid) was taken, the first value of each name.
    public var isDamaged: Bool

    /// Words of a channel that says no more than its ids; the rest is filled in by whoever read them.
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
        /// `CDR(start)`; nil where it is not set.
        public var start: CDRTime?
        /// `CDR(answer)`; nil where nothing answered.
        public var answer: CDRTime?
        /// `CDR(end)`; in a hangup handler set only with `endbeforehexten = yes`.
        public var end: CDRTime?
        /// Whole seconds.
        public var duration: Int?
        /// Whole seconds, 0 where nothing answered.
        public var billsec: Int?
        /// `ANSWERED`, `NO ANSWER`, `BUSY`, `FAILED`, `CONGESTION`.
        public var disposition: String?
        /// `CDR(src)`: the caller's number.
        public var source: String?
        /// `CDR(dst)`: the extension the channel had got to.
        public var destination: String?
        /// `CDR(dstchannel)`: the channel dialled last; nil for none.
        public var destinationChannel: ChannelName?
        /// `CDR(accountcode)`; nil for an empty one.
        public var accountCode: String?
        /// `CDR(userfield)`; nil for an empty one.
        public var userField: String?

        /// Nothing sent.
        public init() {}
    }

    /// A CDR's time: `CDR(start,u)` gives epoch seconds with microseconds, `CDR(start)` local time without a zone.
    public enum CDRTime: Hashable, Sendable {
        /// From `CDR(…,u)`: exact.
        case instant(Instant)
        /// From `CDR(…)`: an instant only once the PBX's zone is known.
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
