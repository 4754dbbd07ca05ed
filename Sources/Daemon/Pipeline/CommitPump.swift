import Diagnostics
import EventLoop
import Glibc
import Storage
import Telephony

/// Carries what the fold has finished to the store, in order, as fast as the store takes it, and never makes the fold wait.
///
/// ```
/// offer ─▶ [ queue, bounded ] ─▶ one batch at a time: messages, then calls, then notes that are over
///    ▲         │ full                  │ disk full, I/O error: the same batch again, later
///    │         ▼                       └ one call refused for itself: kept in quarantine.jsonl, the others go on
///    └── overflow.jsonl, taken up a piece at a time when the store works again
/// ```
/// Whatever arrives while a batch is being written is the next batch: that is the group commit. The overflow file is written and
/// read on a thread of its own, so that a disk that hangs holds up no manager connection; what is on its way there is bounded
/// too, and beyond that a call is logged and left to `hookswitch backfill`.
///
/// **Isolation**: on the loop's thread only. `@unchecked Sendable`: all state is touched there alone, `precondition`ed.
final class CommitPump: @unchecked Sendable {
    /// One thing to be written.
    enum Work {
        /// A record with its messages, written together.
        case call(CallCommit)
        /// Messages without a record of their own.
        case messages([OutboxDraft])
        /// A note in the store that is over.
        case forget(String)
        /// Resumed with true when all that was offered before is written, with false when the store takes no more.
        case mark(CheckedContinuation<Bool, Never>)
    }
    /// The kind of file a call comes back from.
    enum Origin: Sendable {
        /// It did not fit into memory, or into a closing store.
        case overflow
        /// It was read from Asterisk's own files.
        case backfill
    }
    /// What the pump needs of a store.
    typealias Store = RecordSink & Outbox

    /// Calls in memory, at about 10 KB each, before they go to the overflow file: some minutes of a very busy PBX.
    static let capacity = 20_000
    /// Calls on their way to the overflow file at most.
    private static let spillCapacity = 20_000
    /// Work in one batch.
    private static let batch = 1000

    private let loop: EventLoop
    private let store: any Store
    private let overflow: OverflowFile
    private let files = SerialThread()
    private var reader: OverflowReader?
    private let quarantine: OverflowFile
    private let logger: Logger
    private let counters: Counters
    private let now: @Sendable () -> Instant
    /// Makes a call that waited in the overflow file into work again.
    var revive: (FinishedCall, Origin) async -> Void = { _, _ in }
    /// Told why when the store stops taking, and nil when it takes again.
    var whenTroubled: (StorageError?) -> Void = { _ in }

    private var queue: [Work] = []
    /// Its greatest length since it was empty last.
    private var longest = 0
    private var isPumping = false
    private var isTroubled = false
    private var isOverflowing = false
    /// No more calls are taken from files: what is left of them is for the next start.
    private var isClosed = false
    private var spilling = 0
    private var whenIdle: [CheckedContinuation<Void, Never>] = []

    private struct Counters {
        let added, amended, known, refused, overflowed, leftOut, queued: Counter
        init(_ registry: CounterRegistry) {
            added = registry.counter("calls.added")
            amended = registry.counter("calls.amended")
            known = registry.counter("calls.known")
            refused = registry.counter("calls.quarantined")
            overflowed = registry.counter("calls.overflowed")
            leftOut = registry.counter("messages.left_out")
            queued = registry.counter("calls.queued")
        }
    }

    /// - Parameter folder: the state folder, where `overflow.jsonl` and `quarantine.jsonl` are written when they are
    ///   needed.
    init(
        loop: EventLoop, store: any Store, folder: String, logger: Logger, counters: CounterRegistry,
        now: @escaping @Sendable () -> Instant
    ) {
        (self.loop, self.store, self.logger, self.now) = (loop, store, logger.part("storage"), now)
        overflow = OverflowFile(path: "\(folder)/overflow.jsonl")
        quarantine = OverflowFile(path: "\(folder)/quarantine.jsonl")
        self.counters = Counters(counters)
    }

    /// Takes work. Returns at once.
    func offer(_ work: Work) {
        precondition(loop.isCurrent, "the pump works on the loop")
        if queue.count >= CommitPump.capacity {
            switch work {
            case .call(let commit): return spill(commit)
            case .messages(let drafts): return leaveOut(drafts)
            case .forget, .mark: break
            }
        }
        queue.append(work)
        longest = max(longest, queue.count)
        counters.queued.set(queue.count)
        guard !isPumping else { return }
        isPumping = true
        // At once: the writer works while the rest of what the manager has sent is still being folded.
        Task.immediate(name: "commit-pump", executorPreference: loop) { await self.pump() }
    }

    /// Takes up what is in the overflow file, now or when this is free to.
    func takeUpOverflow() { takeUp(overflow.path, from: .overflow) }

    /// Takes up a file of calls, if it is there, and removes it when they are written.
    func takeUp(_ path: String, from origin: Origin) {
        guard !isClosed else { return }
        // The overflow file may be on its way to disk; of another one a look tells, as it is asked for again and again.
        if case .backfill = origin, !OverflowReader.isThere(path) { return }
        if reader == nil {
            reader = OverflowReader(
                loop: loop, thread: files, logger: logger, revive: { [weak self] in await self?.revive($0, $1) },
                written: { [weak self] in await self?.written() ?? false })
        }
        reader?.takeUp(path, from: origin)
    }
    private func written() async -> Bool {
        if isClosed { return false }
        return await withCheckedContinuation { offer(.mark($0)) }
    }

    /// Returns when everything offered so far is written, or the store takes no more. Files are taken up no further.
    func drain() async {
        isClosed = true
        if isPumping { await withCheckedContinuation { whenIdle.append($0) } }
        await files.result {}
    }

    /// Work that is not written yet.
    var backlog: Int { queue.count }

    // MARK: Writing

    private func pump() async {
        while !queue.isEmpty {
            let batch = Array(queue.prefix(CommitPump.batch))
            queue.removeFirst(batch.count)
            counters.queued.set(queue.count)
            guard await write(batch) else { break }
            if isOverflowing, queue.count < CommitPump.capacity / 2 {
                isOverflowing = false
                takeUpOverflow()
            }
        }
        isPumping = false
        if longest > CommitPump.batch { files.perform { MemoryReturn.toSystem() } }
        longest = 0
        let waiting = whenIdle
        whenIdle = []
        for continuation in waiting { continuation.resume() }
    }

    /// Writes a batch, however long it takes. False when the store is closed.
    private func write(_ batch: [Work]) async -> Bool {
        var calls: [CallCommit] = []
        var messages: [OutboxDraft] = []
        var over: [String] = []
        var marks: [CheckedContinuation<Bool, Never>] = []
        for work in batch {
            switch work {
            case .call(let commit): calls.append(commit)
            case .messages(let drafts): messages += drafts
            case .forget(let id): over.append(id)
            case .mark(let mark): marks.append(mark)
            }
        }
        let isOpen = await write(messages, calls, over)
        if !isOpen { close(calls) }
        for mark in marks { mark.resume(returning: isOpen) }
        return isOpen
    }
    private func write(_ messages: [OutboxDraft], _ calls: [CallCommit], _ over: [String]) async -> Bool {
        let store = store
        if !messages.isEmpty {
            guard await persist({ () throws(StorageError) in try await store.enqueue(messages) }) else { return false }
        }
        guard await commit(calls) else { return false }
        if over.isEmpty { return true }
        return await persist { () throws(StorageError) in try await store.forgetOpen(ids: over) }
    }

    private func commit(_ calls: [CallCommit]) async -> Bool {
        guard !calls.isEmpty else { return true }
        var delay = CommitPump.firstDelay
        while true {
            do throws(StorageError) {
                for outcome in try await store.commit(calls) {
                    switch outcome {
                    case .added: counters.added.add()
                    case .amended: counters.amended.add()
                    case .known: counters.known.add()
                    }
                }
                recovered()
                return true
            } catch {
                if error.code == .closed { return false }
                if !error.isTransient {
                    guard calls.count == 1 else {
                        // One of them is refused for itself: it must not hold up the others.
                        for call in calls { guard await commit([call]) else { return false } }
                        return true
                    }
                    isolate(calls[0], error)
                    return true
                }
                troubled(error)
                await pause(&delay)
            }
        }
    }

    /// Repeats a write until the store takes it. What it refuses for itself is logged and left.
    private func persist(_ body: () async throws(StorageError) -> Void) async -> Bool {
        var delay = CommitPump.firstDelay
        while true {
            do throws(StorageError) {
                try await body()
                recovered()
                return true
            } catch {
                if error.code == .closed { return false }
                guard error.isTransient else {
                    logger.error(
                        "the store refused a note or a message",
                        [.errorCode: .text(error.code.rawValue), .error: .text(error.description)], repeats: .counted)
                    return true
                }
                troubled(error)
                await pause(&delay)
            }
        }
    }

    // MARK: Trouble

    private static let firstDelay: Duration = .milliseconds(100)
    private static let longestDelay: Duration = .seconds(5)

    private func pause(_ delay: inout Duration) async {
        do { try await loop.sleep(for: delay) } catch {}
        delay = min(delay * 2, CommitPump.longestDelay)
    }

    private func troubled(_ error: StorageError) {
        logger.error(
            "the store takes no calls; they wait",
            [
                .errorCode: .text(error.code.rawValue), .error: .text(error.description),
                .count: .number(queue.count), .hint: .text(error.hint),
            ], repeats: .counted)
        guard !isTroubled else { return }
        isTroubled = true
        whenTroubled(error)
    }
    private func recovered() {
        guard isTroubled else { return }
        isTroubled = false
        logger.notice("the store takes calls again", [.count: .number(queue.count)])
        whenTroubled(nil)
    }

    /// The store was closed while calls were on their way: they wait in the overflow file for the next start. One that was
    /// written just before is there too then, and adds nothing.
    private func close(_ calls: [CallCommit]) {
        isClosed = true
        for call in calls { spill(call) }
        for work in queue {
            switch work {
            case .call(let call): spill(call)
            case .mark(let mark): mark.resume(returning: false)
            case .messages, .forget: break
            }
        }
        queue = []
    }

    private func spill(_ commit: CallCommit) {
        counters.overflowed.add()
        isOverflowing = true
        guard spilling < CommitPump.spillCapacity else {
            return lose(commit.call, FileError("write", overflow.path, number: EAGAIN))
        }
        spilling += 1
        let (call, overflow, loop) = (commit.call, overflow, loop)
        files.perform { [weak self] in
            var failure: FileError?
            do throws(FileError) { try overflow.append(call) } catch { failure = error }
            loop.perform { [weak self, failure] in
                self?.spilling -= 1
                if let failure { self?.lose(call, failure) }
            }
        }
    }
    /// A call in progress is news for as long as it lasts; with so many calls waiting before it, it is none. The call itself
    /// is told at its end.
    private func leaveOut(_ drafts: [OutboxDraft]) {
        counters.leftOut.add(drafts.count)
        logger.error(
            "calls in progress are not told; the store is too far behind",
            [.count: .number(queue.count), .hint: .text("each call is still told at its end")], repeats: .counted)
    }
    private func lose(_ call: FinishedCall, _ error: FileError) {
        logger.error(
            "a call could be kept nowhere",
            [
                .linkedID: .text(call.record.linkedID.description), .error: .text(error.description),
                .hint: .text("free the disk, then run hookswitch backfill: Asterisk's CDR file has the call"),
            ])
    }

    private func isolate(_ commit: CallCommit, _ error: StorageError) {
        counters.refused.add()
        logger.error(
            "the store refused a call; it is kept aside",
            [
                .linkedID: .text(commit.call.record.linkedID.description), .errorCode: .text(error.code.rawValue),
                .error: .text(error.description), .file: .text(quarantine.path), .hint: .text(error.hint),
            ])
        do throws(FileError) { try quarantine.append(commit.call) } catch {
            logger.error("the call could not be kept aside", [.error: .text(error.description)])
        }
    }
}
