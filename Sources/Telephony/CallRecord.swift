/// What is told of one call: the contract's record, one value a call, in the contract's order and names.
///
/// Every text in it has passed `printable`. Times are Asterisk's own where it gave them.
public struct CallRecord: Sendable, Equatable {
    /// Stable over replays, backfills and instances: derived from `system` and `linkedID`.
    public var id: String
    /// Which PBX: the configuration's name of it.
    public var system: String
    /// The call's first channel.
    public var uniqueID: UniqueID
    /// The oldest linked id the call had.
    public var linkedID: LinkedID
    /// Who is outside, by the dialplan's own word, the configured trunks, or what was learned of each device.
    public var direction: Direction
    /// Whether somebody was reached; of a call that tried nobody (IVR, voicemail, conference) whether the PBX answered.
    public var disposition: Disposition
    /// Who called; for click-to-call the line inside whose phone was rung first.
    public var caller: Caller
    /// What was called: of an inbound call the number dialled (DID), wherever menus and transfers took it, without a name.
    public var callee: Caller
    /// Who answered first, as a person: inbound and internal a phone inside, outbound the called party; nil for nobody.
    public var answeredBy: Party?
    /// Everyone inside who spoke with the outside party, in the order they first did; the same phone twice in a row
    /// counts once.
    public var agents: [Party] = []
    /// Who the call belongs to in the end: the last of `agents`, or who placed an outbound call that nobody answered.
    public var agent: Party?
    /// Creation of the call's first channel.
    public var startedAt: Instant
    /// Inbound, when the PBX answered the caller (perhaps a queue's or an IVR's own answer); outbound, when the called
    /// party did; nil: never.
    public var answeredAt: Instant?
    /// When the last party left, which a slow hangup handler does not delay; never before `startedAt`. See `isInProgress`.
    public var endedAt: Instant
    /// Time the outside party (or the first caller) was bridged with a person; hold and parking excluded.
    public var talk: Duration = .zero
    /// Time in which at least one line was ringing for the caller; the ringing of the caller's own phone
    /// (click-to-call) is not in it.
    public var ring: Duration = .zero
    /// Time the outside party (or the first caller) spent on hold, or left waiting while somebody consulted.
    public var hold: Duration = .zero
    /// Time it spent parked.
    public var park: Duration = .zero
    /// Whose side ended the call; nil where the end was not seen.
    public var hungUpBy: HungUpBy?
    /// Of the outside leg. Where Asterisk stated none (0), 16 for an ordinary end, 19 for a call that rang out, else 0.
    public var hangupCause: HangupCause
    /// Asterisk's words for `hangupCause`, as they came.
    public var hangupCauseText: String
    /// The queue whose member took the call, else the last one it waited in; nil for none.
    public var queue: Queue?
    /// What moved a call that somebody already had, in order of time.
    public var transfers: [Transfer] = []
    /// One for each start of MixMonitor whose file is known; an entry's `state` settles after the call.
    public var recordings: [Recording] = []
    /// One for each channel that was somebody's line, oldest first; Local channels and Asterisk's own have none.
    public var legs: [Leg] = []
    /// Channel variables named in the configuration, by bare name; sorted when written.
    public var variables: [String: String] = [:]
    /// The caller's own reference: `HOOKSWITCH_REF`, set at click-to-call or by a `tag` request.
    public var refID: String?
    /// Of the first line, else of its CDR, else of the outside line.
    public var accountCode: String?
    /// What the dialplan put into `CDR(userfield)`; of several rows the last one that has something.
    public var userField: String?
    /// Whether every event of the call was heard.
    public var completeness: Completeness = .full
    /// Who testified.
    public var sources: Set<Source> = []
    /// What was repaired, guessed or is told otherwise by Asterisk's CDR, each a phrase for people.
    public var notes: [String] = []
    /// The call goes on: `endedAt` is the moment of telling, and how the call ends is not known. In JSON `ended_at`, `hungup_by` and
    /// `hangup_cause` are null then, and so is `disposition` until somebody has been reached.
    public var isInProgress = false

    /// Start to end in whole seconds, rounded down as a CDR does.
    public var duration: Int { CallRecord.wholeSeconds(startedAt, endedAt) }
    /// Answer to end in whole seconds, rounded down as a CDR does; 0 when never answered.
    public var billableSeconds: Int { answeredAt.map { CallRecord.wholeSeconds($0, endedAt) } ?? 0 }
    /// The first recording whose file is ready.
    public var recordingPath: String? { recordings.first { $0.state == .ready }?.path }

    /// The disposition as far as it is decided: of a call in progress nil, until somebody has been reached.
    public var knownDisposition: Disposition? { isInProgress && disposition != .answered ? nil : disposition }

    /// Rounds down; 0 where the end is before the start. Of the times as they are written, to the millisecond: who reckons the
    /// record's fields again comes to the same seconds.
    private static func wholeSeconds(_ start: Instant, _ end: Instant) -> Int {
        let (span, isTooLong) = end.milliseconds.subtractingReportingOverflow(start.milliseconds)
        return isTooLong ? 0 : Int(max(0, span) / 1000)
    }

    /// Derives the record's id: the same call gives the same id however and wherever it is read.
    public static func id(system: String, linkedID: LinkedID) -> String {
        var id = ""
        // Room for a linked id of the usual form, at once.
        id.reserveCapacity(system.utf8.count + 20)
        id.append(system)
        id.append("-")
        id.append(linkedID.description)
        return id
    }

    /// A call of those facts with nothing else known: `full`, never answered, without legs.
    public init(
        id: String, system: String, uniqueID: UniqueID, linkedID: LinkedID, direction: Direction,
        disposition: Disposition, caller: Caller, callee: Caller, startedAt: Instant, endedAt: Instant,
        hangupCause: HangupCause
    ) {
        (self.id, self.system, self.uniqueID, self.linkedID) = (id, system, uniqueID, linkedID)
        (self.direction, self.disposition, self.caller, self.callee) = (direction, disposition, caller, callee)
        (self.startedAt, self.endedAt, self.hangupCause) = (startedAt, endedAt, hangupCause)
        hangupCauseText = hangupCause.text
    }
}

extension CallRecord {
    /// Which way the call went, seen from the PBX; `internal` where nobody outside took part.
    public enum Direction: String, Sendable, CaseIterable { case inbound, outbound, `internal` }
    /// Written as its raw value: Asterisk's CDR words with an underscore, and `CANCELED` where a CDR says `NO ANSWER`.
    public enum Disposition: String, Sendable, CaseIterable {
        case answered = "ANSWERED"
        case noAnswer = "NO_ANSWER"
        case busy = "BUSY"
        /// The caller hung up before anybody answered.
        case canceled = "CANCELED"
        /// The line could not be reached: unknown number, congestion, a refusal.
        case failed = "FAILED"
    }
    /// Whose side ended a call. `agent` is somebody inside who is neither caller nor callee, as after a transfer;
    /// `system` the dialplan, a time limit, a manager action or a shutdown.
    public enum HungUpBy: String, Sendable, CaseIterable { case caller, callee, agent, system }
    /// `partial` where the stream had a gap during the call, or where files or the dialplan alone told of it; `notes`
    /// say which.
    public enum Completeness: String, Sendable, CaseIterable { case full, partial }
    /// Where words about a call came from: manager events, the dialplan's own (FastAGI or spool), call detail records,
    /// channel event log.
    public enum Source: String, Sendable, Comparable {
        case ami, agi, cdr, cel
        /// By spelling, the order they are written in.
        public static func < (a: Source, b: Source) -> Bool { a.rawValue < b.rawValue }
    }

    /// A number and the name that came with it.
    public struct Caller: Sendable, Hashable {
        /// As the line showed it first, before the dialplan changed it; of a callee what was dialled. Nil: withheld or
        /// not known.
        public var number: String?
        /// Caller id name, its quoting taken back; nil for none.
        public var name: String?
        /// Nobody, unless told otherwise.
        public init(number: String? = nil, name: String? = nil) { (self.number, self.name) = (number, name) }
    }
    /// Somebody on a line of the PBX or outside.
    public struct Party: Sendable, Hashable {
        /// The line's own number; of an outside line that was dialled the number asked of the trunk.
        public var number: String?
        /// The name that goes with it; nil for none.
        public var name: String?
        /// The channel they were on.
        public var channel: ChannelName
        /// Who a queue, VICIdial or the configuration says was on it.
        public var agent: String?
        public init(number: String?, name: String?, channel: ChannelName, agent: String? = nil) {
            (self.number, self.name, self.channel, self.agent) = (number, name, channel, agent)
        }
    }
    /// How the wait in a queue went.
    public struct Queue: Sendable, Hashable {
        /// A member took it; the caller gave up; the queue's time limit; the queue was full; it had no member to serve
        /// it, at entry or later; left by a key, a redirect or the dialplan.
        public enum Result: String, Sendable, CaseIterable {
            case answered = "ANSWERED"
            case abandoned = "ABANDONED"
            case timeout = "TIMEOUT"
            case full = "FULL"
            case empty = "EMPTY"
            case exit = "EXIT"
        }
        /// As in queues.conf.
        public var name: String
        /// From joining to leaving; zero for a queue that refused the caller, nil where nothing told how long it was.
        public var wait: Duration?
        /// Place in the queue at entry, 1 is next; nil where it was not seen.
        public var position: Int?
        /// Nil where neither events nor `QUEUESTATUS` told.
        public var result: Result?
        public init(name: String, wait: Duration?, position: Int?, result: Result?) {
            (self.name, self.wait, self.position, self.result) = (name, wait, position, result)
        }
    }
    /// One move of a call that somebody already had.
    public struct Transfer: Sendable, Hashable {
        /// `forward` is a 302 of a line the transfer rang, `redirect` a manager's Redirect, for which Asterisk has no event.
        public enum Kind: String, Sendable { case blind, attended, park, pickup, forward, redirect }
        /// What was done.
        public var kind: Kind
        /// Number or channel of who did it; nil where nobody on a line did (a manager action).
        public var by: String?
        /// The number, slot or application it went to.
        public var to: String?
        /// When Asterisk told of it.
        public var at: Instant
        /// Whether somebody or something took the call there.
        public var isOK: Bool
        public init(kind: Kind, by: String?, to: String?, at: Instant, isOK: Bool) {
            (self.kind, self.by, self.to, self.at, self.isOK) = (kind, by, to, at, isOK)
        }
    }
    /// One start of MixMonitor and the file it wrote.
    public struct Recording: Sendable, Hashable {
        /// `pending` until the file has settled after the call.
        public enum State: String, Sendable { case pending, ready, missing, empty }
        /// As Asterisk sees it.
        public var path: String
        /// The channel MixMonitor ran on.
        public var channel: ChannelName
        /// When it began; the file may hold less, as with MixMonitor's option `b` (bridged time only).
        public var startedAt: Instant
        /// StopMixMonitor, else the channel's end; nil where neither was seen.
        public var endedAt: Instant?
        /// Length of the audio, from the file; nil until it was read.
        public var length: Duration?
        /// Size of the file; nil until it was read, and for a file that never came.
        public var bytes: Int?
        /// What became of the file.
        public var state: State
        public init(path: String, channel: ChannelName, startedAt: Instant, endedAt: Instant?, state: State = .pending)
        {
            (self.path, self.channel, self.startedAt, self.endedAt, self.state) = (
                path, channel, startedAt, endedAt, state
            )
        }
    }
    /// One channel's part in the call.
    public struct Leg: Sendable, Hashable {
        /// Which part a channel's party had in the call.
        public enum Role: String, Sendable {
            /// The first channel's party; whom it called; a colleague reached by transfer, pickup or queue; a supervisor…
            case caller, callee, agent
            /// Rang and was not taken; a line used to consult only.
            case rung, consulted
        }
        /// A stay in one bridge, and whom the channel met there.
        public struct Bridged: Sendable, Hashable {
            /// When the channel entered.
            public var from: Instant
            /// When it left; later than `from`.
            public var to: Instant
            /// Who was in it at any time of the stay, Local halves included; empty in a queue's or a parking lot's music.
            public var with: [ChannelName]
            public init(from: Instant, to: Instant, with: [ChannelName]) {
                (self.from, self.to, self.with) = (from, to, with)
            }
        }
        /// Asterisk's own; of a channel put together from another's words that one's, a slash and a number or `peer`.
        public var uniqueID: UniqueID
        /// Its name at the end, should it have been renamed.
        public var channel: ChannelName
        /// The line's number; nil where none is known.
        public var number: String?
        /// The name that goes with it.
        public var name: String?
        /// Decided from the whole call at its end.
        public var role: Role
        /// Creation of the channel.
        public var startedAt: Instant
        /// First ringing reported; nil for a line that called in, that was answered at once, or that never rang.
        public var ringingAt: Instant?
        /// When the line came up; on the caller's line that may be the PBX's own answer.
        public var answeredAt: Instant?
        /// Nil where the end was not seen.
        public var endedAt: Instant?
        /// How its last dial ended; nil for a line that was not dialled.
        public var dialStatus: DialStatus?
        /// Nil while it lives and where the end was not seen.
        public var cause: HangupCause?
        /// Asterisk's words for `cause`, as they came.
        public var causeText: String?
        /// SIP status of the leg's failure (Asterisk 22's `TechCause`).
        public var techCause: String?
        /// True for a ring-group member whose call a colleague took.
        public var isAnsweredElsewhere = false
        /// In order of time.
        public var bridged: [Bridged] = []
        /// A leg of which only the beginning is known.
        public init(uniqueID: UniqueID, channel: ChannelName, role: Role, startedAt: Instant) {
            (self.uniqueID, self.channel, self.role, self.startedAt) = (uniqueID, channel, role, startedAt)
        }
    }
}
