import AsteriskWire
import CallAssembly
import Diagnostics
import EventLoop
import Telephony

/// Runs the fold of one PBX: gives it what its witnesses say, in the order they say it, and tells what came of it.
///
/// ```
/// manager bytes ─▶ messages ─▶ CallEventTranslator ─┐
/// FastAGI, spool ─▶ InsideWitness ──────────────────┼─▶ CallAssembler ─▶ finished, progress, resync wanted
/// timer: a CDR that does not come ──────────────────┘
/// ```
/// The fold has Asterisk's clock; the timer has ours. What is between them is learned from each event.
///
/// **Isolation**: on the loop's thread only. `@unchecked Sendable`: all state is touched there alone.
final class FoldDriver: @unchecked Sendable {
    /// What came of it.
    enum Outcome {
        /// A call that is over, told once.
        case finished(FinishedCall)
        /// A call in progress came to a turn, with its record as far as it is known.
        case progress(AssemblyEffect.Progress, CallRecord, at: Instant)
        /// An event was refused: the live channels should be asked for.
        case resyncWanted(reason: String, offset: Int64?)
    }
    /// Takes each outcome, on the loop.
    var whenTold: (Outcome) -> Void = { _ in }

    private let loop: EventLoop
    private let now: @Sendable () -> Instant
    private var translator: CallEventTranslator
    private var assembler: CallAssembler
    private let events: Counter
    private let channels: Counter
    private let open: Counter
    private var timer: LoopTimer?
    private var timerFor: Instant?
    /// Asterisk's clock minus ours, from the last event with a time of its own.
    private(set) var skew: Duration = .zero
    /// Channels that have ended since the fold last finished a call, and since when: many of them mean that records are missing.
    private(set) var channelsWithoutRecord = 0
    /// By our clock; the start of the fold where it has finished none yet, so that a quiet start is no alarm.
    private(set) var lastFinishedAt: Instant

    /// - Parameters:
    ///   - pbx: name of the Asterisk's section, for its counters.
    ///   - now: our wall clock, which timers and arrivals are on.
    init(
        _ configuration: AssemblyConfiguration, pbx: String, loop: EventLoop, counters: CounterRegistry,
        now: @escaping @Sendable () -> Instant
    ) {
        (self.loop, self.now) = (loop, now)
        assembler = CallAssembler(configuration)
        translator = CallEventTranslator(variables: configuration.variables)
        lastFinishedAt = now()
        events = counters.counter("ami.events", label: pbx)
        channels = counters.counter("ami.channels", label: pbx)
        open = counters.counter("calls.open", label: pbx)
    }

    /// Calls in progress.
    var openCallCount: Int { assembler.openCallCount }

    /// Whether a call under that name is in progress.
    func hasOpen(_ linkedID: LinkedID) -> Bool { assembler.hasOpen(linkedID) }

    /// Takes a manager message, whatever it is.
    func take(_ message: borrowing AMIMessage, arrival: Instant) {
        var event = CallEventTranslator.blank
        guard translator.translate(message, arrival: arrival, into: &event) else { return }
        events.add()
        if let own = message.timestamp { skew = own - arrival }
        switch event.body {
        case .newChannel: channels.add()
        case .hangup: channelsWithoutRecord += 1
        default: break
        }
        apply(consume event)
    }

    /// Whether the channel's events were heard.
    func knows(_ id: UniqueID) -> Bool { assembler.knows(id) }

    /// Takes what the dialplan said of a channel.
    func take(_ witness: InsideWitness) { apply(CallEvent(at: witness.receivedAt, body: .witness(witness))) }

    /// A list of the live channels begins.
    func listBegan() { apply(CallEvent(at: now() + skew, body: .listBegan)) }

    /// The manager connection is gone.
    func connectionLost() { apply(CallEvent(at: now() + skew, body: .disconnected)) }

    /// Channels of the calls in progress of which something was not heard.
    var channelsInDoubt: Set<UniqueID> { assembler.channelsInDoubt }

    /// Whether a call that ended unseen waits for what Asterisk's own files say of it.
    var awaitsFiles: Bool { assembler.awaitsFiles }

    /// When the oldest channel was made of what waits for Asterisk's own files; nil: nothing does.
    var awaitedSince: Instant? { assembler.awaitedSince }
    /// Whether CDRs have come of calls that nothing else told of so far.
    var hasStrayRows: Bool { assembler.hasStrayRows }
    /// Channels of the calls that CDRs alone have told of, and that wait for a CEL file to tell more.
    var strayRows: Set<UniqueID> { assembler.strayRows }
    /// The files have told the calls of these channels.
    func forgetStrayRows(of ids: Set<UniqueID>) {
        assembler.forgetStrayRows(of: ids)
        schedule()
    }
    /// Whether a channel in progress has its CDR, as one that is gone.
    var mayHaveMissedEnds: Bool { assembler.mayHaveMissedEnds }

    /// Asterisk's own files have been read for these channels: calls with a gap are told with what stands there.
    func complete(from rows: [CDRRow], _ found: FoundCalls, seeking sought: Set<UniqueID>) {
        let time = now() + skew
        assembler.complete(from: rows, found, seeking: sought) { self.tell($0, at: time) }
        schedule()
    }

    private func apply(_ event: consuming CallEvent) {
        let at = event.at
        assembler.apply(event) { self.tell($0, at: at) }
        schedule()
    }

    private func tell(_ effect: AssemblyEffect, at time: Instant) {
        switch effect {
        case .finished(let call):
            (channelsWithoutRecord, lastFinishedAt) = (0, now())
            whenTold(.finished(call))
        case .progress(let progress, let record): whenTold(.progress(progress, record, at: time))
        case .resyncWanted(let reason, let offset): whenTold(.resyncWanted(reason: reason, offset: offset))
        }
    }

    /// Sets the timer for what the fold waits for; most events change nothing.
    private func schedule() {
        open.set(assembler.openCallCount)
        guard assembler.nextDeadline != timerFor else { return }
        timerFor = assembler.nextDeadline
        timer?.cancel()
        timer = nil
        guard let deadline = assembler.nextDeadline else { return }
        let wait = max(.milliseconds(1), deadline - (now() + skew))
        timer = loop.schedule(after: wait) { [weak self] in self?.wake() }
    }

    private func wake() {
        timer = nil
        timerFor = nil
        let time = now() + skew
        assembler.advance(to: time) { self.tell($0, at: time) }
        schedule()
    }

    /// Tells the calls that are over and only waited for their CDR, and stops the timer.
    func stop() {
        timer?.cancel()
        timer = nil
        guard let deadline = assembler.lastDeadline else { return }
        assembler.advance(to: deadline) { self.tell($0, at: now() + skew) }
    }
}
