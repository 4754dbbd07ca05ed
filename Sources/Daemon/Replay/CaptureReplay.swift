public import AsteriskWire
public import CallAssembly
public import Telephony

/// Captured manager streams in, finished calls out: no Asterisk, no database, no clock.
///
/// A capture is plain manager bytes, several connections one after another; an index beside it (`conn offset length mono epoch`
/// a line) gives the time each part came and where connections began and ended. Without one, time is what the events say.
public struct CaptureReplay {
    /// What a replay told, beside the calls themselves what is needed to trust them.
    public struct Summary: Sendable {
        /// In the order they were told; empty where `onCall` takes them.
        public var calls: [FinishedCall] = []
        /// Events refused as forged or broken, with where they stand.
        public var refused: [(reason: String, offset: Int64)] = []
        /// Manager messages of all connections, responses included; 0 for logs.
        public var messageCount: Int64 = 0
        /// Set where the stream could not be read to its end.
        public var error: AMIDecodeError?
        /// Rows of a log, and its lines that could not be read.
        public var rowCount = 0
        /// Lines of a log that could not be read; the rest was.
        public var problems: [LogProblem] = []
    }

    /// What the files' end says of a call.
    public enum Standing: Sendable {
        /// It is over.
        case over
        /// Its end was not told: it goes on, or it was cut off.
        case unended
        /// It is over and has its CDR, while the CEL of that time is still to be written.
        case behind
    }
    /// Takes each call when it is told, instead of the summary; for what is too long to be kept.
    public var onCall: ((FinishedCall, Standing) -> Void)?
    /// Told now and then how many of a log's rows are done.
    public var onProgress: ((_ done: Int, _ of: Int) -> Void)?

    /// Channels whose calls' facts are wanted besides, for a fold that did not hear all of them; set before the run.
    public var sought: Set<UniqueID> {
        get { assembler.sought }
        set { assembler.sought = newValue }
    }
    /// Those facts, after the run.
    public var found: FoundCalls { assembler.found }

    /// Of a capture without an index this much is decoded at a time: its events are many times as large.
    private static let pieceBytes = 256 << 10
    private let configuration: AssemblyConfiguration
    private var assembler: CallAssembler
    private var translator: CallEventTranslator
    private var summary = Summary()
    /// Calls that were not over at the end.
    private var unended: Set<LinkedID> = []
    /// When the last row of a CEL file was written; nil without one, or where it is empty.
    private var celUntil: Instant?
    private var hasCEL = false
    private var clock = Instant(microseconds: 0)
    /// Events have shown a time, or the index has one for them.
    private var hasTimes = false
    /// Channels of the calls told, where rows of another log are to be held against them.
    private var known: Set<UniqueID> = []
    private var noteIDs = false
    /// Cdr events of a stream that has told of no channel so far: where it never does, they are all there is.
    private var cdrRows: [CDRRow] = []
    private var hasHeardChannels = false

    /// - Parameter configuration: as the daemon folds that Asterisk's calls; its `system` becomes the records'.
    public init(_ configuration: AssemblyConfiguration) {
        self.configuration = configuration
        assembler = CallAssembler(configuration)
        translator = CallEventTranslator(variables: configuration.variables)
    }

    /// Whether bytes are a manager stream: a greeting, an event or a response stands near their beginning.
    public static func isStream(_ bytes: [UInt8]) -> Bool {
        let head = String(decoding: bytes.prefix(4096), as: UTF8.self)
        return ["Asterisk Call Manager/", "Event: ", "Response: "].contains { head.contains($0) }
    }

    /// Replays a log file, CEL or CDR, whichever it is.
    public mutating func run(log bytes: [UInt8]) -> Summary { run(log: LogBytes(bytes)) }
    /// The same, of a file of any size: CEL rows are read and their calls told one after another.
    public mutating func run(log bytes: LogBytes) -> Summary {
        let cel = CELFile(bytes)
        if !cel.isEmpty { return run(cel: cel) }
        let cdr = CDRFile(bytes)
        if cdr.rows.isEmpty, cdr.problems.isEmpty || !cel.problems.isEmpty { summary.problems += cel.problems }
        return run(cel: nil, cdr: cdr)
    }

    /// Replays Asterisk's own logs instead of a stream: CEL rows tell calls by themselves and are completed by CDR rows; what
    /// no CEL row told is told by CDR rows alone.
    public mutating func run(cel: CELFile?, cdr: CDRFile? = nil) -> Summary {
        summary.problems += (cel?.problems ?? []) + (cdr?.problems ?? [])
        let cdrRows = cdr?.rows ?? []
        summary.rowCount += (cel?.rowCount ?? 0) + cdrRows.count
        guard let cel else {
            CDRStory(configuration, rows: cdrRows).forEachCall(cdrRows) { call, done in
                tell(call)
                if done & 0xFF == 0 { onProgress?(done, cdrRows.count) }
            }
            return summary
        }
        hasCEL = true
        var rows: [UniqueID: [CDRRow]] = [:]
        for row in cdrRows { rows[row.uniqueID, default: []].append(row) }
        noteIDs = !rows.isEmpty
        cel.forEachRow { entry, done in
            apply(CallEvent(at: entry.at, body: .cel(entry)))
            if done & 0xFFF == 0 { onProgress?(done, cel.rowCount) }
            guard entry.event == "CHAN_START" else { return }
            for row in rows.removeValue(forKey: entry.uniqueID) ?? [] {
                apply(CallEvent(at: entry.at, body: .cdr(row)))
            }
        }
        if !cel.isEmpty { celUntil = clock }
        _ = end()
        let untold = rows.values.joined().filter { row in
            !known.contains(row.uniqueID) && row.linkedID.map { !known.contains($0.oldest) } ?? true
        }
        CDRStory(configuration, rows: cdrRows).forEachCall(Array(untold)) { call, _ in tell(call) }
        return summary
    }

    /// Replays one capture and ends the calls that are still open at its end.
    public mutating func run(_ bytes: [UInt8], marks: [Mark] = []) -> Summary {
        for (range, end) in CaptureReplay.connections(bytes, marks) {
            feed(bytes, range, marks)
            if let end { apply(CallEvent(at: end, body: .disconnected)) }
        }
        return end()
    }

    private mutating func end() -> Summary {
        var calls: [FinishedCall] = []
        unended = assembler.unendedCalls
        assembler.finishAll { effect in if case .finished(let call) = effect { calls.append(call) } }
        for call in calls { tell(call) }
        if !hasHeardChannels, !cdrRows.isEmpty {
            CDRStory(configuration, rows: cdrRows).forEachCall(cdrRows) { call, _ in tell(call) }
        }
        cdrRows = []
        return summary
    }

    private mutating func tell(_ call: FinishedCall) {
        if noteIDs {
            known.insert(call.record.linkedID.oldest)
            for leg in call.record.legs { known.insert(leg.uniqueID) }
        }
        if let onCall { onCall(call, standing(of: call.record)) } else { summary.calls.append(call) }
    }

    private func standing(of record: CallRecord) -> Standing {
        if unended.contains(record.linkedID) { return .unended }
        // A CDR's end is cut to the second.
        let isLate = hasCEL && record.sources == [.cdr] && celUntil.map { $0 < record.endedAt + .seconds(1) } ?? true
        return isLate ? .behind : .over
    }

    private mutating func feed(_ bytes: [UInt8], _ range: Range<Int>, _ marks: [Mark]) {
        var decoder = AMIDecoder(offset: Int64(range.lowerBound))
        reading: for (part, time) in CaptureReplay.parts(of: range, marks) {
            if let time { clock = max(clock, time) }
            let arrival = clock
            for from in stride(from: part.lowerBound, to: part.upperBound, by: CaptureReplay.pieceBytes) {
                var events: [CallEvent] = []
                var error: AMIDecodeError?
                do throws(AMIDecodeError) {
                    var translator = self.translator
                    let piece = from..<min(from + CaptureReplay.pieceBytes, part.upperBound)
                    try decoder.feed(Array(bytes[piece])) { message in
                        if let event = translator.event(message, arrival: arrival) { events.append(event) }
                    }
                    self.translator = translator
                } catch let damage {
                    error = damage
                }
                for event in events { apply(event) }
                if let error {
                    summary.error = error
                    break reading
                }
            }
        }
        summary.messageCount += decoder.messageCount
    }

    /// The time in a capture that has none, neither in its events nor beside them: a channel's id tells the second it was
    /// made in, a CDR when it ended; between those only the order is known.
    private func guessedTime(_ event: CallEvent) -> Instant {
        var time = clock.microseconds > 0 ? clock + .microseconds(1) : clock
        if case .newChannel(let snapshot) = event.body, let made = snapshot.channel.uniqueID.created {
            time = max(time, made)
        }
        if case .cdr(let row) = event.body, let made = row.uniqueID.created, let start = row.start?.asUTC,
            let end = row.end?.asUTC
        {
            time = max(time, made + (end - start))
        }
        return time
    }

    private mutating func apply(_ event: CallEvent) {
        var event = event
        switch event.body {
        case .cdr(let row): if !hasHeardChannels { cdrRows.append(row) }
        case .connected, .disconnected, .fullyBooted, .shutdown, .listBegan, .listComplete, .damaged, .variableSet:
            break
        default:
            hasHeardChannels = true
            cdrRows = []
        }
        // Without an index, what has no time of its own happened when its neighbour did.
        if event.at.microseconds > 0 { hasTimes = true } else { event.at = hasTimes ? clock : guessedTime(event) }
        clock = max(clock, event.at)
        var calls: [FinishedCall] = []
        var refused: [(String, Int64)] = []
        assembler.apply(event) { effect in
            switch effect {
            case .finished(let call): calls.append(call)
            case .resyncWanted(let reason, let offset): refused.append((reason, offset ?? -1))
            case .progress: break
            }
        }
        for call in calls { tell(call) }
        summary.refused += refused
    }

    /// A replay looks at no files: what was recorded is taken as ready, and the record says so.
    public static func withRecordingsTakenAsReady(_ call: FinishedCall) -> FinishedCall {
        guard call.record.recordings.contains(where: { $0.state == .pending }) else { return call }
        var call = call
        for i in call.record.recordings.indices where call.record.recordings[i].state == .pending {
            call.record.recordings[i].state = .ready
        }
        call.record.notes.append("replayed: the recordings were not looked at")
        return call
    }
}
