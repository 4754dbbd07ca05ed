import Telephony

/// The facts of one call while it lives: a graph of channels, dials, bridges and Local pairs. Nothing is decided here.
struct Call: Sendable {
    /// The oldest linked id any of its channels has shown.
    var linkedID: LinkedID
    /// All linked ids it has been seen under, the present one included.
    var aliases: [LinkedID]
    /// Its channels in the order they were told of, and the guests among them. The other lists name a channel by its
    /// place here, which holds until this call is put into another (`absorb`).
    var parts: [Part] = []
    /// One for each line that was rung, in the order of DialBegin; a line that picked a call up has one too.
    var dials: [Dial] = []
    /// Halves of Local channels, by place in `parts`.
    var localPairs: [(one: Int, two: Int)] = []
    /// Each bridge that one of its channels was in, once, of the kind it was entered as first.
    var bridges: [(id: BridgeID, kind: CallEvent.BridgeKind)] = []
    /// One for each QueueCallerJoin, oldest first: a caller may come back to the same queue.
    var queueVisits: [QueueVisit] = []
    /// Transfers, pickups and parkings, oldest first, those that failed included.
    var moves: [Move] = []
    /// In the order they were told; most belong to a move, the others are a manager's Redirect.
    var relocations: [Relocation] = []
    /// Each MixMonitorStart; several may be of one channel, and run side by side.
    var recordings: [RecordingStart] = []
    /// The answer to the Originate action that placed it; nil where no action did (a call file, a caller), or while the
    /// answer has not come.
    var originate: CallEvent.Originate?
    /// When that answer came.
    var originateMark = Mark.unseen(Instant(microseconds: 0))
    /// The CDRs of its channels, in the order they came: one for each part of the call, written as that part ends.
    var cdrRows: [Row] = []
    /// What the dialplan itself said of its channels, by hangup handlers and tags, in the order it came.
    var witnesses: [InsideWitness] = []
    /// Channel variables that are wanted in the record, and those that decide something in it, by bare name: the latest
    /// value that was not empty, whichever channel it was on.
    var variables = VariableList()
    /// Who has told anything of it so far; `ami` also stands for a channel that only the list of live ones showed.
    var sources = SourceSet()
    /// The first CEL row of it that was heard beside its channel events.
    var firstCEL: Mark?
    /// Remarks for the record's reader, each once, in the order they became true.
    var notes: [String] = []
    /// Something of it was not heard: the stream was cut or damaged while it lived, or its beginning was missed.
    var isPartial = false
    /// Channels not yet gone.
    var alive = 0
    /// From when on events of it were missed first; 1970 where it was found in progress, nil where none were.
    var deafSince: Instant?
    /// It ended in a gap and nobody has said how: Asterisk's own files may.
    var awaitsFiles = false
    /// What the CEL file has of it so far, while its end is not in there: told after all if that never comes.
    var story: [Call] = []
    /// When the last channel went; nil while one lives.
    var emptySince: Instant?
    /// No HangupRequest is heard on this connection, though several calls must have had one: a filter hides them.
    var hidesRequests = false
    /// When CEL said that no channel has this linked id any more, while some were not seen to end.
    var retired: Mark?
    /// When its Asterisk seems to have gone, by the ids of the next one; nil as soon as more is written of it.
    var lostAt: Instant?
    /// An agent's line that is logged in: its customers' calls are their own, whatever linked id Asterisk gives them.
    var isAgentSession = false
    /// `answered` was told to whoever asks for progress; that is told once.
    var hasToldAnswer = false

    /// No channel yet.
    init(linkedID: LinkedID) {
        self.linkedID = linkedID
        aliases = [linkedID]
    }

    /// One channel.
    struct Part: Sendable {
        /// Asterisk's; made up where only a CDR or a handler's words about its peer tell of the channel
        /// (`1700000000.1/peer`).
        var uniqueID: UniqueID
        /// The linked id it shows now.
        var linkedID: LinkedID
        /// As the latest Rename left it: an attended transfer or a masquerade may give a channel another's.
        var name: ChannelName
        /// The number it showed at first: a caller's own; of a dialled line mostly the number dialled. Nil: none, or
        /// withheld.
        var firstNumber: String?
        /// The latest; changes with NewCallerid, also to what a dialplan wants the other side to see. Nil: none, or
        /// withheld.
        var number: String?
        /// What showed `number` and `callerName` last, where that was not the channel's beginning.
        var shown: Mark?
        /// The name beside `firstNumber`; nil where the source does not tell it, or there was none.
        var firstName: String?
        /// The line's own name, as it was last shown with its own number.
        var callerName: String?
        /// The latest that was not empty; nil where none was set.
        var accountCode: String?
        /// What told it, where that was not the channel's beginning.
        var billed: Mark?
        /// Where it came in: of a caller's channel `exten` is what was dialled, of a dialled one mostly `s`.
        var firstLocation: CallEvent.Location
        /// Where in the dialplan it was last seen; events of bridges, dials and CEL tell it, not each step.
        var location: CallEvent.Location
        /// Its Newchannel; of a channel found in a list or told by a handler, what its CDR, its id or its age says.
        var created: Mark
        /// When it first rang; nil where it did not, or the source does not tell (CEL, CDR).
        var ringing: Mark?
        /// When it first came up: of a caller's channel when the PBX or somebody behind it answered, of a dialled one
        /// when that line did. Nil: never.
        var up: Mark?
        /// When its own side asked for the end (the latest HangupRequest, or a source of CEL or a handler that names
        /// this channel); nil where none did. Busy() and Congestion() make one too.
        var hangupRequest: Mark?
        /// The cause in that request; nil where it states none, as mostly in Asterisk 16, or none was heard.
        var hangupRequestCause: HangupCause?
        /// When the PBX was asked to end it: the latest SoftHangupRequest, which every end in the dialplan comes with.
        /// Nil: none was heard.
        var softHangup: Mark?
        /// When its party last pressed a key; nil also where nobody tells (class dtmf).
        var lastKey: Mark?
        /// Its Hangup, or what is taken for it (`endIsGuessed`); nil while it lives. A guest has one far ahead of all
        /// calls.
        var end: Mark?
        /// Of its Hangup; 0 until then, and where Asterisk stated none. From a CDR alone it is what the disposition
        /// amounts to.
        var cause = HangupCause.notStated
        /// `Cause-txt` of its Hangup; nil where another source told the end.
        var causeText: String?
        /// The SIP status of a failed leg, from its Hangup; nil before 22 and for other sources.
        var techCause: String?
        /// Its times in bridges, in the order it came into them; two may overlap by some milliseconds as it is moved.
        var stays: [Stay] = []
        /// The times for which its own party had put the others on hold; never told by CEL or CDR.
        var holds: [Span] = []
        /// What CEL's HANGUP, or the channel's handler, names as the side that ended it; nil where neither
        /// was heard, empty where it names nobody; and the event that names it.
        var hangupSource: (name: String, mark: Mark)?
        /// The latest application that matters to the story, and what it was given.
        var application: (name: String, data: String, mark: Mark)?
        /// A channel of another call that was met in one bridge (a conference, an agent's session): heard, but no leg of this call.
        var isGuest = false
        /// Who logged in on this line (AgentLogin).
        var agent: String?
        /// It was found in a list of the live channels: its beginning was not heard.
        var isAdopted = false
        /// When its party left as its handler or its CDR says, where the events may not have told.
        var toldEnd: Mark?
        /// It was answered at `up` as far as a list of the live channels shows; its handler knows better.
        var upIsGuessed = false
        /// When its events were heard again after a gap in its life, or at all; nil where all of them were.
        var heardAgain: Instant?
        /// Made from a handler's words about its peer; its own id is not known yet.
        var isPeer = false
        /// Its end was not seen.
        var endIsGuessed = false
        /// Made by Asterisk for itself, or half of a Local channel: nobody's line.
        var isInternal: Bool
        /// The dialplan went on after its last bridge: it was somewhere else at its hangup.
        var hasMovedOn = false
        /// The list of the present connection shows it alive, or it was made since that list was begun.
        var isConfirmed = true

        /// Half of a Local channel, `…;1` or `…;2`.
        var isLocal: Bool { name.isLocal }
    }
    /// One CDR, and where it was heard: behind a reference, because it has a dozen texts.
    @dynamicMemberLookup
    final class Row: Sendable {
        /// What it says.
        let row: CDRRow
        /// Its event; of one read in a file, the end it tells.
        let mark: Mark
        /// Takes a row as it came.
        init(_ row: CDRRow, _ mark: Mark) { (self.row, self.mark) = (row, mark) }
        /// What the row says, by its own names.
        subscript<T>(dynamicMember member: KeyPath<CDRRow, T>) -> T { row[keyPath: member] }
    }
    /// Time in one bridge.
    struct Stay: Sendable {
        /// Place in `Call.bridges`.
        var bridge: Int
        /// The BridgeEnter, or what stands for it.
        var from: Mark
        /// The BridgeLeave; nil while it is there.
        var to: Mark? = nil
        /// Its end was not seen: when it must have been; `to` is one side of it.
        var unseen: Window? = nil
    }
    /// A time in which something happened unseen.
    struct Window: Sendable {
        /// The last moment at which it cannot have happened yet.
        var since: Instant
        /// When it was found to have happened.
        var until: Instant
    }
    /// A time from one event to another.
    struct Span: Sendable {
        /// Its first moment.
        var from: Mark
        /// Nil while it lasts.
        var to: Mark?
        /// Of a hold that a gap began in: until then at least it lasted. Nil where its end was heard.
        var unsureSince: Instant? = nil
    }
    /// One attempt to reach one channel.
    struct Dial: Sendable {
        /// Who dials, a place in `parts`; nil where Asterisk itself does (Originate), or a channel of another call.
        var source: Int?
        /// Who is rung: a place in `parts`.
        var destination: Int
        /// DialBegin; of a pickup, the DialEnd that has none.
        var begin: Mark
        /// Where the dialling channel was in the dialplan: its Exten is what was asked for.
        var sourceLocation: CallEvent.Location? = nil
        /// What Dial() was given after the technology, or a queue member's whole interface; nil where the source does
        /// not tell it (CEL, CDR, an origination).
        var dialString: String? = nil
        /// When the ringing ended, by an answer or otherwise; nil while it rings, and where that was not heard.
        var end: Mark?
        /// How it ended; nil with `end`. CEL and CDR give what the cause or the disposition amounts to.
        var status: DialStatus?
        /// Where the line sent the call instead (302), as the DialEnd of that line says; nil for an ordinary one.
        var forward: String?
    }
    /// One wait of one caller in a queue.
    struct QueueVisit: Sendable {
        /// Who waits: after an attended transfer into the queue, who was handed on.
        var part: Int
        /// As in queues.conf.
        var name: String
        /// QueueCallerJoin; from CEL the start of Queue(), or of the talk where applications are not tracked.
        var join: Mark
        /// Where in the dialplan the queue was entered; nil where the source does not tell.
        var location: CallEvent.Location? = nil
        /// Place in the line at the join, from 1; nil where the source does not tell it (CEL).
        var position: Int?
        /// QueueCallerLeave, in whatever way the wait ended; nil while it lasts, and where it was not heard.
        var leave: Mark?
        /// A manager's Redirect took the caller out of the queue.
        var wasSentElsewhere = false
        /// QueueCallerAbandon: no member took the call, because the caller hung up or the time was up; nil otherwise.
        var abandon: Mark?
        /// AgentConnect, from CEL the bridge with a member; nil where nobody took the call.
        var connect: Mark?
        /// Who took it, by the name the queue knows; nil until the connection, and where that is the interface itself.
        var member: String?
        /// As `PJSIP/1001`; nil until the connection, and where the source does not tell it (CEL).
        var interface: String?
        /// The member's channel; nil as `interface`, and where it belongs to another call.
        var destination: Int?
    }
    /// Somebody moved the call.
    struct Move: Sendable {
        /// How. A redirect and a forward stand elsewhere, in `relocations` and `dials`.
        var kind: CallRecord.Transfer.Kind
        /// When it was told: of a transfer, when the PBX was asked for it.
        var at: Mark
        /// The channel that did it; nil for a parking, which names a device only (`byText`).
        var by: Int?
        /// Who was moved: the transferee, the parked channel, or the one that rang when the call was picked up. Nil
        /// where it belongs to another call, or was not told.
        var moved: Int?
        /// The other end: who took it, where known.
        var taker: Int?
        /// The channel that asked the other end first, where it was another than `by`.
        var asker: Int? = nil
        /// The extension of a blind transfer, the space of a parked call, the application of an attended one; nil where
        /// a channel took it.
        var to: String?
        /// The device that parked, as `PJSIP/1001`: the event names no channel. Nil for all others.
        var byText: String?
        /// What the event says; of a parked call, that somebody took it back. Whether a transfer arrived is decided at
        /// the end.
        var succeeded: Bool
        /// When a parked call was taken back, given up or timed out.
        var over: Mark?
        /// A file told of it; its event may still be on its way.
        var isRead = false
    }
    /// A channel left a bridge for another place in the dialplan.
    struct Relocation: Sendable {
        /// Which channel.
        var part: Int
        /// When it left.
        var at: Mark
        /// Where it was as it left.
        var to: CallEvent.Location
    }
    /// One MixMonitor on one channel.
    struct RecordingStart: Sendable {
        /// The channel that is recorded, which need not be the caller's.
        var part: Int
        /// MixMonitorStart; of one that only a handler tells, the channel's answer.
        var from: Mark
        /// MixMonitorStop; nil for one that runs to the channel's end.
        var to: Mark?
        /// As Asterisk was given it, mostly relative; nil where no variable has named it yet. Without one it is not
        /// told.
        var path: String?
        /// What CEL calls this recording.
        var id: String? = nil
    }
}

extension Call {
    // By place, both: handed to a closure each channel would be copied, at the end of each call.

    /// No line of a person takes part: Asterisk's own channels and Local ones only.
    var isNobodys: Bool {
        for i in parts.indices where !parts[i].isGuest && !parts[i].isInternal { return false }
        return true
    }
    /// Whether channels of other calls were met.
    var hasGuests: Bool {
        for i in parts.indices where parts[i].isGuest { return true }
        return false
    }

    /// A recorder in a conference, or a call that may have met one.
    var mayShareRecordings: Bool { hasGuests || !recordings.isEmpty && isNobodys }

    /// Adds a remark for the record's reader: said once, however often it is true.
    mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    /// Moves, and relocations, that are kept of one call.
    static let mostMoves = 1_000
    /// Adds a move that was heard: in place of the same one, if a file has told of it already.
    mutating func add(_ move: Move) {
        moves.removeAll { $0.isRead && $0.isSame(as: move) }
        if isMoreOf(moves.count) { moves.append(move) }
    }
    /// Adds a relocation.
    mutating func add(_ relocation: Relocation) {
        if isMoreOf(relocations.count) { relocations.append(relocation) }
    }
    /// Whether one more move is taken, after as many as these. A phone or a dialplan that sends a call around for hours must not cost
    /// what looking through all of them for each of them does.
    private mutating func isMoreOf(_ moves: Int) -> Bool {
        guard moves >= Call.mostMoves else { return true }
        note("moved more than \(Call.mostMoves) times: the later moves are not told")
        return false
    }

    /// The place of a bridge in this call's list; added if it is new.
    mutating func bridge(_ id: BridgeID, _ kind: CallEvent.BridgeKind) -> Int {
        if let i = bridges.firstIndex(where: { $0.id == id }) { return i }
        bridges.append((id, kind))
        return bridges.count - 1
    }

    /// Takes over another call's facts; returns by how much its channels' places moved.
    mutating func absorb(_ other: Call) -> Int {
        let shift = parts.count
        let bridgeMap = other.bridges.map { bridge($0.id, $0.kind) }
        for var part in other.parts {
            for i in part.stays.indices { part.stays[i].bridge = bridgeMap[part.stays[i].bridge] }
            parts.append(part)
        }
        for var dial in other.dials {
            dial.source = dial.source.map { $0 + shift }
            dial.destination += shift
            dials.append(dial)
        }
        localPairs += other.localPairs.map { ($0.one + shift, $0.two + shift) }
        for var visit in other.queueVisits {
            visit.part += shift
            visit.destination = visit.destination.map { $0 + shift }
            queueVisits.append(visit)
        }
        for var move in other.moves {
            move.by = move.by.map { $0 + shift }
            move.moved = move.moved.map { $0 + shift }
            move.taker = move.taker.map { $0 + shift }
            move.asker = move.asker.map { $0 + shift }
            moves.append(move)
        }
        for var relocation in other.relocations {
            relocation.part += shift
            relocations.append(relocation)
        }
        for var recording in other.recordings {
            recording.part += shift
            recordings.append(recording)
        }
        if originate == nil { (originate, originateMark) = (other.originate, other.originateMark) }
        cdrRows += other.cdrRows
        witnesses += other.witnesses
        variables.fill(from: other.variables)
        sources.formUnion(other.sources)
        firstCEL = firstCEL ?? other.firstCEL
        for text in other.notes { note(text) }
        story += other.story
        isAgentSession = isAgentSession || other.isAgentSession
        isPartial = isPartial || other.isPartial
        deafSince = [deafSince, other.deafSince].compactMap { $0 }.min()
        awaitsFiles = awaitsFiles || other.awaitsFiles
        if let one = lostAt { lostAt = other.lostAt.map { min(one, $0) } }
        alive += other.alive
        for alias in other.aliases where !aliases.contains(alias) { aliases.append(alias) }
        linkedID = min(linkedID, other.linkedID)
        hasToldAnswer = hasToldAnswer || other.hasToldAnswer
        return shift
    }
}
