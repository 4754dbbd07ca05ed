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
    public var direction: Direction
    public var disposition: Disposition
    public var caller: Caller
    public var callee: Caller
    public var answeredBy: Party?
    public var agents: [Party] = []
    public var agent: Party?
    public var startedAt: Instant
    public var answeredAt: Instant?
    public var endedAt: Instant
    /// Time the outside party (or the first caller) was bridged with a person; hold and parking excluded.
    public var talk: Duration = .zero
    public var ring: Duration = .zero
    public var hold: Duration = .zero
    public var park: Duration = .zero
    public var hungUpBy: HungUpBy?
    public var hangupCause: HangupCause
    /// Asterisk's words for `hangupCause`, as they came.
    public var hangupCauseText: String
    public var queue: Queue?
    public var transfers: [Transfer] = []
    public var recordings: [Recording] = []
    public var legs: [Leg] = []
    /// Channel variables named in the configuration, by bare name; sorted when written.
    public var variables: [String: String] = [:]
    public var refID: String?
    public var accountCode: String?
    public var userField: String?
    public var completeness: Completeness = .full
    public var sources: Set<Source> = []
    public var notes: [String] = []
    /// The call goes on: `endedAt` is the moment of telling, and how the call ends is not known. In JSON `ended_at`, `hungup_by` and
    /// `hangup_cause` are null then, and so is `disposition` until somebody has been reached.
    public var isInProgress = false

    /// Start to end in whole seconds, rounded down as a CDR does.
    public var duration: Int { CallRecord.wholeSeconds(endedAt - startedAt) }
    /// Answer to end in whole seconds, rounded down as a CDR does; 0 when never answered.
    public var billableSeconds: Int { answeredAt.map { CallRecord.wholeSeconds(endedAt - $0) } ?? 0 }
    /// The first recording whose file is ready.
    public var recordingPath: String? { recordings.first { $0.state == .ready }?.path }

    /// The disposition as far as it is decided: of a call in progress nil, until somebody has been reached.
    public var knownDisposition: Disposition? { isInProgress && disposition != .answered ? nil : disposition }

    static func wholeSeconds(_ d: Duration) -> Int { Int(max(0, d.wholeMicroseconds) / 1_000_000) }

    /// Derives the record's id: the same call gives the same id however and wherever it is read.
    public static func id(system: String, linkedID: LinkedID) -> String { system + "-" + linkedID.description }

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
    public enum Direction: String, Sendable, CaseIterable { case inbound, outbound, `internal` }
    public enum Disposition: String, Sendable, CaseIterable {
        case answered = "ANSWERED"
        case noAnswer = "NO_ANSWER"
        case busy = "BUSY"
        case canceled = "CANCELED"
        case failed = "FAILED"
    }
    public enum HungUpBy: String, Sendable { case caller, callee, agent, system }
    public enum Completeness: String, Sendable { case full, partial }
    public enum Source: String, Sendable, Comparable {
        case ami, agi, cdr, cel
        public static func < (a: Source, b: Source) -> Bool { a.rawValue < b.rawValue }
    }

    /// A number and the name that came with it.
    public struct Caller: Sendable, Hashable {
        public var number: String?
        public var name: String?
        public init(number: String? = nil, name: String? = nil) { (self.number, self.name) = (number, name) }
    }
    /// Somebody on a line of the PBX or outside.
    public struct Party: Sendable, Hashable {
        public var number: String?
        public var name: String?
        public var channel: ChannelName
        /// Who a queue, VICIdial or the configuration says was on it.
        public var agent: String?
        public init(number: String?, name: String?, channel: ChannelName, agent: String? = nil) {
            (self.number, self.name, self.channel, self.agent) = (number, name, channel, agent)
        }
    }
    public struct Queue: Sendable, Hashable {
        public enum Result: String, Sendable {
            case answered = "ANSWERED"
            case abandoned = "ABANDONED"
            case timeout = "TIMEOUT"
            case full = "FULL"
            case empty = "EMPTY"
            case exit = "EXIT"
        }
        public var name: String
        public var wait: Duration
        /// Place in the queue at entry, 1 is next; nil where it was not seen.
        public var position: Int?
        public var result: Result?
        public init(name: String, wait: Duration, position: Int?, result: Result?) {
            (self.name, self.wait, self.position, self.result) = (name, wait, position, result)
        }
    }
    public struct Transfer: Sendable, Hashable {
        public enum Kind: String, Sendable { case blind, attended, park, pickup, forward, redirect }
        public var kind: Kind
        /// Number or channel of who did it; nil where nobody on a line did (a manager action).
        public var by: String?
        /// The number, slot or application it went to.
        public var to: String?
        public var at: Instant
        /// Whether somebody or something took the call there.
        public var isOK: Bool
        public init(kind: Kind, by: String?, to: String?, at: Instant, isOK: Bool) {
            (self.kind, self.by, self.to, self.at, self.isOK) = (kind, by, to, at, isOK)
        }
    }
    public struct Recording: Sendable, Hashable {
        /// `pending` until the file has settled after the call.
        public enum State: String, Sendable { case pending, ready, missing, empty }
        /// As Asterisk sees it.
        public var path: String
        public var channel: ChannelName
        public var startedAt: Instant
        public var endedAt: Instant?
        /// Length of the audio, from the file; nil until it was read.
        public var length: Duration?
        public var bytes: Int?
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
        public enum Role: String, Sendable {
            /// The first channel's party; whom it called; a colleague reached by transfer, pickup or queue; a supervisor…
            case caller, callee, agent
            /// Rang and was not taken; a line used to consult only; half of a Local channel.
            case rung, consulted, local
        }
        /// Time shared with other channels in one bridge.
        public struct Bridged: Sendable, Hashable {
            public var from: Instant
            public var to: Instant
            /// The other channels met there.
            public var with: [ChannelName]
            public init(from: Instant, to: Instant, with: [ChannelName]) {
                (self.from, self.to, self.with) = (from, to, with)
            }
        }
        public var uniqueID: UniqueID
        public var channel: ChannelName
        public var number: String?
        public var name: String?
        public var role: Role
        public var startedAt: Instant
        public var ringingAt: Instant?
        public var answeredAt: Instant?
        /// Nil where the end was not seen.
        public var endedAt: Instant?
        public var dialStatus: DialStatus?
        public var cause: HangupCause?
        public var causeText: String?
        /// SIP status of the leg's failure (Asterisk 22's `TechCause`).
        public var techCause: String?
        /// True for a ring-group member whose call a colleague took.
        public var isAnsweredElsewhere = false
        public var bridged: [Bridged] = []
        public init(uniqueID: UniqueID, channel: ChannelName, role: Role, startedAt: Instant) {
            (self.uniqueID, self.channel, self.role, self.startedAt) = (uniqueID, channel, role, startedAt)
        }
    }
}
