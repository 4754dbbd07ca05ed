import CallAssembly
import Delivery
import Diagnostics
import EventLoop
import Storage
import Telephony

/// Turns what the fold tells into what is written and sent: `call.started` to `call.complete`, in order, each with its record.
///
/// ```
/// progress ──────────────────────▶ messages
/// finished, no recording ────────▶ record + all messages                          one transaction
/// finished, recordings ─▶ a look
///     ├─ settled ────────────────▶ record + all messages                          one transaction
///     └─ waiting, or no answer ──▶ record, marked as waiting, + call.ended        one transaction
///           └─ files settled ────▶ record amended + recording.* + call.complete   one transaction
/// ```
/// Most recordings have settled when the call is told: Asterisk closes the file as the channel goes, and a file that is closed
/// says so. Such a call is written once, like any other. What must wait is on disk before it waits, so that a kill loses
/// nothing: the next start finds the mark and looks again. A look takes microseconds; where a file system makes it longer than
/// `patience` the call is written as waiting, and so are those after it until looks are answered again.
///
/// Message ids are derived from the call, so that nothing is told twice.
///
/// **Isolation**: on the loop's thread only.
final class CallPublisher: @unchecked Sendable {
    /// A call whose recordings are being looked at.
    private struct Unsettled {
        var call: FinishedCall
        /// How it is written if nothing of it is.
        var kind: CallCommit.Kind
        /// Whether the store has it, marked as waiting.
        var isWritten: Bool
    }
    private let loop: EventLoop
    private let pump: CommitPump
    private let engine: DeliveryEngine
    private let settler: RecordingSettler
    private let logger: Logger
    private let now: @Sendable () -> Instant
    private let finishedCalls: Counter
    /// By ticket: the number under which the settler reports.
    private var unsettled: [Int: Unsettled] = [:]
    private var nextTicket = 0
    /// Those whose look has not been asked for yet.
    private var toLook: [(ticket: Int, recordings: [CallRecord.Recording])] = []
    /// Calls of `unsettled` that are in memory only.
    private var unwritten = 0
    private var patienceTimer: LoopTimer?
    /// The tickets below this were given before the timer was set.
    private var patienceMark = 0
    /// Looks take too long: calls are written before.
    private var isSlow = false
    private var isStopped = false
    /// Calls in progress are not told: the disk's last room is for what is over.
    var isProgressHeld = false
    /// How long a finished call may be in memory only, at most twice; a test whose machine has much else to do gives more.
    var patience: Duration = .milliseconds(100)

    /// - Parameter now: the wall clock, for messages about what is found out after the call.
    init(
        loop: EventLoop, pump: CommitPump, engine: DeliveryEngine, settler: RecordingSettler, logger: Logger,
        counters: CounterRegistry, now: @escaping @Sendable () -> Instant
    ) {
        (self.loop, self.pump, self.engine, self.settler) = (loop, pump, engine, settler)
        (self.logger, self.now) = (logger.part("calls"), now)
        finishedCalls = counters.counter("calls.finished")
        settler.report { [weak self, loop] reports in
            loop.perform { [weak self] in
                for (ticket, report) in reports { self?.take(report, ticket) }
            }
        }
    }

    /// Whether anybody wants to be told of calls in progress.
    var wantsProgress: Bool {
        engine.wants(.callStarted) || engine.wants(.callAnswered) || engine.wants(.callTransferred)
    }

    /// A call in progress came to a turn.
    func progressed(_ progress: AssemblyEffect.Progress, _ record: CallRecord, at time: Instant) {
        if isProgressHeld { return }
        let event: WebhookEvent
        switch progress {
        case .started: event = WebhookEvent(.callStarted, of: record, at: time)
        case .answered: event = WebhookEvent(.callAnswered, of: record, at: time)
        case .transferred:
            // The first transfer is 0, the second 1: the same on every reading of the same events.
            event = WebhookEvent(.callTransferred, of: record, counter: max(0, record.transfers.count - 1), at: time)
        }
        let drafts = engine.drafts(for: event)
        if !drafts.isEmpty { pump.offer(.messages(drafts)) }
    }

    /// A call is over.
    func finished(_ call: FinishedCall) {
        finishedCalls.add()
        let record = call.record
        logger.debug(
            "call finished",
            [.linkedID: .text(record.linkedID.description), .disposition: .text(record.disposition.rawValue)])
        guard record.hasPendingRecordings else { return write(call, as: .record, at: record.endedAt) }
        let ticket = look(at: call, as: .record, isWritten: false)
        if isSlow { writeWaiting(ticket) } else { setPatience() }
    }

    /// A call comes back from a file it waited in. Of the overflow file: what is said of it here counts, though the store may
    /// know the call from an earlier writing. Of a backfill: what the store knows counts.
    func revived(_ call: FinishedCall, from origin: CommitPump.Origin) {
        finishedCalls.add()
        let kind: CallCommit.Kind
        var call = call
        switch origin {
        case .overflow: kind = .amendment
        case .backfill: (kind, call) = (.missed, Backfill.settled(call))
        }
        guard call.record.hasPendingRecordings else { return write(call, as: kind, at: call.record.endedAt) }
        // Its file goes when it is written: it must not wait for a look.
        writeWaiting(look(at: call, as: kind, isWritten: false))
    }

    /// Whether the store has all that this says of a call, and what became of its recordings: it comes back from a file that a
    /// daemon was killed over. To look for the recordings again would be to tell them again, or, where they have been moved away
    /// meanwhile, as missing.
    func isTold(_ call: FinishedCall, in calls: some CallQuery) async -> Bool {
        guard call.record.hasPendingRecordings, let stored = try? await calls.call(withAnyID: call.record.id),
            let known = (try? JSONValue(parsing: stored.recordJSON)).flatMap({ CallRecord(json: $0) }),
            known.id == call.record.id, !known.hasPendingRecordings,
            known.recordings.map(\.path) == call.record.recordings.map(\.path)
        else { return false }
        var told = call.record
        told.recordings = known.recordings
        return told.json == stored.recordJSON
    }

    /// Takes up what an earlier run left: calls whose recordings had not settled.
    func takeUp(_ notes: [OpenCall], from calls: some CallQuery) async throws(StorageError) {
        for note in notes {
            if let times = CallTimes(noteBytes: note.snapshot), let stored = try await calls.call(withAnyID: note.id),
                let call = FinishedCall(stored, times: times), call.record.id == note.id
            {
                // Where nothing waits any more, an amendment that changes nothing takes the mark away.
                guard call.record.hasPendingRecordings else {
                    write(call, as: .amendment, at: call.record.endedAt)
                    continue
                }
                _ = look(at: call, as: .amendment, isWritten: true)
            } else if let call = FinishedCall(noteBytes: note.snapshot) {
                // The older shape: the whole call, under an id of the note's own.
                writeWaiting(look(at: call, as: .amendment, isWritten: false))
                pump.offer(.forget(note.id))
            } else {
                logger.error("a note of a call cannot be read", [.callID: .text(note.id)])
                pump.offer(.forget(note.id))
            }
        }
    }

    /// Writes what is in memory only; what is not settled is left to the next start.
    func stop() {
        isStopped = true
        patienceTimer?.cancel()
        for ticket in unsettled.keys.sorted() { writeWaiting(ticket) }
        unsettled = [:]
    }

    // MARK: Recordings

    private func look(at call: FinishedCall, as kind: CallCommit.Kind, isWritten: Bool) -> Int {
        let ticket = nextTicket
        nextTicket += 1
        unsettled[ticket] = Unsettled(call: call, kind: kind, isWritten: isWritten)
        if !isWritten { unwritten += 1 }
        toLook.append((ticket, call.record.recordings))
        // One waking of the settler's thread for all calls that end in what has been read.
        if toLook.count == 1 { Task(name: "recordings", executorPreference: loop) { self.askForLooks() } }
        return ticket
    }
    private func askForLooks() {
        settler.settle(toLook)
        toLook = []
    }

    private func take(_ report: RecordingSettler.Report, _ ticket: Int) {
        isSlow = false
        guard !isStopped, let entry = unsettled[ticket] else { return }
        switch report {
        case .waiting: writeWaiting(ticket)
        case .settled(let recordings):
            unsettled[ticket] = nil
            var call = entry.call
            call.record.recordings = recordings
            if entry.isWritten {
                write(call, as: .amendment, at: now(), isEndTold: true)
            } else {
                unwritten -= 1
                write(call, as: entry.kind, at: now())
            }
        }
    }

    private func setPatience() {
        guard patienceTimer == nil else { return }
        patienceMark = nextTicket
        patienceTimer = loop.schedule(after: patience) { [weak self] in self?.patienceEnded() }
    }
    private func patienceEnded() {
        patienceTimer = nil
        guard unwritten > 0 else { return }
        for ticket in unsettled.filter({ $0.key < patienceMark && !$0.value.isWritten }).keys.sorted() {
            isSlow = true
            writeWaiting(ticket)
        }
        if unwritten > 0 { setPatience() }
    }

    // MARK: Writing

    /// Writes a call of which nothing is to come, with its messages.
    /// - Parameter isEndTold: the store has the call and its `call.ended` already.
    private func write(_ call: FinishedCall, as kind: CallCommit.Kind, at time: Instant, isEndTold: Bool = false) {
        let record = call.record
        let json = record.json
        var outbox: [OutboxDraft] = []
        if !isEndTold { outbox += drafts(.callEnded, record, json, at: record.endedAt) }
        for (i, recording) in record.recordings.enumerated() {
            let type: EventType = recording.state == .ready ? .recordingReady : .recordingMissing
            outbox += drafts(type, record, json, counter: i, at: time)
        }
        // Last, as its rank says: of several messages queued together the outbox sends that of the highest last.
        outbox += drafts(.callComplete, record, json, at: time)
        pump.offer(.call(CallCommit(call, kind: kind, recordJSON: json, outbox: outbox)))
        engine.expect(outbox)
    }
    /// Writes a call whose recordings have not settled, once.
    private func writeWaiting(_ ticket: Int) {
        guard let entry = unsettled[ticket], !entry.isWritten else { return }
        unsettled[ticket]?.isWritten = true
        unwritten -= 1
        let record = entry.call.record
        let json = record.json
        let note = CallTimes(of: record).noteBytes
        pump.offer(
            .call(
                CallCommit(
                    entry.call, kind: .waiting(note: note), recordJSON: json,
                    outbox: drafts(.callEnded, record, json, at: record.endedAt))))
    }
    /// The messages of one event; one that nobody wants is not made.
    private func drafts(
        _ type: EventType, _ record: CallRecord, _ json: [UInt8], counter: Int = 0, at time: Instant
    ) -> [OutboxDraft] {
        guard engine.wants(type) else { return [] }
        return engine.drafts(for: WebhookEvent(type, of: record, counter: counter, at: time), recordJSON: json)
    }
}

extension CallRecord {
    fileprivate var hasPendingRecordings: Bool { recordings.contains { $0.state == .pending } }
}
