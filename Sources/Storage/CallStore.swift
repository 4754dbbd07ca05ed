import Glibc
import Synchronization
public import Telephony

/// The store of a running daemon: owns the state folder, writes, lends messages, and has its own `StoreReader` for questions.
///
/// Open one at start, `close` it last. All methods may be called from anywhere and none blocks its thread.
public final class CallStore: Sendable {
    /// Owner of the one connection that writes; its desk and listener are used from here without going to its thread.
    let writer: Writer
    /// Shared with `query`, and asked for the rows that `retry`, `replay` and `sweep` then hand to the writer.
    let reader: Reader
    /// What can be asked of the store; sees what has been committed.
    public let query: StoreReader
    /// As given to `init`. The store reads `uptime`, `vfs` and the folder from here; the writer has its own hold of the
    /// wall clock.
    let options: Options
    private let folder: Mutex<Owned>

    /// What a store is opened with.
    public struct Options: Sendable {
        /// The state folder; `hookswitch.db` and its lock live in it.
        public var folder: String
        /// Where `calls.jsonl` goes; nil writes none.
        public var callsLog: CallsLogOptions?
        /// A registered SQLite VFS, for tests that make the disk fail; nil is the system's.
        public var vfs: String?
        /// The wall clock.
        public var clock: @Sendable () -> Instant
        /// A clock that nobody sets, for leases.
        public var uptime: @Sendable () -> Duration
        /// Told in one sentence when the calls log stops or starts working.
        public var report: @Sendable (String) -> Void
        /// Runs what tells of a commit: `whenReady`'s subscriber and those who wait for their write. A program whose tasks live on
        /// one thread hands it over there once, instead of each of them; else the writer's thread runs it.
        public var tell: @Sendable (@escaping @Sendable () -> Void) -> Void = { $0() }
        public init(
            folder: String, callsLog: CallsLogOptions? = nil, vfs: String? = nil,
            clock: @escaping @Sendable () -> Instant = CallStore.wallClock,
            uptime: @escaping @Sendable () -> Duration = CallStore.uptime,
            report: @escaping @Sendable (String) -> Void = { _ in }
        ) {
            (self.folder, self.callsLog, self.vfs) = (folder, callsLog, vfs)
            (self.clock, self.uptime, self.report) = (clock, uptime, report)
        }
    }
    /// The lock, until it is given back.
    private struct Owned: ~Copyable {
        var folder: StateFolder?
    }

    /// Takes the folder, opens or makes the database, brings it to this version. Blocks: at start only.
    /// - Throws: `unwritable`, `locked`, `newerVersion`, `damaged`, `diskFull`, `io`.
    public init(_ options: Options) throws(StorageError) {
        let owned = try StateFolder.own(options.folder)
        let path = StateFolder.databasePath(in: options.folder)
        let log = options.callsLog.map { CallsLog($0, report: options.report) }
        self.options = options
        writer = try Writer(path: path, vfs: options.vfs, log: log, clock: options.clock, tell: options.tell)
        reader = Reader(path: path, vfs: options.vfs)
        query = StoreReader(reader)
        folder = Mutex(Owned(folder: owned))
    }
    deinit {
        writer.thread.stop()
        reader.thread.stop()
    }

    /// Writes what is queued, closes the files and gives the folder back. Idempotent; a write that is asked for later fails
    /// with `closed`, a question opens the database for itself again.
    public func close() async {
        // A write of nothing: it is answered when all that was queued before it has been.
        _ = try? await write(weight: 0) { _ in }
        await writer.close()
        await reader.close()
        folder.withLock { $0.folder = nil }
    }

    /// Gives the write-ahead log's file its length beforehand, so that calls are committed as fast soon after a start as later.
    /// Nothing is done on a disk that is short of room.
    ///
    /// - Parameter bytes: nil is what is written until the log starts over, some 20 MB.
    public func makeLogRoom(_ bytes: Int64? = nil) async {
        let bytes = bytes ?? writer.logRoom
        guard let room, room.free / 20 > bytes else { return }
        await writer.makeLogRoom(bytes)
    }

    /// Time since the machine was started, sleep included, whatever is done to its wall clock.
    public static func uptime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Now, by the system's clock.
    public static func wallClock() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Queues a change and waits until it is on disk.
    func write<Answer: Sendable>(
        weight: Int, _ body: @escaping @Sendable (Ledger) throws(StorageError) -> Answer
    ) async throws(StorageError) -> Answer {
        let result = await withUnsafeContinuation { continuation in
            let write = Write(weight: weight, continuation, body)
            if !writer.thread.submit(write) {
                write.answer(
                    StorageError(.busy, "queue a write", underlying: "\(DatabaseThread.weightLimit) rows wait already"))
            }
        }
        return try result.get()
    }
}

extension CallStore: RecordSink {
    public func commit(_ calls: [CallCommit]) async throws(StorageError) -> [CommitOutcome] {
        if calls.isEmpty { return [] }
        let weight = calls.reduce(0) { $0 + 1 + $1.outbox.count }
        return try await write(weight: weight) { (ledger) throws(StorageError) in
            var outcomes: [CommitOutcome] = []
            outcomes.reserveCapacity(calls.count)
            for call in calls { outcomes.append(try ledger.store(call)) }
            return outcomes
        }
    }
    public func noteOpen(_ calls: [OpenCall]) async throws(StorageError) {
        if calls.isEmpty { return }
        try await write(weight: calls.count) { (ledger) throws(StorageError) in
            for call in calls { try ledger.noteOpen(call) }
        }
    }
    public func forgetOpen(ids: [String]) async throws(StorageError) {
        if ids.isEmpty { return }
        try await write(weight: ids.count) { (ledger) throws(StorageError) in
            for id in ids { try ledger.forgetOpen(id) }
        }
    }
    public func openCalls() async throws(StorageError) -> [OpenCall] {
        try await writer.with { (ledger) throws(StorageError) in try ledger.openCalls() }
    }
}

extension CallStore: Outbox {
    public func enqueue(_ drafts: [OutboxDraft]) async throws(StorageError) {
        if drafts.isEmpty { return }
        try await write(weight: drafts.count) { (ledger) throws(StorageError) in
            for draft in drafts { try ledger.enqueue(draft) }
        }
    }
    public func claim(endpoint: String, limit: Int, now: Instant, lease: Duration) async throws(StorageError) -> Claim {
        while true {
            switch ask(endpoint, limit, now, lease) {
            case .lent(let claim): return claim
            case .readBacklog(let page): try await writer.refill(endpoint, limit: page, now: now)
            }
        }
    }
    public func claimAtHand(endpoint: String, limit: Int, now: Instant, lease: Duration) -> Claim? {
        guard case .lent(let claim) = ask(endpoint, limit, now, lease) else { return nil }
        return claim
    }
    private func ask(_ endpoint: String, _ limit: Int, _ now: Instant, _ lease: Duration) -> LendingDesk.Answer {
        let uptime = options.uptime()
        return writer.desk.withLock { $0.claim(endpoint, limit: limit, now: now, uptime: uptime, lease: lease) }
    }
    public func finish(_ results: [AttemptResult]) async throws(StorageError) {
        if results.isEmpty { return }
        try await write(weight: results.count) { (ledger) throws(StorageError) in
            for result in results { try ledger.finish(result) }
        }
    }
    public func clockWasSet(by step: Duration) async throws(StorageError) {
        try await write(weight: 1) { (ledger) throws(StorageError) in try ledger.clockWasSet(by: step) }
    }
    public func release(_ entries: [OutboxEntry.ID]) async {
        writer.desk.withLock { $0.release(entries) }
    }
    public func endpoints() async throws(StorageError) -> [EndpointStatus] { try await query.endpoints() }
    public func whenReady(_ notify: @escaping @Sendable ([String]) -> Void) {
        writer.listener.withLock { $0.whenReady = notify }
    }
    public func setEndpoint(_ name: String, _ condition: EndpointCondition, reason: String, now: Instant)
        async throws(StorageError)
    {
        try await write(weight: 1) { (ledger) throws(StorageError) in
            try ledger.setEndpoint(name, condition, reason: reason, now: now)
        }
    }
    public func condition(of endpoint: String) -> EndpointCondition {
        writer.desk.withLock { $0.condition(of: endpoint) }
    }
    public func retry(ids: [String], now: Instant) async throws(StorageError) -> Int {
        let rows = try await reader.with { (r) throws(StorageError) in try r.rows(named: ids) }
        return try await revive(rows, now: now, perSecond: nil, onlySettled: false)
    }
    public func replay(since: Instant, until: Instant, endpoint: String?, perSecond: Int, now: Instant)
        async throws(StorageError) -> Int
    {
        try await replay(
            since: since, until: until, endpoint: endpoint, onlyDead: false, perSecond: perSecond, now: now)
    }
    /// As `replay`, of the dead letters alone.
    public func retryDead(since: Instant, until: Instant, endpoint: String?, perSecond: Int, now: Instant)
        async throws(StorageError) -> Int
    {
        try await replay(
            since: since, until: until, endpoint: endpoint, onlyDead: true, perSecond: perSecond, now: now)
    }
    private func replay(
        since: Instant, until: Instant, endpoint: String?, onlyDead: Bool, perSecond: Int, now: Instant
    ) async throws(StorageError) -> Int {
        let rows = try await reader.with { (r) throws(StorageError) in
            try r.settledRows(since: since, until: until, endpoint: endpoint, onlyDead: onlyDead)
        }
        return try await revive(rows, now: now, perSecond: max(1, perSecond), onlySettled: true)
    }
    /// In transactions of 500 rows, so that calls are committed in between.
    private func revive(_ rows: [Int64], now: Instant, perSecond: Int?, onlySettled: Bool) async throws(StorageError)
        -> Int
    {
        var found = 0
        for start in stride(from: 0, to: rows.count, by: 500) {
            let chunk = rows[start..<min(start + 500, rows.count)]
            found += try await write(weight: chunk.count) { (ledger) throws(StorageError) in
                var count = 0
                for i in chunk.indices {
                    let delay = perSecond.map { Duration.microseconds(Int64(i) * 1_000_000 / Int64($0)) } ?? .zero
                    if try ledger.revive(chunk[i], due: now + delay, onlySettled: onlySettled) { count += 1 }
                }
                return count
            }
        }
        return found
    }
}

extension CallStore {
    /// What the writer has done since the store was opened.
    public var totals: WriterTotals {
        get async { await writer.currentTotals() }
    }
}
