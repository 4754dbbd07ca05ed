import CallAssembly
import Delivery
import Diagnostics
import EventLoop
import Storage
import Telephony

/// Turns what the fold tells into what is written and sent: `call.started` to `call.complete`, in order, each with its record.
///
/// ```
/// progress ─────────────▶ messages
/// finished, no recording ▶ record + call.ended + call.complete          one transaction
/// finished, recordings ──▶ note; record + call.ended                    one transaction
///                            └─ files settled ─▶ record amended + call.complete + recording.*; note gone
/// ```
/// The note holds the whole call: a daemon killed between the two finds it at its next start and settles it then. Message ids are
/// derived from the call, so that nothing is told twice.
///
/// **Isolation**: on the loop's thread only.
final class CallPublisher: @unchecked Sendable {
    private let loop: EventLoop
    private let pump: CommitPump
    private let engine: DeliveryEngine
    private let settler: RecordingSettler
    private let logger: Logger
    private let now: @Sendable () -> Instant
    private let finishedCalls: Counter
    private static let notePrefix = "settle:"

    init(
        loop: EventLoop, pump: CommitPump, engine: DeliveryEngine, settler: RecordingSettler, logger: Logger,
        counters: CounterRegistry, now: @escaping @Sendable () -> Instant
    ) {
        (self.loop, self.pump, self.engine, self.settler) = (loop, pump, engine, settler)
        (self.logger, self.now) = (logger.part("calls"), now)
        finishedCalls = counters.counter("calls.finished")
    }

    /// Whether anybody wants to be told of calls in progress.
    var wantsProgress: Bool {
        engine.wants(.callStarted) || engine.wants(.callAnswered) || engine.wants(.callTransferred)
    }

    /// A call in progress came to a turn.
    func progressed(_ progress: AssemblyEffect.Progress, _ record: CallRecord, at time: Instant) {
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
    func finished(_ call: FinishedCall) { finished(call, as: .record) }

    /// A call comes back from a file it waited in. The store may know the call from another of its writings by now: what is
    /// said of it here counts nevertheless, and a message that was queued before is not queued again.
    func revived(_ call: FinishedCall) {
        let recordings = call.record.recordings
        if recordings.isEmpty || recordings.contains(where: { $0.state == .pending }) {
            finished(call, as: .amendment)
        } else {
            settled(call, recordings)
        }
    }

    private func finished(_ call: FinishedCall, as kind: CallCommit.Kind) {
        finishedCalls.add()
        let record = call.record
        logger.debug(
            "call finished",
            [.linkedID: .text(record.linkedID.description), .disposition: .text(record.disposition.rawValue)])
        let ended = WebhookEvent(.callEnded, of: record, at: record.endedAt)
        let json = record.json
        guard record.recordings.contains(where: { $0.state == .pending }) else {
            let complete = WebhookEvent(.callComplete, of: record, at: record.endedAt)
            let outbox = engine.drafts(for: ended, recordJSON: json) + engine.drafts(for: complete, recordJSON: json)
            pump.offer(.call(CallCommit(call, kind: kind, recordJSON: json, outbox: outbox)))
            return
        }
        pump.offer(
            .note(
                OpenCall(
                    id: CallPublisher.notePrefix + record.id, system: record.system, linkedID: record.linkedID,
                    startedAt: record.startedAt, snapshot: call.noteBytes)))
        let outbox = engine.drafts(for: ended, recordJSON: json)
        pump.offer(.call(CallCommit(call, kind: kind, recordJSON: json, outbox: outbox)))
        settle(call)
    }

    /// Takes up the notes that an earlier run left: calls whose recordings had not settled.
    /// - Returns: the notes that are none of the publisher's.
    func takeUp(_ notes: [OpenCall]) -> [OpenCall] {
        var others: [OpenCall] = []
        for note in notes {
            guard note.id.hasPrefix(CallPublisher.notePrefix) else {
                others.append(note)
                continue
            }
            guard let call = FinishedCall(noteBytes: note.snapshot) else {
                logger.error("a note of a call cannot be read", [.callID: .text(note.id)])
                pump.offer(.forget(note.id))
                continue
            }
            // The record may or may not have been written before the kill; saying it again adds nothing.
            finished(call)
        }
        return others
    }

    private func settle(_ call: FinishedCall) {
        settler.settle(call.record.recordings) { [weak self, loop] recordings in
            guard let self else { return }
            loop.perform { self.settled(call, recordings) }
        }
    }

    private func settled(_ call: FinishedCall, _ recordings: [CallRecord.Recording]) {
        var call = call
        call.record.recordings = recordings
        let record = call.record
        let time = now()
        let json = record.json
        var outbox = engine.drafts(for: WebhookEvent(.callComplete, of: record, at: time), recordJSON: json)
        for (i, recording) in recordings.enumerated() {
            let type: EventType = recording.state == .ready ? .recordingReady : .recordingMissing
            outbox += engine.drafts(for: WebhookEvent(type, of: record, counter: i, at: time), recordJSON: json)
        }
        pump.offer(.call(CallCommit(call, kind: .amendment, recordJSON: json, outbox: outbox)))
        pump.offer(.forget(CallPublisher.notePrefix + record.id))
    }
}
