import Synchronization
import Telephony

/// The one writer: commits together whatever has arrived while the previous commit was on its way to the disk.
///
/// Lives on its own thread. A batch is one transaction; if it fails because of the disk, everyone in it is told; if it
/// fails because of something in it, each part is tried alone, so that one bad part harms nobody else.
actor Writer {
    /// Runs the batches itself, between two of the actor's jobs; see `DatabaseThread.onWrites`.
    nonisolated let thread = DatabaseThread(name: "hs-writer")
    /// Runs the actor on `thread`, so that its methods and the batches never meet.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    /// Shared with claims, which read it without coming here.
    nonisolated let desk = Mutex(LendingDesk())
    /// Under a lock, as `whenReady` is set from anywhere and read after each commit; called outside of the lock.
    nonisolated let listener = Mutex(Listener())
    /// The database's file, for those who open a connection of their own.
    nonisolated let path: String
    private let clock: @Sendable () -> Instant
    /// Runs what tells of a commit; see `CallStore.Options.tell`.
    private let tell: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// Nil once closed.
    private var ledger: Ledger?
    private var log: CallsLog?
    private var totals = WriterTotals()
    /// Since when nothing is written to the calls log; nil while it is.
    private var logHeldAt: Instant?
    private let checkpointer: Checkpointer
    /// Log pages when a checkpoint was last asked for.
    private var checkpointedAt: Int32 = 0
    /// Pages of write-ahead log after which the checkpointer is asked, 16 MB. Four times SQLite's default: the same few
    /// pages are written again by each commit and copied once, and syncing the copy slows the commits beside it.
    ///
    /// Of a small volume a thirty-second: a log that fills it cannot be copied any more, as the database needs room to grow.
    private let checkpointPages: Int32
    /// Pages after which the writer copies the rest itself: 128 MB, a quarter of a small volume.
    private var logLimit: Int32 { checkpointPages * 8 }
    /// Length of the log's file when the checkpointer is asked, in frames of 4120 bytes, and of what comes beside its work.
    nonisolated let logRoom: Int64
    /// Rows and bytes after which a batch is committed though more waits: bounds a commit's duration.
    static let batchWeight = 4000

    /// Opens and migrates the database, puts every endpoint's backlog before the desk, and mends the end of the calls
    /// log. Blocks.
    /// - Throws: `newerVersion`, `damaged`, `unwritable`, `diskFull`, `busy`, `io`.
    init(
        path: String, vfs: String?, log: CallsLog?, clock: @escaping @Sendable () -> Instant,
        tell: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) throws(StorageError) {
        (self.path, self.clock, self.tell) = (path, clock, tell)
        self.log = log
        checkpointer = Checkpointer(path: path, vfs: vfs)
        let ledger = try Ledger(path: path, vfs: vfs)
        let pages = DiskRoom(at: path).map { $0.total / 32 / 4096 } ?? 4000
        checkpointPages = Int32(min(4000, max(pages, 1)))
        logRoom = Int64(checkpointPages) * 4120 + (4 << 20)
        desk.withLock { desk in
            for row in ledger.endpoints {
                desk.open(row.status.name, row.status.condition, hasReady: row.status.ready > 0)
            }
        }
        self.ledger = ledger
        try log?.resume(now: clock()) { (lines) throws(StorageError) in try ledger.records(missingAfter: lines) }
        thread.onWrites { [weak self] writes in
            guard let self else { return Writer.refuse(writes) }
            self.assumeIsolated { $0.perform(writes) }
        }
    }

    /// Who is told of endpoints that have something to claim.
    ///
    /// A structure and not the bare closure, as a closure that is a generic's value is wrapped once more by each access
    /// in place: the chain of wrappers would grow with every commit.
    struct Listener {
        /// Names of endpoints, each once, after a commit; nil while nobody has subscribed.
        var whenReady: (@Sendable ([String]) -> Void)?
    }

    // MARK: Batches

    private func perform(_ writes: [any WriteJob]) {
        var start = 0
        while start < writes.count {
            var end = start
            var weight = 0
            while end < writes.count, weight == 0 || weight + writes[end].weight <= Writer.batchWeight {
                weight += writes[end].weight
                end += 1
            }
            commit(writes[start..<end])
            start = end
        }
    }
    private func commit(_ writes: ArraySlice<any WriteJob>) {
        guard let ledger else { return Writer.refuse(writes) }
        let now = clock()
        do throws(StorageError) {
            try ledger.begin(now: now)
            for write in writes { try write.run(ledger) }
            try ledger.commit()
        } catch {
            ledger.rollback()
            totals.failures += 1
            // The log can start over once it is copied: where it is what fills the disk, that is room for what is asked again.
            if error.code == .diskFull { ledger.connection.checkpoint() }
            if writes.count > 1, !error.isTransient {
                for i in writes.indices { commit(writes[i...i]) }
            } else {
                for write in writes { write.answer(error) }
            }
            return
        }
        totals.commits += 1
        totals.writes += writes.count
        let (effects, logged) = ledger.takeEffects()
        let ready = apply(effects, now: now)
        let notify = ready.isEmpty ? nil : listener.withLock { $0.whenReady }
        // In one: whoever waits on another thread is woken once. The subscriber first, as it has something to send.
        tell {
            notify?(ready)
            for write in writes { write.answer(nil) }
        }
        if let log, !logged.isEmpty { log.append(logged, now: now) }
        checkpointIfDue(ledger)
    }
    /// After the answers, so that nobody of this batch waits for it.
    private func checkpointIfDue(_ ledger: Ledger) {
        let pages = ledger.logPages
        if pages < checkpointedAt { checkpointedAt = 0 }  // the log has started over
        guard pages - checkpointedAt >= checkpointPages else { return }
        if pages >= logLimit {
            ledger.connection.checkpoint()
            checkpointedAt = 0
        } else {
            checkpointedAt = pages
            Task(name: "checkpoint") { await checkpointer.run() }
        }
    }
    private static func refuse(_ writes: some Sequence<any WriteJob>) {
        for write in writes { write.answer(StorageError(.closed, "write")) }
    }
    /// Tells the desk what can be claimed now.
    /// - Returns: the endpoints that have something new, each once.
    private func apply(_ effects: [Ledger.Effect], now: Instant) -> [String] {
        guard !effects.isEmpty else { return [] }
        var named: [String] = []
        desk.withLock { desk in
            for effect in effects {
                let name: String
                switch effect {
                case .fresh(let entry):
                    desk.offer(entry, now: now)
                    name = entry.endpoint
                case .due(let endpoint, let at):
                    desk.becomesDue(endpoint, at: at)
                    name = endpoint
                case .settled(let id):
                    desk.settled(id)
                    continue
                case .condition(let endpoint, let condition):
                    desk.set(endpoint, condition)
                    name = endpoint
                }
                if !named.contains(name) { named.append(name) }
            }
        }
        return named
    }

    // MARK: The actor's own verbs, between batches

    /// Gives the log's file its length, a piece a turn so that batches come between.
    func makeLogRoom(_ size: Int64) async {
        while ledger?.lengthenLog(to: size) ?? false { await Task.yield() }
    }

    /// Reads a page of an endpoint's backlog into the desk.
    func refill(_ endpoint: String, limit: Int, now: Instant) throws(StorageError) {
        guard let ledger else { throw StorageError(.closed, "claim") }
        let room = desk.withLock { desk in
            desk.beginRead(endpoint)
            return desk.room(endpoint)
        }
        do throws(StorageError) {
            let (entries, next) = try ledger.due(endpoint: endpoint, limit: limit, maxBytes: room, now: now) { id in
                desk.withLock { $0.isHeld(id) }
            }
            desk.withLock { $0.refill(endpoint, entries, next: next) }
        } catch {
            desk.withLock { $0.refill(endpoint, [], next: Instant(microseconds: .min)) }
            throw error
        }
    }
    /// Runs `body` on the database outside any batch.
    func with<R: Sendable>(_ body: (Ledger) throws(StorageError) -> R) throws(StorageError) -> R {
        guard let ledger else { throw StorageError(.closed, "use the database") }
        return try body(ledger)
    }
    /// Has the checkpointer copy the log now; returns when it has, without the writer's thread.
    nonisolated func copyLog() async { await checkpointer.run() }
    /// See `CallsLog.reopen`; comes between two batches, so that no line is cut in two.
    func reopenLog() { log?.reopen() }
    /// See `CallsLog.removeRotated`.
    func removeRotatedLogs(before: Instant) { log?.removeRotated(before: before) }
    /// Stops writing the calls log, or writes what was left out and goes on.
    func holdLog(_ isHeld: Bool) throws(StorageError) {
        guard let log, let ledger, isHeld != (logHeldAt != nil) else { return }
        log.hold(isHeld)
        guard let since = logHeldAt else {
            logHeldAt = clock()
            return
        }
        logHeldAt = nil
        let now = clock()
        try ledger.eachRecord(since: since) { log.append($0, now: now) }
    }
    /// A copy as of the last batch.
    func currentTotals() -> WriterTotals { totals }
    /// Closes checkpointer, database and log in this order; idempotent, and writes that come later are answered
    /// `closed`.
    func close() async {
        await checkpointer.close()
        ledger = nil
        log?.close()
        log = nil
    }
}

/// What the writer has done since it started.
public struct WriterTotals: Sendable, Equatable {
    /// Transactions on disk.
    public var commits = 0
    /// The writes those transactions held: divided by `commits`, how many share one sync.
    public var writes = 0
    /// Transactions that failed. A batch that is tried again in parts counts once for itself and once for each part
    /// that fails.
    public var failures = 0
}

/// A write with its answer, waited for by a task.
final class Write<Answer: Sendable>: WriteJob, @unchecked Sendable {
    // Unchecked: `result` is written by the writer's thread in `run`, and read in `answer`, which comes after.
    /// Rows it is good for, roughly; 0 for one that only waits for those before it.
    let weight: Int
    private let body: @Sendable (Ledger) throws(StorageError) -> Answer
    private let continuation: UnsafeContinuation<Result<Answer, StorageError>, Never>
    private var result: Answer?

    /// - Parameter continuation: resumed once, with the answer of `body` when that is on disk.
    init(
        weight: Int, _ continuation: UnsafeContinuation<Result<Answer, StorageError>, Never>,
        _ body: @escaping @Sendable (Ledger) throws(StorageError) -> Answer
    ) {
        (self.weight, self.continuation, self.body) = (weight, continuation, body)
    }
    /// Keeps the answer of `body` for `answer`; a second run replaces that of the first.
    func run(_ ledger: Ledger) throws(StorageError) { result = try body(ledger) }
    /// Resumes whoever waits.
    func answer(_ error: StorageError?) {
        if let error {
            continuation.resume(returning: .failure(error))
        } else if let result {
            continuation.resume(returning: .success(result))
        }
    }
}
