import Telephony

/// The facts of one call while it lives: a graph of channels, dials, bridges and Local pairs. Nothing is decided here.
struct Call: Sendable {
    /// The oldest linked id any of its channels has shown.
    var linkedID: LinkedID
    /// All linked ids it has been seen under, the present one included.
    var aliases: [LinkedID]
    var parts: [Part] = []
    var dials: [Dial] = []
    /// Halves of Local channels, by place in `parts`.
    var localPairs: [(one: Int, two: Int)] = []
    var bridges: [(id: BridgeID, kind: CallEvent.BridgeKind)] = []
    var queueVisits: [QueueVisit] = []
    var moves: [Move] = []
    var relocations: [Relocation] = []
    var recordings: [RecordingStart] = []
    var originate: CallEvent.Originate?
    var cdrRows: [CDRRow] = []
    var witnesses: [InsideWitness] = []
    var variables = VariableList()
    var sources = SourceSet()
    var notes: [String] = []
    /// The stream was cut, or events were damaged, while this call lived.
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
    /// When CEL said that no channel has this linked id any more, while some were not seen to end.
    var retired: Mark?
    /// An agent's line that is logged in: its customers' calls are their own, whatever linked id Asterisk gives them.
    var isAgentSession = false
    /// Told to whoever asks for progress.
    var hasToldAnswer = false

    init(linkedID: LinkedID) {
        self.linkedID = linkedID
        aliases = [linkedID]
    }

    /// One channel.
    struct Part: Sendable {
        var uniqueID: UniqueID
        /// The linked id it shows now.
        var linkedID: LinkedID
        var name: ChannelName
        /// Caller id as it was at first, and as it is.
        var firstNumber: String?
        var number: String?
        var firstName: String?
        /// The line's own name, as it was last shown with its own number.
        var callerName: String?
        var accountCode: String?
        var firstLocation: CallEvent.Location
        var location: CallEvent.Location
        var created: Mark
        var ringing: Mark?
        var up: Mark?
        var hangupRequest: Mark?
        var hangupRequestCause: HangupCause?
        var softHangup: Mark?
        /// When its party last pressed a key; nil also where nobody tells (class dtmf).
        var lastKey: Mark?
        var end: Mark?
        var cause = HangupCause.notStated
        var causeText: String?
        var techCause: String?
        var stays: [Stay] = []
        var holds: [Span] = []
        /// What CEL's HANGUP names as the side that ended it; nil where CEL was not heard.
        var hangupSource: String?
        /// The latest application that matters to the story, and what it was given.
        var application: (name: String, data: String)?
        /// A channel of another call that was met in one bridge (a conference, an agent's session): heard, but no leg of this call.
        var isGuest = false
        /// Who logged in on this line (AgentLogin).
        var agent: String?
        /// It was there before the stream began.
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
        /// The channel was alive in the list of the present connection.
        var isConfirmed = true

        var isLocal: Bool { name.isLocal }
    }
    /// Time in one bridge.
    struct Stay: Sendable {
        /// Place in `Call.bridges`.
        var bridge: Int
        var from: Mark
        var to: Mark? = nil
        /// Its end was not seen: when it must have been; `to` is one side of it.
        var unseen: Window? = nil
    }
    /// A time in which something happened unseen.
    struct Window: Sendable {
        var since: Instant
        var until: Instant
    }
    struct Span: Sendable {
        var from: Mark
        var to: Mark?
    }
    /// One attempt to reach one channel.
    struct Dial: Sendable {
        /// Who dials; nil where Asterisk itself does (Originate).
        var source: Int?
        var destination: Int
        var begin: Mark
        /// Where the dialling channel was in the dialplan: its Exten is what was asked for.
        var sourceLocation: CallEvent.Location? = nil
        var dialString: String? = nil
        var end: Mark?
        var status: DialStatus?
        var forward: String?
    }
    struct QueueVisit: Sendable {
        var part: Int
        var name: String
        var join: Mark
        /// Where in the dialplan the queue was entered; nil where the source does not tell.
        var location: CallEvent.Location? = nil
        var position: Int?
        var leave: Mark?
        /// A manager's Redirect took the caller out of the queue.
        var wasSentElsewhere = false
        var abandon: Mark?
        var connect: Mark?
        /// Member's name and interface of who took it.
        var member: String?
        var interface: String?
        var destination: Int?
    }
    /// Somebody moved the call.
    struct Move: Sendable {
        var kind: CallRecord.Transfer.Kind
        var at: Mark
        /// The channel that did it, and the one that was moved.
        var by: Int?
        var moved: Int?
        /// The other end: who took it, where known.
        var taker: Int?
        /// The channel that asked the other end first, where it was another than `by`.
        var asker: Int? = nil
        var to: String?
        var byText: String?
        var succeeded: Bool
        /// When a parked call was taken back, given up or timed out.
        var over: Mark?
        /// A file told of it; its event may still be on its way.
        var isRead = false
    }
    /// A channel left a bridge for another place in the dialplan.
    struct Relocation: Sendable {
        var part: Int
        var at: Mark
        var to: CallEvent.Location
    }
    struct RecordingStart: Sendable {
        var part: Int
        var from: Mark
        var to: Mark?
        var path: String?
        /// What CEL calls this recording.
        var id: String? = nil
    }
}

extension Call {
    /// No line of a person takes part: Asterisk's own channels and Local ones only.
    var isNobodys: Bool { parts.allSatisfy { $0.isGuest || $0.isInternal } }

    /// A recorder in a conference, or a call that may have met one.
    var mayShareRecordings: Bool { parts.contains { $0.isGuest } || !recordings.isEmpty && isNobodys }

    /// Something that decides the record may still come within moments of the last Hangup.
    var expectsMore: Bool { expectsOriginateResponse || expectsLastRow }

    /// Nobody was reached though the PBX had answered: whether a voicemail took the call stands in the CDR's last row.
    private var expectsLastRow: Bool {
        guard !dials.isEmpty || !queueVisits.isEmpty, let row = cdrRows.last else { return false }
        guard row.lastApplication == "Dial" || row.lastApplication == "Queue" else { return false }
        return parts[0].up != nil && !dials.contains { $0.status == .answer }
    }

    /// Asterisk placed it and nobody answered: only the answer to the origination says who was to be called, and it may
    /// come after the last Hangup.
    var expectsOriginateResponse: Bool {
        guard originate == nil, sources.contains(.ami), let first = dials.first, first.source == nil else {
            return false
        }
        return !dials.contains { $0.status == .answer }
    }

    /// Adds a remark for the record's reader: said once, however often it is true.
    mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    /// Adds a move that was heard: in place of the same one, if a file has told of it already.
    mutating func add(_ move: Move) {
        moves.removeAll { $0.isRead && $0.isSame(as: move) }
        moves.append(move)
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
        originate = originate ?? other.originate
        cdrRows += other.cdrRows
        witnesses += other.witnesses
        for (name, value) in other.variables where variables[name]?.isEmpty ?? true { variables[name] = value }
        sources.formUnion(other.sources)
        for text in other.notes { note(text) }
        isPartial = isPartial || other.isPartial
        deafSince = [deafSince, other.deafSince].compactMap { $0 }.min()
        awaitsFiles = awaitsFiles || other.awaitsFiles
        alive += other.alive
        for alias in other.aliases where !aliases.contains(alias) { aliases.append(alias) }
        linkedID = min(linkedID, other.linkedID)
        hasToldAnswer = hasToldAnswer || other.hasToldAnswer
        return shift
    }
}
