import Telephony

/// Reads the database beside its writer, on a thread and a connection of its own.
///
/// Each method is one read transaction (one statement, or a short run of them), so a reader never keeps the writer from
/// starting its log over for long.
actor Reader {
    /// A thread of its own, so that a search through years of calls holds up no commit.
    nonisolated let thread = DatabaseThread(name: "hs-reader")
    /// Runs the actor on `thread`, and so off the cooperative pool.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    /// The database's file, not its folder.
    let path: String
    /// A registered SQLite VFS by name; nil is the system's.
    let vfs: String?
    /// Opened at the first question.
    private var opened: OpenReader?

    /// Opens nothing, so a reader may be made before there is a database.
    init(path: String, vfs: String?) { (self.path, self.vfs) = (path, vfs) }
    deinit { thread.stop() }

    private func connection() throws(StorageError) -> OpenReader {
        if let opened { return opened }
        let reader = try OpenReader(path: path, vfs: vfs)
        opened = reader
        return reader
    }
    /// Runs `body` with the reader's connection.
    func with<R: Sendable>(_ body: @Sendable (OpenReader) throws(StorageError) -> R) throws(StorageError) -> R {
        try body(try connection())
    }
    /// Closes the connection. Not an end: the next question opens another.
    func close() { opened = nil }
}

/// An open read connection and its questions; confined to its holder's thread.
final class OpenReader {
    /// Opened with `query_only`; statements are prepared for each question and not kept.
    let connection: Connection

    /// - Throws: `missing` where there is no database or it has no tables yet, `newerVersion`, `damaged`, `unwritable`,
    ///   `io`.
    init(path: String, vfs: String?) throws(StorageError) {
        connection = try Connection.open(path: path, mode: .readOnly, vfs: vfs)
        let found = try connection.number("PRAGMA user_version")
        guard found <= Schema.current else {
            throw StorageError(
                .newerVersion, "read \(path)",
                underlying: "its schema is \(found), this program knows \(Schema.current)")
        }
        guard found > 0 else { throw StorageError(.missing, "read \(path)", underlying: "it has no tables yet") }
        try connection.execute("PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY")
    }

    // MARK: Calls

    private static let callColumns = """
        SELECT c.row, d.record, d.evidence, c.stored_at_ms, c.amended_at_ms
        FROM calls c JOIN call_documents d ON d.call = c.row
        """

    /// Calls newest first, or with `after` in the order they were stored. An empty number or agent is no condition.
    /// - Complexity: number, agent, disposition and system have no index: they are held against each call of the span.
    func calls(matching filter: CallFilter) throws(StorageError) -> [StoredCall] {
        var sql = SQLText(OpenReader.callColumns)
        if let since = filter.since { sql.and("c.started_at_ms >= ?", since.milliseconds) }
        if let until = filter.until { sql.and("c.started_at_ms < ?", until.milliseconds) }
        if let disposition = filter.disposition { sql.and("c.disposition = ?", disposition.rawValue) }
        if let system = filter.system { sql.and("c.system = ?", system) }
        if let number = filter.number, !number.isEmpty {
            sql.and(anyOf: "instr(c.numbers, ?) > 0", NumberSearch.needles(for: number))
        }
        if let agent = filter.agent, !agent.isEmpty {
            let isNumber = agent.utf8.allSatisfy { (48...57).contains($0) }
            sql.and("instr(lower(c.agents), lower(?)) > 0", isNumber ? "\n\(agent)\n" : agent)
        }
        if let after = filter.after {
            sql.and("c.row > ?", after)
            sql.end("ORDER BY c.row", limit: filter.limit)
        } else {
            sql.end("ORDER BY c.started_at_ms DESC, c.row DESC", limit: filter.limit)
        }
        let s = try sql.prepare(connection)
        var calls: [StoredCall] = []
        while try s.step() { calls.append(OpenReader.call(s)) }
        return calls
    }
    /// The call with this record id; where there is none, those with a leg or `linkedid` of that name, newest first.
    func calls(withAnyID id: String) throws(StorageError) -> [StoredCall] {
        for condition in [
            "WHERE c.id = ?1",
            "WHERE c.row IN (SELECT call FROM legs WHERE uniqueid = ?1) ORDER BY c.started_at_ms DESC",
        ] {
            let s = try connection.prepare("\(OpenReader.callColumns) \(condition)")
            s.bind(1, id)
            var calls: [StoredCall] = []
            while try s.step() { calls.append(OpenReader.call(s)) }
            if !calls.isEmpty { return calls }
        }
        return []
    }
    /// How many have neither a record under their id nor one that has their first channel for a leg.
    func countUnknown(_ records: [CallRecord]) throws(StorageError) -> Int {
        let s = try connection.prepare(
            """
            SELECT 1 FROM calls WHERE id = ?1
            UNION ALL SELECT 1 FROM legs JOIN calls ON calls.row = legs.call WHERE legs.uniqueid = ?2 AND calls.system = ?3
            """)
        var count = 0
        for record in records {
            s.bind(1, record.id)
            s.bind(2, record.uniqueID.description)
            s.bind(3, record.system)
            if try !s.step() { count += 1 }
            s.reset()
        }
        return count
    }
    private static func call(_ s: borrowing some StatementUse & ~Copyable) -> StoredCall {
        StoredCall(
            row: s.integer(0), recordJSON: s.bytes(1), evidence: FieldEvidence.list(from: s.bytes(2)),
            storedAt: s.instant(3), amendedAt: s.optionalInstant(4))
    }

    // MARK: Messages

    private static let deliveryColumns = """
        SELECT o.row, o.message_id, e.name, o.call_id, o.event, o.sequence, o.state, o.attempts + o.attempts_before,
            o.created_at_ms, o.due_at_ms, o.settled_at_ms, o.last_status, o.last_error, o.content_type,
            (SELECT length(body) FROM outbox_bodies WHERE message = o.row)
        FROM outbox o JOIN endpoints e ON e.id = o.endpoint
        """

    /// Messages without their attempts, newest first, or with `after` oldest first.
    func deliveries(matching filter: DeliveryFilter) throws(StorageError) -> [Delivery] {
        var sql = SQLText(OpenReader.deliveryColumns)
        if let endpoint = filter.endpoint {
            sql.and("o.endpoint = (SELECT id FROM endpoints WHERE name = ?)", endpoint)
        }
        // Spelt out, because a partial index is used only where the condition stands in the text.
        if let state = filter.state { sql.and("o.state = \(state.number)") }
        if let since = filter.since { sql.and("o.created_at_ms >= ?", since.milliseconds) }
        if let until = filter.until { sql.and("o.created_at_ms < ?", until.milliseconds) }
        if let after = filter.after { sql.and("o.row > ?", after) }
        sql.end(filter.after == nil ? "ORDER BY o.row DESC" : "ORDER BY o.row", limit: filter.limit)
        let s = try sql.prepare(connection)
        var list: [Delivery] = []
        while try s.step() { list.append(OpenReader.delivery(s)) }
        return list
    }
    /// A call's messages with their attempts, by endpoint and then as they are sent.
    func deliveries(ofCall id: String) throws(StorageError) -> [Delivery] {
        let s = try connection.prepare(
            "\(OpenReader.deliveryColumns) WHERE o.call_id = ?1 ORDER BY o.endpoint, o.sequence, o.row")
        s.bind(1, id)
        var list: [Delivery] = []
        while try s.step() { list.append(OpenReader.delivery(s)) }
        for i in list.indices { list[i].attempts = try attempts(of: list[i].id) }
        return list
    }
    private func attempts(of message: Int64) throws(StorageError) -> [Attempt] {
        let s = try connection.prepare(
            """
            SELECT at_ms, duration_us, status, error, response FROM attempts WHERE message = ?1 ORDER BY ordinal
            """)
        s.bind(1, message)
        var list: [Attempt] = []
        while try s.step() {
            list.append(
                Attempt(
                    at: s.instant(0), duration: .microseconds(s.integer(1)),
                    status: s.optionalInteger(2).map { Int($0) },
                    error: s.optionalText(3), response: s.bytes(4)))
        }
        return list
    }
    private static func delivery(_ s: borrowing some StatementUse & ~Copyable) -> Delivery {
        let state = DeliveryState(number: s.integer(6))
        return Delivery(
            id: s.integer(0), messageID: s.text(1), endpoint: s.text(2), callID: s.text(3), event: s.text(4),
            sequence: Int(s.integer(5)), state: state, attemptCount: Int(s.integer(7)), createdAt: s.instant(8),
            dueAt: state == .ready || state == .waiting ? s.instant(9) : nil, settledAt: s.optionalInstant(10),
            lastStatus: s.optionalInteger(11).map { Int($0) }, lastError: s.optionalText(12), contentType: s.text(13),
            size: Int(s.integer(14)))
    }
    /// The bytes of one message's body; nil if there is no such message.
    func body(ofMessage row: Int64) throws(StorageError) -> [UInt8]? {
        let s = try connection.prepare("SELECT body FROM outbox_bodies WHERE message = ?1")
        s.bind(1, row)
        return try s.step() ? s.bytes(0) : nil
    }

    // MARK: Endpoints

    /// Every endpoint ever written to in the order of its first message, `oldestUnsettled` looked up where anything is
    /// unsettled.
    func endpoints() throws(StorageError) -> [EndpointStatus] {
        var list: [EndpointStatus] = []
        for row in try Ledger.EndpointRow.all(connection) {
            var status = row.status
            if status.ready + status.waiting > 0 { status.oldestUnsettled = try pendingSince(endpoint: row.id) }
            list.append(status)
        }
        return list
    }
    /// Since when the endpoint's oldest pending message waits: since it was written, and one that an operator sends again since
    /// then. A `waiting` one is not older than the one it stands behind.
    ///
    /// Rows ascend as they are written, so that of those that were never sent again the first has waited longest. Some that were
    /// may stand before it, and none behind it has waited longer than it.
    /// - Complexity: the messages sent again that stand before the first that was not.
    private func pendingSince(endpoint: Int64) throws(StorageError) -> Instant? {
        let each = try connection.prepare(
            """
            SELECT attempts_before = 0, CASE WHEN attempts_before = 0 THEN created_at_ms ELSE
                ifnull((SELECT at_ms FROM attempts WHERE message = row AND ordinal = attempts_before + 1), due_at_ms) END
            FROM outbox WHERE endpoint = ?1 AND state = 0 ORDER BY row
            """)
        each.bind(1, endpoint)
        var oldest: Instant?
        while try each.step() {
            let since = each.instant(1)
            oldest = min(oldest ?? since, since)
            if each.integer(0) != 0 { break }
        }
        return oldest
    }

    // MARK: Rows for the writer to work on

    /// Rows of messages named by message id, row number or call id.
    func rows(named ids: [String]) throws(StorageError) -> [Int64] {
        var rows: Set<Int64> = []
        var unknown: [String] = []
        let byRow = try connection.prepare("SELECT row FROM outbox WHERE row = ?1")
        let byCall = try connection.prepare("SELECT row FROM outbox WHERE call_id = ?1")
        for id in ids {
            let before = rows.count
            if let number = Int64(id) {
                byRow.bind(1, number)
                while try byRow.step() { rows.insert(byRow.integer(0)) }
            }
            byCall.bind(1, id)
            while try byCall.step() { rows.insert(byCall.integer(0)) }
            if rows.count == before { unknown.append(id) }
        }
        // No index on message ids: it would cost every call, and one walk is enough for all that are asked for.
        if !unknown.isEmpty {
            var sql = SQLText("SELECT row FROM outbox")
            sql.and("message_id IN (\(unknown.map { _ in "?" }.joined(separator: ",")))")
            for id in unknown { sql.values.append(.text(id)) }
            let s = try sql.prepare(connection)
            while try s.step() { rows.insert(s.integer(0)) }
        }
        return rows.sorted()
    }
    /// Settled rows created in a span, in the order they were created; the dead letters among them alone where that is wanted.
    func settledRows(
        since: Instant, until: Instant, endpoint: String?, onlyDead: Bool
    ) throws(StorageError) -> [Int64] {
        var sql = SQLText("SELECT row FROM outbox")
        sql.and(onlyDead ? "state = 3" : "state IN (2, 3)")
        sql.and("created_at_ms >= ?", since.milliseconds)
        sql.and("created_at_ms < ?", until.milliseconds)
        if let endpoint { sql.and("endpoint = (SELECT id FROM endpoints WHERE name = ?)", endpoint) }
        sql.end("ORDER BY row", limit: nil)
        let s = try sql.prepare(connection)
        var rows: [Int64] = []
        while try s.step() { rows.append(s.integer(0)) }
        return rows
    }
}

/// A SELECT put together from conditions, with its values bound and never written into the text.
struct SQLText {
    /// What can stand behind a `?`.
    enum Value {
        /// Also instants, in milliseconds.
        case integer(Int64)
        /// Copied into the statement; never interpreted as SQL.
        case text(String)
    }
    private var text: String
    /// One for each `?` of the text so far, in their order.
    var values: [Value] = []
    private var hasCondition = false

    /// - Parameter select: begins the text, without WHERE; has no `?` of its own.
    init(_ select: String) { text = select }
    /// Adds a condition without a value; what has a `?` all the same appends to `values` itself.
    mutating func and(_ condition: String) {
        text += hasCondition ? " AND \(condition)" : " WHERE \(condition)"
        hasCondition = true
    }
    /// Adds a condition with one `?`.
    mutating func and(_ condition: String, _ value: Int64) {
        and(condition)
        values.append(.integer(value))
    }
    /// Adds a condition with one `?`.
    mutating func and(_ condition: String, _ value: String) {
        and(condition)
        values.append(.text(value))
    }
    /// The condition holds for one of the values at least.
    mutating func and(anyOf condition: String, _ any: [String]) {
        and("(" + any.map { _ in condition }.joined(separator: " OR ") + ")")
        values += any.map(Value.text)
    }
    /// Finishes the text. No condition may follow.
    /// - Parameter limit: nil is none; a negative one is 0, and not SQLite's "no limit".
    mutating func end(_ order: String, limit: Int?) {
        text += " \(order)"
        if let limit { text += " LIMIT \(max(0, limit))" }
    }
    /// The statement with its values bound, ready to be stepped.
    func prepare(_ connection: borrowing Connection) throws(StorageError) -> Statement {
        let statement = try connection.prepare(text)
        for (i, value) in values.enumerated() {
            switch value {
            case .integer(let number): statement.bind(Int32(i + 1), number)
            case .text(let text): statement.bind(Int32(i + 1), text)
            }
        }
        return statement
    }
}
