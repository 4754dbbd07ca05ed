import Telephony

/// The writer's side of the database: each method is one step inside a transaction somebody else opens and ends.
///
/// Confined to the writer's thread. What a transaction will change outside the database (counts, what delivery may
/// claim) is collected and takes effect only by `commit`; `rollback` forgets it.
final class Ledger {
    /// The only connection that writes calls and messages; also used for the few statements that are too rare to be
    /// kept prepared.
    let connection: Connection
    /// Shared by all steps. A step must have run to its end or been reset before another uses the same one.
    let statements: Statements
    /// Every endpoint there is, with its counts as of the transaction under way.
    private(set) var endpoints: [EndpointRow] = []
    private var endpointIndex: [String: Int] = [:]
    private var changedEndpoints: Set<Int> = []
    /// Ids with a row in `open_calls`; spares a look-up for the calls that never got one.
    var openIDs: Set<String> = []
    /// What the transaction under way means for delivery, in order.
    private(set) var effects: [Effect] = []
    /// Records for `calls.jsonl`, in order.
    private(set) var logged: [[UInt8]] = []
    /// The wall clock, cut to whole milliseconds, as of the transaction's start: one reading for all its rows.
    private(set) var now = Instant(seconds: 0)
    /// After a rollback: what is kept in memory must be read again before it is relied on.
    private var isStale = false
    /// SQLite's `data_version` when requests were last looked for; never one SQLite gives.
    var seenVersion: Int64 = -1
    private let logPageCount: UnsafeMutablePointer<Int32>
    /// Length of the write-ahead log after the latest commit.
    var logPages: Int32 { logPageCount.pointee }

    /// A row of `endpoints`.
    struct EndpointRow {
        /// Its key in the table, which rows of `outbox` name; kept for ever.
        var id: Int64
        /// As of the transaction under way; `oldestUnsettled` is never set here, as only a `Reader` looks for it.
        var status: EndpointStatus
    }
    /// Something delivery's lending desk learns once the transaction is on disk.
    enum Effect {
        /// A message that may be claimed, body at hand.
        case fresh(OutboxEntry)
        /// A row that may be claimed from `due` on.
        case due(endpoint: String, at: Instant)
        /// A lease that is over.
        case settled(OutboxEntry.ID)
        /// An operator or a 410 has changed whether messages of this endpoint may be claimed.
        case condition(endpoint: String, EndpointCondition)
    }

    /// - Throws: whatever opening, checking or migrating says.
    init(path: String, vfs: String?) throws(StorageError) {
        connection = try Connection.open(path: path, mode: .create, vfs: vfs)
        // Reading the header first: a file that is no database says so here.
        _ = try connection.number("PRAGMA schema_version")
        try Schema.migrate(connection, path: path)
        try connection.execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
            PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY
            """)
        statements = try Statements(connection)
        // Not before everything else is set: what is half made when something throws never comes to `deinit`.
        logPageCount = .allocate(capacity: 1)
        logPageCount.initialize(to: 0)
        connection.countLogPages(in: logPageCount)
        try load()
        LogBuffer.install(on: connection)
    }
    deinit {
        // The connection may outlive this by its statements, but nothing commits on it any more.
        logPageCount.deallocate()
    }

    // MARK: A transaction

    /// Opens a transaction at the clock reading that all its rows bear, after reading again what a rollback has made
    /// doubtful.
    /// - Throws: `busy` where another process writes longer than the busy time-out; no transaction is open then.
    func begin(now: Instant) throws(StorageError) {
        self.now = Instant(milliseconds: now.milliseconds)
        if isStale { try load() }
        try statements.begin.run()
    }
    /// Ends the transaction; when this returns, it is on disk.
    func commit() throws(StorageError) {
        for index in changedEndpoints { try writeCounts(endpoints[index]) }
        try statements.commit.run()
        changedEndpoints.removeAll(keepingCapacity: true)
    }
    /// Hands over what the committed transaction means for others.
    func takeEffects() -> (effects: [Effect], logged: [[UInt8]]) {
        defer {
            effects = []
            logged = []
        }
        return (effects, logged)
    }
    /// Undoes everything since `begin`, in the database and here.
    func rollback() {
        if connection.isInTransaction { try? connection.execute("ROLLBACK") }
        effects = []
        logged = []
        changedEndpoints.removeAll()
        isStale = true
    }

    /// Reads what is kept in memory.
    private func load() throws(StorageError) {
        endpoints = try EndpointRow.all(connection)
        endpointIndex = Dictionary(uniqueKeysWithValues: endpoints.enumerated().map { ($1.status.name, $0) })
        openIDs = []
        let ids = try connection.prepare("SELECT id FROM open_calls")
        while try ids.step() { openIDs.insert(ids.text(0)) }
        isStale = false
    }
    private func writeCounts(_ row: EndpointRow) throws(StorageError) {
        let s = statements.updateEndpoint.use
        s.bind(1, row.status.condition.rawValue)
        s.bind(2, row.status.reason)
        s.bind(3, row.status.since)
        s.bind(4, row.status.ready)
        s.bind(5, row.status.waiting)
        s.bind(6, row.status.delivered)
        s.bind(7, row.status.dead)
        s.bind(8, row.id)
        try s.run()
    }

    // MARK: Endpoints

    /// The endpoint's place in `endpoints`; a new one gets its row.
    func endpoint(named name: String) throws(StorageError) -> Int {
        if let index = endpointIndex[name] { return index }
        let s = statements.insertEndpoint.use
        s.bind(1, name)
        try s.run()
        endpoints.append(EndpointRow(id: connection.lastInsertedRow, status: EndpointStatus(name: name)))
        endpointIndex[name] = endpoints.count - 1
        return endpoints.count - 1
    }
    /// The endpoint's place in `endpoints` by its key, or nil where there is none.
    /// - Complexity: the number of endpoints, a handful.
    func endpoint(id: Int64) -> Int? { endpoints.firstIndex { $0.id == id } }
    /// Changes an endpoint in memory; its row is written once, at `commit`, however many messages of the batch touch
    /// it.
    func change(endpoint index: Int, _ body: (inout EndpointStatus) -> Void) {
        body(&endpoints[index].status)
        changedEndpoints.insert(index)
    }
    /// Collects an effect of the transaction under way; a rollback forgets it.
    func add(_ effect: Effect) { effects.append(effect) }

    // MARK: Calls

    /// Writes one call and its outbox rows.
    func store(_ commit: CallCommit) throws(StorageError) -> CommitOutcome {
        let record = commit.call.record
        let outcome: CommitOutcome
        switch commit.kind {
        case .record: outcome = try add(commit)
        case .missed: outcome = try isLeg(record.uniqueID, of: record.system) ? .known : add(commit)
        case .waiting, .amendment: outcome = try amend(commit)
        }
        switch commit.kind {
        case .record, .missed: if outcome == .known { return .known }
        case .waiting, .amendment: break
        }
        for draft in commit.outbox { try enqueue(draft) }
        let hasWaited = openIDs.contains(record.id)
        if case .waiting(let note) = commit.kind {
            try noteOpen(
                OpenCall(
                    id: record.id, system: record.system, linkedID: record.linkedID, startedAt: record.startedAt,
                    snapshot: note))
        } else {
            if hasWaited { try forgetOpen(record.id) }
            if hasWaited || outcome != .known { logged.append(commit.recordJSON) }
        }
        return outcome
    }
    private func isLeg(_ id: UniqueID, of system: String) throws(StorageError) -> Bool {
        statements.findLeg.bind(1, id.description)
        statements.findLeg.bind(2, system)
        defer { statements.findLeg.reset() }
        return try statements.findLeg.step()
    }
    /// Writes a call that is not there; `known` where it is.
    private func add(_ commit: CallCommit) throws(StorageError) -> CommitOutcome {
        guard let row = try insert(commit.call.record) else { return .known }
        try writeDocument(of: commit, row: row)
        return .added
    }
    /// Writes a call over what is there of it; `known` where that is the same.
    private func amend(_ commit: CallCommit) throws(StorageError) -> CommitOutcome {
        guard let row = try row(ofCall: commit.call.record.id) else { return try add(commit) }
        if try isStored(commit.recordJSON, row: row) { return .known }
        // By the record that is there: one of its legs may be none of the call any more.
        try forgetLegs(ofCall: row)
        try update(commit.call.record, row: row)
        try writeDocument(of: commit, row: row)
        return .amended
    }
    /// Whether a call's record is these bytes already.
    private func isStored(_ document: [UInt8], row: Int64) throws(StorageError) -> Bool {
        let s = statements.findDocument.use
        s.bind(1, row)
        guard try s.step() else { return false }
        defer { s.reset() }
        return s.isEqual(0, to: document)
    }
    /// The row of the call with this record id; nil where there is none. By the unique index `calls_by_id`.
    func row(ofCall id: String) throws(StorageError) -> Int64? {
        statements.findCall.bind(1, id)
        guard try statements.findCall.step() else { return nil }
        defer { statements.findCall.reset() }
        return statements.findCall.integer(0)
    }
    /// The new row, or nil where the id is there already.
    private func insert(_ record: CallRecord) throws(StorageError) -> Int64? {
        bind(record, to: statements.insertCall)
        statements.insertCall.bind(19, now)
        try statements.insertCall.run()
        return connection.changes == 0 ? nil : connection.lastInsertedRow
    }
    private func update(_ record: CallRecord, row: Int64) throws(StorageError) {
        bind(record, to: statements.updateCall)
        statements.updateCall.bind(19, now)
        statements.updateCall.bind(20, row)
        try statements.updateCall.run()
    }
    /// Parameters 1 to 18, the same for insert and update.
    private func bind(_ record: CallRecord, to s: borrowing some StatementUse & ~Copyable) {
        let uniqueID = record.uniqueID.description
        s.bind(1, record.id)
        s.bind(2, record.system)
        s.bind(3, uniqueID)
        s.bind(4, record.linkedID.oldest == record.uniqueID ? uniqueID : record.linkedID.description)
        s.bind(5, record.startedAt)
        s.bind(6, record.answeredAt)
        s.bind(7, record.endedAt)
        s.bind(8, record.direction.rawValue)
        s.bind(9, record.disposition.rawValue)
        s.bind(10, record.caller.number)
        s.bind(11, record.callee.number)
        var numbers = Lines()
        numbers.add(record.caller.number)
        numbers.add(record.callee.number)
        for leg in record.legs { numbers.add(leg.number) }
        s.bind(12, numbers.text)
        var agents = Lines()
        for agent in record.agents { agents.add(agent) }
        if let agent = record.agent { agents.add(agent) }
        s.bind(13, agents.text)
        s.bind(14, record.queue?.name)
        s.bind(15, record.duration)
        s.bind(16, record.billableSeconds)
        s.bind(17, record.completeness.rawValue)
        s.bind(18, record.hangupCause.rawValue)
    }
    /// The record and its evidence as documents, and the ids it can be found by.
    private func writeDocument(of commit: CallCommit, row: Int64) throws(StorageError) {
        let evidence = FieldEvidence.json(commit.call.evidence)
        let s = statements.insertDocument.use
        s.bind(1, row)
        try commit.recordJSON.withUnsafeBytesTyped { (document) throws(StorageError) in
            s.borrow(2, text: document)
            try evidence.withUnsafeBytesTyped { (evidence) throws(StorageError) in
                s.borrow(3, text: evidence)
                try s.run()
            }
        }
        try writeLegs(of: commit.call.record, row: row)
    }
    private func writeLegs(of record: CallRecord, row: Int64) throws(StorageError) {
        var hasLinkedID = false
        for leg in record.legs {
            hasLinkedID = hasLinkedID || leg.uniqueID == record.linkedID.oldest
            try writeLeg(leg.uniqueID.description, leg.channel.description, row)
        }
        if !hasLinkedID { try writeLeg(record.linkedID.description, "", row) }
        if record.linkedID.oldest != record.uniqueID, !record.legs.contains(where: { $0.uniqueID == record.uniqueID }) {
            try writeLeg(record.uniqueID.description, "", row)
        }
    }
    /// Removes the ids that a call can be found by, as the record that is stored has them.
    func forgetLegs(ofCall row: Int64) throws(StorageError) {
        statements.deleteLegs.bind(1, row)
        try statements.deleteLegs.run()
    }
    private func writeLeg(_ uniqueID: String, _ channel: String, _ row: Int64) throws(StorageError) {
        let s = statements.insertLeg.use
        s.bind(1, uniqueID)
        s.bind(2, row)
        s.bind(3, channel)
        try s.run()
    }

    // MARK: Calls not wholly told

    /// Writes or replaces the row of `open_calls` that has the call's id.
    func noteOpen(_ call: OpenCall) throws(StorageError) {
        let s = statements.insertOpen.use
        s.bind(1, call.id)
        s.bind(2, call.system)
        s.bind(3, call.linkedID.description)
        s.bind(4, call.startedAt)
        s.bind(5, copying: call.snapshot)
        try s.run()
        openIDs.insert(call.id)
    }
    /// Removes the row of `open_calls`; nothing where there is none.
    func forgetOpen(_ id: String) throws(StorageError) {
        statements.deleteOpen.bind(1, id)
        try statements.deleteOpen.run()
        openIDs.remove(id)
    }
    /// The rows of `open_calls`, the earliest start first. Reads outside a transaction just as well.
    func openCalls() throws(StorageError) -> [OpenCall] {
        let s = try connection.prepare(
            "SELECT id, system, linkedid, started_at_ms, snapshot FROM open_calls ORDER BY started_at_ms, id")
        var calls: [OpenCall] = []
        while try s.step() {
            calls.append(
                OpenCall(
                    id: s.text(0), system: s.text(1), linkedID: LinkedID(s.text(2)), startedAt: s.instant(3),
                    snapshot: s.bytes(4)))
        }
        return calls
    }
}

/// Distinct texts, each with a line feed before and after, so that a search for a whole one cannot match a part.
private struct Lines {
    private(set) var text = ""
    private var seen: [String] = []

    mutating func add(_ line: String?) {
        guard let line, !line.isEmpty, !seen.contains(line) else { return }
        seen.append(line)
        if text.isEmpty { text = "\n" }
        text += line
        text += "\n"
    }
    mutating func add(_ party: CallRecord.Party) {
        add(party.number)
        add(party.name)
        add(party.agent)
    }
}

extension Array where Element == UInt8 {
    /// `withUnsafeBytes` that keeps the error's type.
    func withUnsafeBytesTyped<R>(_ body: (UnsafeRawBufferPointer) throws(StorageError) -> R) throws(StorageError) -> R {
        let result: Result<R, StorageError> = withUnsafeBytes { buffer in
            do throws(StorageError) { return .success(try body(buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
